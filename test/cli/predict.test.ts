import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createProgram } from "../../src/cli/main";
import { engine } from "../../src/engine";
import { loadFound, predict, retrain, saveFound } from "../../src/retrain";
import { tinyArchitecture, tinyData, tinyOptions } from "../teacher/tiny";
import { blockwise } from "./blockwise";

const folder = mkdtempSync(join(tmpdir(), "blockwise-predict-"));
const found = join(folder, "found.json");
const image = join(folder, "image.png");
beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  const student = await retrain(tinyArchitecture, tinyData, { ...tinyOptions, epochs: 1 });
  saveFound(found, student, { origin: { method: "given" } });
  student.dispose();
  const raw = { width: 8, height: 8, channels: 1 } as const;
  await sharp(Buffer.from(tinyData.test.images.subarray(0, 64)), { raw })
    .png()
    .toFile(image);
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
});

async function output(...args: string[]): Promise<string> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line) => lines.push(line));
  await createProgram().parseAsync(["node", "blockwise", "predict", ...args]);
  return lines.join("\n");
}

test("predict --json prints what the library gives", async () => {
  const network = loadFound(found);
  const expected = await predict(network, image, { top: 2 });
  network.dispose();
  expect(JSON.parse(await output(found, image, "--top", "2", "--json"))).toEqual(JSON.parse(JSON.stringify(expected)));
});

test("predict prints classes with percentages and how the image was resized", async () => {
  const text = await output(found, image);
  expect(text).toMatch(/image\.png \(resizing: none/);
  expect(text.match(/pattern \d +\d+\.\d %/g)?.length).toBe(3);
});

test("a wrong --top is an error", async () => {
  await expect(output(found, image, "--top", "none")).rejects.toThrow(
    /--top: must be a whole number from 1, got "none"/,
  );
});

test("predict takes many files and folders, names what it cannot read, and ends with 1 then", async () => {
  const many = join(folder, "many", "deep");
  mkdirSync(many, { recursive: true });
  for (const name of ["a.png", "b.png"]) copyFileSync(image, join(many, name));
  writeFileSync(join(many, "broken.png"), "no image");
  writeFileSync(join(many, "notes.txt"), "not looked at");
  const { code, out, err } = await blockwise("predict", found, join(folder, "many"), image, "--json");
  const predictions = JSON.parse(out) as { image: string; top: unknown }[];
  expect(predictions.map(({ image }) => basename(image))).toEqual(["a.png", "b.png", "image.png"]);
  expect(predictions[0].top).toEqual(predictions[2].top);
  expect(err).toMatch(/broken\.png must be an image/);
  expect(code).toBe(1);
});

test("predict reads a folder as own pictures are read: links, all endings, no pipe; what is left out is named", async () => {
  const root = join(folder, "odd");
  const elsewhere = join(folder, "elsewhere");
  for (const place of [root, elsewhere, join(root, "@eaDir")]) mkdirSync(place, { recursive: true });
  copyFileSync(image, join(elsewhere, "linked.png"));
  copyFileSync(image, join(root, "@eaDir", "thumb.png"));
  await sharp(image).jpeg().toFile(join(root, "a.jfif"));
  await sharp(image).avif().toFile(join(root, "b.avif"));
  writeFileSync(join(root, "notes.txt"), "words");
  symlinkSync(elsewhere, join(root, "c"));
  symlinkSync(join(root, "nowhere"), join(root, "dangling.png"));
  execFileSync("mkfifo", [join(root, "pipe.png")]);
  const { code, out, err } = await blockwise("predict", found, root, "--json");
  expect((JSON.parse(out) as { image: string }[]).map((one) => basename(one.image))).toEqual([
    "a.jfif",
    "b.avif",
    "linked.png",
  ]);
  expect(err).toMatch(/left out, by their names no images: .*notes\.txt/);
  expect(err).toMatch(/dangling\.png must be an image file, and is a link that leads nowhere/);
  expect(err).toMatch(/pipe\.png must be an image file, and is no regular file/);
  expect(code).toBe(1);
});

test.each(["nofile.png", "many-empty"])("predict %s is a sentence", async (name) => {
  mkdirSync(join(folder, "many-empty"), { recursive: true });
  const { code, err } = await blockwise("predict", found, join(folder, name));
  expect(err).toMatch(/^blockwise: .*(does not exist|has none)/);
  expect(err).not.toMatch(/\n\s+at /);
  expect(code).toBeGreaterThan(0);
});
