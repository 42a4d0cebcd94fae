import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, test } from "vitest";
import { decodePicture, MOST_PIXELS, pictureHeader, readImage } from "../../src/data";

const folder = mkdtempSync(join(tmpdir(), "blockwise-decode-"));
afterAll(() => rmSync(folder, { recursive: true }));

const rgb = { height: 2, width: 3, channels: 3 };
const grey = { ...rgb, channels: 1 };
const values = async (bytes: Uint8Array, shape = rgb) => [...(await decodePicture(bytes, shape)).values];
const repeat = (pixel: readonly number[], times = 6) => Array.from({ length: times }, () => pixel).flat();
/** 2x3 pixels of one value a channel. */
const raw = (pixel: readonly number[]) =>
  sharp(Buffer.from(repeat(pixel)), { raw: { width: 3, height: 2, channels: pixel.length as 1 | 2 | 3 | 4 } });

/** A TIFF of one grey channel of 32-bit floats. */
function floatTiff(width: number, height: number, value: number): Buffer {
  const bytes = 4 * width * height;
  const tags = [256, width, 257, height, 258, 32, 259, 1, 262, 1, 273, 8, 277, 1, 278, height, 279, bytes, 339, 3];
  const file = Buffer.alloc(8 + bytes + 2 + 6 * tags.length + 4);
  file.write("II");
  file.writeUInt16LE(42, 2);
  file.writeUInt32LE(8 + bytes, 4);
  for (let at = 8; at < 8 + bytes; at += 4) file.writeFloatLE(value, at);
  file.writeUInt16LE(tags.length / 2, 8 + bytes);
  for (let i = 0; i < tags.length; i += 2) {
    const at = 8 + bytes + 2 + 6 * i;
    file.writeUInt16LE(tags[i], at);
    file.writeUInt16LE(3, at + 2);
    file.writeUInt32LE(1, at + 4);
    file.writeUInt16LE(tags[i + 1], at + 8);
  }
  return file;
}

