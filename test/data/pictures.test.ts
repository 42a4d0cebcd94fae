import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { DataError, InterruptedError, type ProgressEvent } from "../../src/core";
import { loadDataset, readPictures, type Split } from "../../src/data";
import { plain, put, putClasses, temporaryPlaces, zipBytes } from "./picture-folders";

const { folder, cache } = temporaryPlaces();
let next = 0;
/** A new place; `train/a`, `train/b` with two pictures each and one of each in `test` unless told otherwise. */
const place = (counts: Parameters<typeof putClasses>[1] = { train: { a: 2, b: 2 }, test: { a: 1, b: 1 } }) =>
  putClasses(join(folder, `set${next++}`), counts);
const read = (root: string, options = {}, context = {}) => readPictures("set", root, options, context);
const greys = ({ images, count }: Split) =>
  Array.from({ length: count }, (_, i) => images[i * (images.length / count)]);

describe("the folders of a data set", () => {
  test("train/ and test/: classes in alphabetical order, pictures in theirs", async () => {
    const data = await read(await place());
    expect(data.classes).toEqual(["a", "b"]);
    expect(data.shape).toEqual({ height: 8, width: 8, channels: 3 });
    expect([...data.train.labels]).toEqual([0, 0, 1, 1]);
    expect(greys(data.train)).toEqual([0, 1, 2, 3]);
    expect(greys(data.test!)).toEqual([4, 5]);
    expect([data.validation, data.remarks]).toEqual([undefined, undefined]);
  });

  test("train/ and val/ (ImageNet): val is the test part, and that is said", async () => {
    const root = await place({ train: { a: 6, b: 6 }, val: { a: 1, b: 1 } });
    const data = await loadDataset(root, { seed: 1 });
    expect([data.train.count, data.validation.count, data.test.count]).toEqual([10, 2, 2]);
    expect(data.remarks?.join()).toMatch(/val is used as the test images; validation images are held out of train/);
  });

  test("train/, val/ and test/: nothing is held out of train; names are found as they are in the wild", async () => {
    for (const [training, valid, testing] of [
      ["train", "val", "test"],
      ["Training", "validation", "Testing"],
    ]) {
      const root = await place({ [training]: { a: 3, b: 3 }, [valid]: { a: 1, b: 2 }, [testing]: { a: 2, b: 2 } });
      const data = await loadDataset(root, { seed: 1 });
      expect([data.train.count, data.validation.count, data.test.count]).toEqual([6, 3, 4]);
      expect(greys(data.validation).sort()).toEqual([6, 7, 8]);
    }
  });

  test("test/ without labels beside val/ is left aside", async () => {
    const root = await place({ train: { a: 3, b: 3 }, val: { a: 1, b: 1 } });
    await put(join(root, "test", "0001.png"), plain(9).png());
    const { test: tested, remarks } = await read(root);
    expect(greys(tested!)).toEqual([6, 7]);
    expect(remarks?.join()).toMatch(/test has no picture in a class's folder/);
  });

  test("one folder a class alone is divided, every class in every part, by seed", async () => {
    const root = await place({ ".": { cat: 20, dog: 10, owl: 3 } });
    const divide = (seed: number) => loadDataset(root, { seed });
    const data = await divide(1);
    expect([data.train.count, data.validation.count, data.test.count]).toEqual([23, 3, 7]);
    for (const part of [data.train, data.validation, data.test])
      expect(new Set(part.labels)).toEqual(new Set([0, 1, 2]));
    const all = [data.train, data.validation, data.test].flatMap(greys);
    expect(new Set(all).size).toBe(33);
    expect((await divide(1)).fingerprint).toBe(data.fingerprint);
    expect((await divide(2)).fingerprint).not.toBe(data.fingerprint);
    expect(data.remarks?.join()).toMatch(/no train\/: test and validation images are drawn from it/);
  });

  test("a single folder around everything is looked into", async () => {
    const root = await place({ "flowers/inner/train": { a: 2, b: 2 }, "flowers/inner/test": { a: 1, b: 1 } });
    expect((await read(root)).classes).toEqual(["a", "b"]);
    const flat = await place({ flowers: { a: 4, b: 4 } });
    expect((await read(flat)).train.count).toBe(8);
  });

  test("two folders for one part are an error, others beside the parts are told", async () => {
    const twice = await place({
      train: { a: 2, b: 2 },
      val: { a: 1, b: 1 },
      valid: { a: 1, b: 1 },
      test: { a: 1, b: 1 },
    });
    await expect(read(twice)).rejects.toThrow(/one folder for validation images, got val and valid; join them/);
    const beside = await place({ train: { a: 2, b: 2 }, test: { a: 1, b: 1 }, extra: { a: 5 } });
    expect((await read(beside)).remarks?.join()).toMatch(/extra beside train are left aside/);
  });

  test("a place without such a layout is an error that says which are expected", async () => {
    await expect(read(join(folder, "nowhere"))).rejects.toThrow(
      /nowhere must be a folder or a zip file of pictures, and does not exist/,
    );
    const root = join(folder, `set${next++}`);
    await put(join(root, "1.png"), plain(1).png());
    await expect(read(root)).rejects.toThrow(
      /one folder a class, and has none, but 1 pictures without a class; expected are train\/<class>/,
    );
    await expect(read(join(root, "1.png"))).rejects.toThrow(/is another file; unpack it/);
    await expect(read(await place({ test: { a: 1, b: 1 } }))).rejects.toThrow(
      /must have a folder train, and has only test/,
    );
    await expect(read(await place({ train: { a: 3 }, test: { a: 1 } }))).rejects.toThrow(
      /at least two classes, got only a/,
    );
  });
});

describe("what lies in the folders", () => {
  test("of Jupyter, macOS, Windows and hidden files nothing becomes a class or a picture", async () => {
    const root = await place();
    for (const part of ["train", "test"]) {
      for (const leftover of [".ipynb_checkpoints", "__MACOSX", ".git", "@eaDir"]) {
        await put(join(root, part, leftover, "0.png"), plain(99).png());
        await put(join(root, part, "a", leftover, "0.png"), plain(99).png());
      }
    }
    await put(join(root, "train", "a", "._0.png"), "\0\x05\x16\x07");
    for (const name of ["Thumbs.db", "desktop.ini", ".DS_Store"]) await put(join(root, "train", "a", name), "x");
    const { classes, train, remarks } = await read(root);
    expect([classes, [...train.labels], remarks]).toEqual([["a", "b"], [0, 0, 1, 1], undefined]);
  });

  test("links to folders and files are followed, in a circle once", async () => {
    const root = await place();
    await put(join(root, "..", "elsewhere", "c", "0.png"), plain(100).png());
    for (const part of ["train", "test"]) symlinkSync("../../elsewhere/c", join(root, part, "c"));
    symlinkSync("0.png", join(root, "train", "b", "9.png"));
    symlinkSync("..", join(root, "train", "a", "circle"));
    const { classes, train } = await read(root);
    expect(classes).toEqual(["a", "b", "c"]);
    expect(greys(train)).toEqual([0, 1, 2, 3, 2, 100]);
  });

  test("pictures deeper in a class belong to it", async () => {
    const root = await place();
    for (const part of ["train", "test"]) await put(join(root, part, "c", "day1", "morning", "0.png"), plain(50).png());
    const { classes, train } = await read(root);
    expect(classes).toEqual(["a", "b", "c"]);
    expect([...train.labels]).toEqual([0, 0, 1, 1, 2]);
  });

  test("a training class without a picture is an error that names it and says why", async () => {
    const root = await place();
    mkdirSync(join(root, "train", "c"));
    await put(join(root, "train", "d", "0.bmp"), "BM");
    await expect(read(root)).rejects.toThrow(
      /train must have pictures .*2 of 4 have none: c is empty, d holds no picture, only 1 .bmp; add/,
    );
  });

  test("a class that only another part has is an error; one that it lacks is said", async () => {
    const root = await place();
    await put(join(root, "test", "zebra", "0.png"), plain(1).png());
    await expect(read(root)).rejects.toThrow(/must have the classes of train, a, b, got also zebra/);
    rmSync(join(root, "test", "zebra"), { recursive: true });
    rmSync(join(root, "test", "b"), { recursive: true });
    const data = await loadDataset(root, { seed: 1 });
    expect(data.remarks).toEqual(["test has no image of class b (the source has none there)."]);
  });

  test("names that differ only in how accents are composed are one class", async () => {
    const [composed, apart] = ["caf\u00e9", "cafe\u0301"];
    const data = await read(await place({ train: { [composed]: 2, b: 2 }, test: { [apart]: 1, b: 1 } }));
    expect(data.classes).toEqual(["b", composed]);
    expect([...data.test!.labels]).toEqual([0, 1]);
  });

  test("pictures outside classes and other files are left aside and told", async () => {
    const root = await place();
    await put(join(root, "train", "stray.png"), plain(1).png());
    await put(join(root, "train", "a", "notes.txt"), "x");
    const { train, remarks } = await read(root);
    expect(train.count).toBe(4);
    expect(remarks?.join()).toMatch(
      /1 pictures lie in no class's folder .*train\/stray.png.*1 files that are no pictures are left aside \(1 .txt\)/,
    );
  });
});

describe("pictures that cannot be read", () => {
  test("are left out and listed with their reasons; strict refuses them", async () => {
    const root = await place({ train: { a: 3, b: 3 }, test: { a: 1, b: 1 } });
    const whole = readFileSync(join(root, "train", "a", "1.png"));
    writeFileSync(join(root, "train", "a", "1.png"), whole.subarray(0, 50));
    await put(join(root, "train", "b", "Thumbs.png"), "");
    symlinkSync("nowhere.png", join(root, "train", "b", "dead.png"));
    const { train, remarks } = await read(root);
    expect(greys(train)).toEqual([0, 2, 3, 4, 5]);
    expect([...train.labels]).toEqual([0, 0, 1, 1, 1]);
    expect(remarks).toHaveLength(1);
    expect(remarks?.[0]).toMatch(
      /^3 of 10 pictures cannot be read and are left out: train\/a\/1.png \(.+\), train\/b\/Thumbs.png \(.+\), train\/b\/dead.png \(a link that leads nowhere\)/,
    );
    expect((await read(root)).remarks).toEqual(remarks);
    // A pipe would be waited for, a device read without end.
    for (const [name, target] of [
      ["null.png", "/dev/null"],
      ["zero.png", "/dev/zero"],
    ]) {
      symlinkSync(target, join(root, "test", "a", name));
    }
    expect((await read(root)).remarks?.[0]).toMatch(/^5 of 12 pictures .*/);
    expect((await read(root)).remarks?.[0]).toContain("no regular file");
    for (const name of ["null.png", "zero.png"]) rmSync(join(root, "test", "a", name));
    await expect(read(root, { strict: true })).rejects.toThrow(/3 of 10 are not: train\/a\/1.png/);
  });

  test("are an error where a class has no other", async () => {
    const root = await place();
    for (const file of ["0.png", "1.png"]) writeFileSync(join(root, "train", "b", file), "broken");
    await expect(read(root)).rejects.toThrow(DataError);
    await expect(read(root)).rejects.toThrow(/in train none of b can be read: train\/b\/0.png/);
  });
});

describe("the shape", () => {
  test("is the common size; pictures that are all grey have one channel", async () => {
    const root = join(folder, `set${next++}`);
    for (const part of ["train", "test"])
      for (const label of ["a", "b"])
        for (const i of [0, 1])
          await put(join(root, part, label, `${i}.png`), plain(40, 6, 9).toColourspace("b-w").png());
    expect((await read(root)).shape).toEqual({ height: 6, width: 9, channels: 1 });
    expect((await read(root, { shape: [4, 5, 3] })).shape).toEqual({ height: 4, width: 5, channels: 3 });
    expect((await read(root, { shape: 4 })).shape).toEqual({ height: 4, width: 4, channels: 1 });
    expect((await read(root, { shape: { height: 3, width: 2, channels: 3 } })).train.images).toHaveLength(
      4 * 3 * 2 * 3,
    );
  });

  test("must be given when sizes differ or are large, and be a shape", async () => {
    const root = await place();
    await put(join(root, "train", "a", "wide.png"), plain(7, 8, 16).png());
    await expect(read(root)).rejects.toThrow(
      /one size when no `shape` is given, and have 2: 8x8 \(6, e.g. .*\), 8x16 \(1, e.g. train\/a\/wide.png\).*`shape: 64`/,
    );
    expect((await read(root, { shape: 8 })).train.count).toBe(5);
    const large = await putClasses(join(folder, `set${next++}`), { train: { a: 1, b: 1 }, test: { a: 1, b: 1 } }, 600);
    await expect(read(large)).rejects.toThrow(/all pictures are 600x600 .* taken only when given/);
    for (const shape of [0, 1.5, -3, 5000, [8], [8, 8, 2], [8, 8, 3, 1], { height: 8 }, "8", null]) {
      await expect(read(root, { shape })).rejects.toThrow(/shape must be a side of 1 to 4096 pixels/);
    }
    await expect(loadDataset("fashion-mnist", { seed: 1, shape: 8 })).rejects.toThrow(/has a shape of its own/);
  });
});

describe("the cache of decoded pictures", () => {
  const events: ProgressEvent[] = [];
  const context = { onProgress: (event: ProgressEvent) => events.push(event) };
  const decodes = async (root: string) => {
    events.length = 0;
    const data = await read(root, {}, context);
    return { data, decoded: events.some(({ task }) => task.startsWith("decode")) };
  };
  const entries = () => readdirSync(join(cache, "pictures")).map((name) => join(cache, "pictures", name));

  test("is used again, but not for other pictures of equal names and sizes", async () => {
    const root = await place({ train: { a: 2, b: 2 }, test: { a: 2, b: 2 } });
    const first = await decodes(root);
    expect(first.decoded).toBe(true);
    const again = await decodes(root);
    expect([again.decoded, again.data]).toEqual([false, first.data]);
    // One picture is replaced by another of the same number of bytes.
    const file = join(root, "train", "a", "0.png");
    await put(file, plain(0).png({ compressionLevel: 0 }));
    const before = readFileSync(file);
    await decodes(root);
    await put(file, plain(254).png({ compressionLevel: 0 }));
    expect(readFileSync(file)).toHaveLength(before.length);
    const replaced = await decodes(root);
    expect([replaced.decoded, greys(replaced.data.train)[0]]).toEqual([true, 254]);
  });

  test("whose entry is damaged in any way is built anew", async () => {
    const root = await place();
    rmSync(join(cache, "pictures"), { recursive: true, force: true });
    const { data } = await decodes(root);
    const [entry] = entries();
    const whole = readFileSync(entry);
    const damages = [
      ...[0, 30, 200, whole.length - 40, whole.length - 1].map((at) => () => {
        const bytes = Buffer.from(whole);
        bytes[at] ^= 1;
        writeFileSync(entry, bytes);
      }),
      () => truncateSync(entry, whole.length - 64),
      () => writeFileSync(entry, ""),
    ];
    for (const damage of damages) {
      damage();
      const { data: rebuilt, decoded } = await decodes(root);
      expect([decoded, rebuilt]).toEqual([true, data]);
      expect(readFileSync(entry)).toEqual(whole);
    }
  });

  test("says how many test pictures are also trained on", async () => {
    const root = await place();
    writeFileSync(join(root, "test", "a", "0.png"), readFileSync(join(root, "train", "a", "1.png")));
    for (let i = 0; i < 2; i++)
      expect((await read(root)).remarks?.join()).toMatch(/^1 pictures of the other parts are also in train/);
  });

  test("an interrupt stops the reading, and leaves nothing half", async () => {
    const root = await place({ train: { a: 9, b: 9 }, test: { a: 1, b: 1 } });
    await expect(read(root, {}, { signal: AbortSignal.abort() })).rejects.toThrow(InterruptedError);
    expect((await read(root)).train.count).toBe(18);
  });
});

describe("zip files", () => {
  const zip = async (root: string, extra: Record<string, Uint8Array> = {}) => {
    const files: Record<string, Uint8Array> = {};
    for (const path of readdirSync(root, { recursive: true }) as string[]) {
      if (path.endsWith(".png")) files[`flowers/${path.replaceAll("\\", "/")}`] = readFileSync(join(root, path));
    }
    const file = `${root}.zip`;
    writeFileSync(file, zipBytes({ ...files, ...extra }, crc32));
    return { file, files };
  };

  test("are read as the folder that they hold, a folder around it and leftovers aside", async () => {
    const root = await place();
    const { file } = await zip(root, {
      "__MACOSX/flowers/train/a/._0.png": Buffer.from("x"),
      "flowers/.DS_Store": Buffer.from("x"),
    });
    const { remarks, ...data } = await read(file);
    expect(data).toEqual(await read(root));
    expect(remarks).toBeUndefined();
    expect((await loadDataset(file, { seed: 1 })).name).toBe(`set${next - 1}`);
  });

  test("with a damaged picture leave it out; cut off or empty they are refused", async () => {
    const { file } = await zip(await place({ train: { a: 3, b: 3 }, test: { a: 1, b: 1 } }));
    const bytes = readFileSync(file);
    const at = bytes.indexOf("IDAT", bytes.indexOf("flowers/train/a/0.png")) + 6;
    bytes[at] ^= 0xff;
    writeFileSync(file, bytes);
    expect((await read(file)).remarks?.[0]).toMatch(/1 of 8 pictures cannot be read .*checksum in the zip file/);
    writeFileSync(file, bytes.subarray(0, bytes.length - 40));
    await expect(read(file)).rejects.toThrow(/must be a whole zip file, and is not/);
    writeFileSync(file, "");
    await expect(read(file)).rejects.toThrow(/must be a whole zip file, and is not/);
  });
});

describe("names", () => {
  test("pictures of one's own are found by path, by root, and by name in the folder of BLOCKWISE_DATA", async () => {
    const root = await place();
    process.env.BLOCKWISE_DATA = folder;
    const name = root.split("/").at(-1)!;
    const byPath = await loadDataset(root, { seed: 1 });
    const byName = await loadDataset(name, { seed: 1 });
    const byRoot = await loadDataset("my-birds", { seed: 1, root });
    expect([byPath.name, byName.name, byRoot.name]).toEqual([name, name, "my-birds"]);
    expect(new Set([byPath, byName, byRoot].map(({ fingerprint }) => fingerprint)).size).toBe(1);
    delete process.env.BLOCKWISE_DATA;
    await expect(loadDataset(name, { seed: 1 })).rejects.toThrow(/or a folder or zip file of pictures.*BLOCKWISE_DATA/);
    await expect(loadDataset("fashon-mnist", { seed: 1 })).rejects.toThrow(/did you mean fashion-mnist/);
    await expect(loadDataset("./nowhere", { seed: 1 })).rejects.toThrow(/got ".\/nowhere", which does not exist/);
  });
});

test("1,000 classes have labels of their own", async () => {
  const png = await plain(7, 2).png().toBuffer();
  const files = Array.from({ length: 1000 }, (_, i) =>
    ["train/n%/0.png", "train/n%/1.png", "test/n%/0.png"].map((path) => [path.replace("%", String(i)), png]),
  );
  const file = join(folder, "thousand.zip");
  writeFileSync(file, zipBytes(Object.fromEntries(files.flat()), crc32));
  const data = await loadDataset(file, { seed: 1 });
  expect([data.classes.length, data.train.count, data.validation.count, data.test.count]).toEqual([
    1000, 1000, 1000, 1000,
  ]);
  for (const { labels } of [data.train, data.validation, data.test])
    expect([...labels].sort((a, b) => a - b)).toEqual(data.classes.map((_, i) => i));
  expect(data.remarks?.join()).toMatch(/1000 pictures of the other parts/);
});
