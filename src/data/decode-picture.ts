import sharp from "sharp";
import type { ImageShape } from "./image-shape";

/** Most pixels that a picture may have, width times height: beyond, it would take gigabytes to decode. */
export const MOST_PIXELS = 100_000_000;

/** A picture as values of a shape. */
export interface DecodedPicture {
  /** `[height, width, channels]`, 0..255. */
  readonly values: Uint8Array;
  /** Its own size, upright. */
  readonly from: { readonly width: number; readonly height: number };
}

/** What a picture's header says. */
export interface PictureHeader {
  /** Upright: as the picture is seen. */
  readonly width: number;
  readonly height: number;
  /** Has one grey channel (and perhaps transparency). */
  readonly grey: boolean;
}

/**
 * Decodes a picture (PNG, JPEG, WebP, TIFF, GIF, AVIF) as greyscale (1 channel) or RGB (3): upright by its EXIF orientation, on
 * black where transparent, 16 bits scaled to 8, CMYK and colour profiles converted to sRGB, the first frame of several. Another
 * size is scaled to fit (Lanczos) with its proportions kept, and padded with black; with `exact` it is refused.
 * @param source The bytes of a file, or its path.
 * @throws Error with a short reason when it cannot be decoded, is damaged or truncated, or has more than {@link MOST_PIXELS}.
 */
export async function decodePicture(
  source: Uint8Array | string,
  { height, width, channels }: ImageShape,
  { exact = false }: { readonly exact?: boolean } = {},
): Promise<DecodedPicture> {
  const from = await pictureHeader(source);
  return decoded(source, from, { height, width, channels }, exact).catch((cause) => {
    throw inWords(cause);
  });
}

async function decoded(
  source: Uint8Array | string,
  from: PictureHeader,
  { height, width, channels }: ImageShape,
  exact: boolean,
): Promise<DecodedPicture> {
  const fits = from.width === width && from.height === height;
  if (exact && !fits) throw new Error(`it is ${from.height}x${from.width}, not ${height}x${width}`);
  const upright = opened(source).autoOrient().flatten({ background: "black" });
  // Scaled in a pass of its own, upright and opaque: transparent pixels must not bleed in.
  const scaled = fits
    ? upright
    : sharp(await upright.png({ compressionLevel: 1 }).toBuffer()).resize(width, height, {
        fit: "contain",
        background: { r: 0, g: 0, b: 0 },
        kernel: "lanczos3",
      });
  const { data, info } = await scaled
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .removeAlpha()
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== channels || info.width !== width || info.height !== height) {
    throw new Error(`${info.height}x${info.width}x${info.channels} came out, not ${height}x${width}x${channels}`);
  }
  return { values: new Uint8Array(data.buffer, data.byteOffset, data.length), from };
}

/** Types of values that have one meaning: of 8 and of 16 bits. */
const DEPTHS: readonly string[] = ["uchar", "ushort"];

/** Reads the header alone. @throws Error as {@link decodePicture}. */
export async function pictureHeader(source: Uint8Array | string): Promise<PictureHeader> {
  const { autoOrient, width, height, space, format, depth } = await opened(source)
    .metadata()
    .catch((cause) => {
      throw inWords(cause);
    });
  if (format === "svg") throw new Error("it is a drawing (SVG), not a picture of pixels");
  // Floating-point values have no usual range: 0..1 would all become black.
  if (!DEPTHS.includes(depth)) {
    throw new Error(
      `its values are of type ${depth}, not 8 or 16 bits a channel; convert it, and choose what is black and white`,
    );
  }
  if (width * height > MOST_PIXELS) {
    throw new Error(`it has ${width}x${height} pixels, more than ${MOST_PIXELS / 1e6} million`);
  }
  return { width: autoOrient.width, height: autoOrient.height, grey: space === "b-w" || space === "grey16" };
}

/** What decoders say of a file that ends early, or whose data is damaged within. */
const DAMAGE = /failOn|libpng read error|libspng read error|premature end|unexpected end/i;

/** The decoder's error as a reader understands it. */
function inWords(cause: Error): Error {
  if (!DAMAGE.test(cause.message)) return cause;
  const detail = cause.message
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.includes("failOn"))
    .at(-1);
  return new Error(`it is truncated or damaged${detail ? ` (${detail})` : ""}`, { cause });
}

function opened(source: Uint8Array | string): sharp.Sharp {
  return sharp(source, { limitInputPixels: MOST_PIXELS });
}