describe("a picture becomes 8-bit grey or RGB", () => {
  test("16 bits a channel are scaled to 8, not cut off", async () => {
    const wide = Uint16Array.from(repeat([0x8080, 0xffff, 0x0101]));
    const png = await sharp(wide, { raw: { width: 3, height: 2, channels: 3 } })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    expect((await sharp(png).metadata()).depth).toBe("ushort");
    expect(await values(png)).toEqual(repeat([0x80, 0xff, 0x01]));
    const one = Uint16Array.from(repeat([0x8080]));
    const dim = await sharp(one, { raw: { width: 3, height: 2, channels: 1 } })
      .toColourspace("grey16")
      .png()
      .toBuffer();
    expect((await sharp(dim).metadata()).space).toBe("grey16");
    expect(await values(dim, grey)).toEqual(repeat([0x80]));
    expect(await values(dim)).toEqual(repeat([0x80, 0x80, 0x80]));
    expect((await pictureHeader(dim)).grey).toBe(true);
  });

  test("floating-point values have no usual range, and are refused", async () => {
    const tiff = floatTiff(3, 2, 0.5);
    const { depth } = await sharp(tiff).metadata();
    expect(depth).toBe("float");
    await expect(decodePicture(tiff, grey)).rejects.toThrow(
      /values are of type float, not 8 or 16 bits a channel; convert/,
    );
  });

  test("grey has three equal channels in RGB", async () => {
    const png = await raw([77]).toColourspace("b-w").png().toBuffer();
    expect((await sharp(png).metadata()).channels).toBe(1);
    expect(await values(png)).toEqual(repeat([77, 77, 77]));
    expect(await values(png, grey)).toEqual(repeat([77]));
  });

  test("what is transparent is black, half of it half as bright, with grey and with colours", async () => {
    const clear = await raw([200, 100, 50, 0]).png().toBuffer();
    expect(await values(clear)).toEqual(repeat([0, 0, 0]));
    const half = await raw([200, 100, 50, 128]).png().toBuffer();
    for (const [i, value] of (await values(half)).entries())
      expect(Math.abs(value - [100, 50, 25][i % 3])).toBeLessThanOrEqual(1);
    const greyAlpha = await sharp(Buffer.from(repeat([200, 0])), { raw: { width: 3, height: 2, channels: 2 } })
      .png()
      .toBuffer();
    expect(await values(greyAlpha, grey)).toEqual(repeat([0]));
  });

  test("CMYK is converted to RGB: cyan has no red", async () => {
    const jpeg = await raw([0, 160, 220]).toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(jpeg).metadata()).space).toBe("cmyk");
    const [r, g, b] = await values(jpeg);
    expect(r).toBeLessThan(90);
    expect(Math.abs(g - 160)).toBeLessThan(40);
    expect(Math.abs(b - 220)).toBeLessThan(40);
  });

  test("a palette is looked up", async () => {
    const png = await raw([10, 200, 30]).png({ palette: true }).toBuffer();
    expect(await values(png)).toEqual(repeat([10, 200, 30]));
  });

  test("it is upright by its EXIF orientation, and its size is that of the upright picture", async () => {
    // Left column dark, right column bright; turned clockwise by 90 degrees the dark one is on top.
    const lying = Buffer.from([0, 255, 0, 255, 0, 255].flatMap((v) => [v, v, v]));
    const png = await sharp(lying, { raw: { width: 2, height: 3, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    expect(await pictureHeader(png)).toMatchObject({ width: 3, height: 2 });
    expect(await values(png, grey)).toEqual([0, 0, 0, 255, 255, 255]);
  });

  test("of an animation the first frame is taken", async () => {
    const frames = Buffer.concat([Buffer.from(repeat([250, 0, 0])), Buffer.from(repeat([0, 0, 250]))]);
    const gif = await sharp(frames, { raw: { width: 3, height: 4, channels: 3, pageHeight: 2 } })
      .gif()
      .toBuffer();
    expect((await sharp(gif).metadata()).pages).toBe(2);
    const [r, , b] = await values(gif);
    expect(r).toBeGreaterThan(200);
    expect(b).toBeLessThan(50);
  });
});

describe("a picture is refused with a short reason", () => {
  test("when its header promises more pixels than are decoded, before anything is decoded", async () => {
    const side = Math.ceil(Math.sqrt(MOST_PIXELS)) + 1;
    const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>`);
    await expect(values(svg)).rejects.toThrow(/SVG/);
    const bomb = await sharp({
      create: { width: side, height: side, channels: 3, background: "black" },
      limitInputPixels: false,
    })
      .png({ compressionLevel: 9 })
      .toBuffer();
    expect(bomb.length).toBeLessThan(2e6);
    await expect(values(bomb)).rejects.toThrow(/pixel/i);
    await expect(pictureHeader(bomb)).rejects.toThrow(/pixel/i);
  });

  test("when it is cut off, empty or no picture", async () => {
    const jpeg = await sharp({
      create: {
        width: 64,
        height: 64,
        channels: 3,
        background: "red",
        noise: { type: "gaussian", mean: 120, sigma: 40 },
      },
    })
      .jpeg()
      .toBuffer();
    const shape = { height: 64, width: 64, channels: 3 };
    await expect(decodePicture(jpeg.subarray(0, jpeg.length * 0.8), shape)).rejects.toThrow();
    await expect(decodePicture(new Uint8Array(0), shape)).rejects.toThrow();
    await expect(decodePicture(Buffer.from("\0\x05\x16\x07"), shape)).rejects.toThrow();
    const file = join(folder, "cut.jpg");
    writeFileSync(file, jpeg.subarray(0, jpeg.length * 0.8));
    await expect(readImage(file, shape)).rejects.toThrow(/cut.jpg must be an image that can be decoded/);
  });

  test("when it is asked for exactly and has another size", async () => {
    const png = await raw([1, 2, 3]).png().toBuffer();
    await expect(decodePicture(png, { height: 4, width: 4, channels: 3 }, { exact: true })).rejects.toThrow(
      /it is 2x3, not 4x4/,
    );
  });
});
