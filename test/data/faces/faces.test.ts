import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  drawPairs,
  type FaceSet,
  imageSize,
  openSet,
  readFaces,
  readPairs,
  splitFingerprint,
  syntheticFaces,
} from "../../../src/data";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "faces-"));
  process.env.BLOCKWISE_CACHE = join(root, "cache");
});
afterAll(() => {
  delete process.env.BLOCKWISE_CACHE;
  rmSync(root, { recursive: true, force: true });
});

/** A folder as LFW's: each picture has its own grey. */
async function lfwFolder(name: string, people: Readonly<Record<string, number>>): Promise<string> {
  const folder = join(root, name);
  let grey = 10;
  for (const [person, count] of Object.entries(people)) {
    mkdirSync(join(folder, person), { recursive: true });
    for (let i = 1; i <= count; i++) {
      const background = { r: grey, g: grey, b: grey };
      const path = join(folder, person, `${person}_${String(i).padStart(4, "0")}.png`);
      await sharp({ create: { width: 8, height: 8, channels: 3, background } })
        .png()
        .toFile(path);
      grey += 10;
    }
  }
  return folder;
}

describe("aligned faces in folders", () => {
  it("are read with one identity a folder, also one of a single picture", async () => {
    const faces = await readFaces(await lfwFolder("three", { Ann_Lee: 2, Bo_Li: 1, Cy_Q: 3 }));
    expect(faces.identities).toEqual(["Ann_Lee", "Bo_Li", "Cy_Q"]);
    expect([...faces.faces.labels]).toEqual([0, 0, 1, 2, 2, 2]);
    expect(faces.paths?.[3]).toBe("Cy_Q/Cy_Q_0001.png");
    expect(faces.faces.images[3 * imageSize(faces.shape)]).toBe(40);
  });

  it("refuse a folder that is not there, and one of training and test parts", async () => {
    await expect(readFaces(join(root, "none"))).rejects.toThrow(/does not exist; check its path/);
    await lfwFolder("parts/train", { Ann: 2, Bo: 2 });
    await lfwFolder("parts/test", { Ann: 1, Bo: 1 });
    await expect(readFaces(join(root, "parts"))).rejects.toThrow(/one folder an identity, got train\//);
  });
});

describe("pairs.txt", () => {
  let faces: FaceSet;
  const file = () => join(root, "pairs.txt");
  const read = (text: string) => {
    writeFileSync(file(), text);
    return readPairs(file(), faces);
  };
  beforeAll(async () => {
    faces = await readFaces(await lfwFolder("pairs", { Ann_Lee: 3, Bo_Li: 2 }));
  });

  it("names faces by identity and number, fold by fold, as LFW's does", () => {
    const text = "2\t1\nAnn_Lee\t1\t3\nAnn_Lee\t1\tBo_Li\t2\nBo_Li\t1\t2\nBo_Li\t1\tAnn_Lee\t2\n";
    expect(read(text)).toEqual({
      folds: 2,
      pairs: [
        { first: 0, second: 2, same: true, fold: 0 },
        { first: 0, second: 4, same: false, fold: 0 },
        { first: 3, second: 4, same: true, fold: 1 },
        { first: 3, second: 1, same: false, fold: 1 },
      ],
    });
    expect(read("1\nAnn_Lee 1 2\nAnn_Lee 1 Bo_Li 1\n").folds).toBe(1);
  });

  it.each<[string, string, RegExp]>([
    ["an odd first line", "ten\n", /:1: must be the number of folds and of pairs/],
    [
      "a pair of the other kind",
      "1\nAnn_Lee 1 Bo_Li 1\nAnn_Lee 1 2\n",
      /:2: must be a name and two numbers \(one person\)/,
    ],
    ["an end too early", "1 2\nAnn_Lee 1 2\n", /:3: must be a name and two numbers .*got the end of the file/],
    ["more lines than promised", "1\nAnn_Lee 1 2\nAnn_Lee 1 Bo_Li 1\nBo_Li 1 2\n", /:4: must be the end of the file/],
    ["somebody unknown", "1\nAnn_Leo 1 2\nAnn_Lee 1 Bo_Li 1\n", /:2: .*identity "Ann_Leo".*did you mean Ann_Lee\?/],
    [
      "a picture that is not there",
      "1\nAnn_Lee 1 7\nAnn_Lee 1 Bo_Li 1\n",
      /must have the picture Ann_Lee\/Ann_Lee_0007/,
    ],
    ["a face with itself", "1\nAnn_Lee 2 2\nAnn_Lee 1 Bo_Li 1\n", /two different faces/],
    ["one person as two", "1\nAnn_Lee 1 2\nAnn_Lee 1 Ann_Lee 2\n", /must be two people/],
  ])("is refused for %s, with the line", (_, text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  it("is refused where there is no file", () => {
    expect(() => readPairs(join(root, "no.txt"), faces)).toThrow(/does not exist; check its path/);
  });
});

describe("synthetic faces", () => {
  const small = { identities: 12, pictures: 4, side: 16 };

  it("are the same from the same seed, kept or drawn, and others from another", async () => {
    const once = splitFingerprint((await syntheticFaces(small)).faces);
    expect(splitFingerprint((await syntheticFaces(small)).faces)).toBe(once);
    process.env.BLOCKWISE_CACHE = join(root, "other");
    expect(splitFingerprint((await syntheticFaces(small)).faces)).toBe(once);
    expect(splitFingerprint((await syntheticFaces({ ...small, seed: 2 })).faces)).not.toBe(once);
  });

  it("say that they are synthetic", async () => {
    const { name, remarks } = await syntheticFaces(small);
    expect(name).toBe("synthetic-faces");
    expect(remarks?.join()).toMatch(/synthetic: drawings, of nobody/);
  });

  it("look more like each other in pictures of one person than of two, and alike without nuisances", async () => {
    const { faces, shape } = await syntheticFaces({ ...small, identities: 40 });
    const size = imageSize(shape);
    const apart = (a: number, b: number) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += (faces.images[a * size + i] - faces.images[b * size + i]) ** 2;
      return sum / size;
    };
    const mean = (step: number) =>
      Array.from({ length: 36 }, (_, i) => apart(4 * i, 4 * i + step)).reduce((sum, one) => sum + one, 0) / 36;
    expect(mean(1)).toBeLessThan(mean(5));
    const still = await syntheticFaces({
      identities: 2,
      pictures: 2,
      side: 16,
      pose: 0,
      light: 0,
      expression: 0,
      noise: 0,
    });
    // The middle of the face: backgrounds differ.
    const at = (picture: number) => picture * size + 3 * (8 * 16 + 8);
    expect([...still.faces.images.subarray(at(0), at(0) + 3)]).toEqual([
      ...still.faces.images.subarray(at(1), at(1) + 3),
    ]);
  });

  it("have labels for more than 256 identities", async () => {
    const { faces } = await syntheticFaces({ identities: 300, pictures: 2, side: 8 });
    expect(faces.labels.at(-1)).toBe(299);
  });

  it("refuse an option that is not known", async () => {
    await expect(syntheticFaces({ identites: 3 } as never)).rejects.toThrow(/identities/);
  });
});

describe("an open set", () => {
  it("has nobody on both sides, and draws pairs of strangers whose people stay in one fold", async () => {
    const faces = await syntheticFaces({ identities: 40, pictures: 6, side: 8 });
    const { known, strangers } = openSet(faces, { seed: 1, strangers: 20, validationCount: 20, testCount: 20 });
    expect(known.classes.filter((name) => strangers.identities.includes(name))).toEqual([]);
    expect(known.classes).toHaveLength(20);
    expect(strangers.faces.count).toBe(120);
    const { pairs } = drawPairs(strangers, { seed: 1, folds: 5, pairs: 12 });
    expect(pairs).toHaveLength(120);
    const foldOf = new Map<number, Set<number>>();
    for (const { first, second, same, fold } of pairs) {
      const [a, b] = [strangers.faces.labels[first], strangers.faces.labels[second]];
      expect(a === b).toBe(same);
      expect(first).not.toBe(second);
      for (const person of [a, b]) foldOf.set(person, (foldOf.get(person) ?? new Set()).add(fold));
    }
    expect([...foldOf.values()].every((folds) => folds.size === 1)).toBe(true);
    const names = pairs.map(({ first, second }) => [first, second].sort((a, b) => a - b).join());
    expect(new Set(names).size).toBe(pairs.length);
    expect(drawPairs(strangers, { seed: 1, folds: 5, pairs: 12 }).pairs).toEqual(pairs);
  });

  it("refuses more strangers than people, and more pairs than there are", async () => {
    const faces = await syntheticFaces({ identities: 12, pictures: 4, side: 16 });
    expect(() => openSet(faces, { seed: 1, strangers: 12 })).toThrow(/fewer than the 12 identities/);
    expect(() => drawPairs(faces, { seed: 1, folds: 3, pairs: 25 })).toThrow(
      /fold 1 of 3 must have 25 different pairs of one person, and has 24/,
    );
  });
});
