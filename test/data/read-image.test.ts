import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { DataError } from "../../src/core";
import { readImage } from "../../src/data";

const folder = mkdtempSync(join(tmpdir(), "blockwise-image-"));
afterAll(() => rmSync(folder, { recursive: true }));

const grey = { height: 4, width: 4, channels: 1 };
const ramp = Buffer.from(Array.from({ length: 16 }, (_, i) => i * 16));

async function png(name: string, raw: Buffer, width: number, height: number, channels: 1 | 3 | 4): Promise<string> {
  const path = join(folder, name);
  await sharp(raw, { raw: { width, height, channels } }).png().toFile(path);
  return path;
}

test("an image of the network's size is read as it is", async () => {
  const { values, resizing } = await readImage(await png("ramp.png", ramp, 4, 4, 1), grey);
  expect([...values]).toEqual([...ramp]);
  expect(resizing).toBe("none: the image has the network's size");
});

test("greyscale becomes RGB with equal channels, RGB becomes greyscale", async () => {
  const { values } = await readImage(join(folder, "ramp.png"), { ...grey, channels: 3 });
  expect([...values]).toEqual([...ramp].flatMap((x) => [x, x, x]));
  const colours = await png("white.png", Buffer.alloc(4 * 4 * 3, 255), 4, 4, 3);
  expect([...(await readImage(colours, grey)).values]).toEqual(new Array(16).fill(255));
});

test("another size is scaled with its proportions and padded with black, and that is said", async () => {
  const wide = await png("wide.png", Buffer.alloc(16 * 8, 200), 16, 8, 1);
  const { values, resizing } = await readImage(wide, grey);
  expect([...values]).toEqual([0, 0, 0, 0, 200, 200, 200, 200, 200, 200, 200, 200, 0, 0, 0, 0]);
  expect(resizing).toBe("16x8 scaled to 4x2 (Lanczos), padded with black to 4x4");
  const large = await png("large.png", Buffer.alloc(64, 200), 8, 8, 1);
  expect((await readImage(large, grey)).resizing).toBe("8x8 scaled to 4x4 (Lanczos)");
});

test("transparent pixels are black", async () => {
  const clear = await png("clear.png", Buffer.alloc(64, 255).fill(0, 3, 4), 4, 4, 4);
  const { values } = await readImage(clear, grey);
  expect(values[0]).toBe(0);
  expect(values[1]).toBe(255);
});

test("a file that is absent or no image is an error that names it", async () => {
  await expect(readImage(join(folder, "none.png"), grey)).rejects.toThrow(
    /none.png must be an image file, and does not/,
  );
  const text = join(folder, "text.png");
  writeFileSync(text, "hello");
  await expect(readImage(text, grey)).rejects.toThrow(DataError);
  await expect(readImage(text, grey)).rejects.toThrow(/text.png must be an image that can be decoded/);
  const whole = await sharp(ramp, { raw: { width: 4, height: 4, channels: 1 } })
    .png()
    .toBuffer();
  const cut = join(folder, "cut.png");
  writeFileSync(cut, whole.subarray(0, whole.length / 2));
  await expect(readImage(cut, grey)).rejects.toThrow(DataError);
  await expect(readImage(cut, grey)).rejects.toThrow(/got: it is truncated or damaged/);
  await expect(readImage(cut, grey)).rejects.not.toThrow(/failOn/);
});
