import type { MimeBundle } from "../../display-protocol";
import { encodePng } from "../../viz/png";

/** As much of a tensor as a picture takes. */
export interface TensorLike {
  readonly shape: readonly number[];
  readonly dtype: string;
  dataSync(): ArrayLike<number>;
}

/** Images of a batch that are shown; the rest is left out. */
const MOST = 16;
/** Small pictures are enlarged to about so many pixels. */
const WANTED = 112;
const GAP = 2;

const MAGIC: readonly { readonly type: string; readonly bytes: readonly number[] }[] = [
  { type: "image/png", bytes: [0x89, 0x50, 0x4e, 0x47] },
  { type: "image/jpeg", bytes: [0xff, 0xd8, 0xff] },
  { type: "image/gif", bytes: [0x47, 0x49, 0x46, 0x38] },
];

/** Bytes of a PNG, JPEG or GIF as a picture; undefined for others. */
export function encodedPicture(bytes: Uint8Array): MimeBundle | undefined {
  const known = MAGIC.find((magic) => magic.bytes.every((byte, i) => bytes[i] === byte));
  if (!known) return undefined;
  const text = `[${known.type}, ${bytes.length} bytes]`;
  return { [known.type]: Buffer.from(bytes).toString("base64"), "text/plain": text };
}

export function isTensor(value: unknown): value is TensorLike {
  if (value === null || typeof value !== "object") return false;
  const { shape, dtype, dataSync } = value as Partial<TensorLike>;
  return Array.isArray(shape) && typeof dtype === "string" && typeof dataSync === "function";
}

/** Whether a tensor is one image `[height, width]`, `[height, width, channels]` or several `[batch, height, width, channels]`. */
export function isImageTensor({ shape, dtype }: TensorLike): boolean {
  const channels = shape.length === 2 ? 1 : shape[shape.length - 1];
  return (
    dtype !== "string" && shape.length >= 2 && shape.length <= 4 && [1, 3, 4].includes(channels) && !shape.includes(0)
  );
}

/**
 * An image tensor as a PNG: whole numbers are taken for 0..255, others for 0..1 where they lie in it; else the least is
 * black and the greatest white. A batch is a row of its first images.
 */
export function tensorPicture(tensor: TensorLike): MimeBundle {
  const { shape } = tensor;
  const [count, height, width, channels] =
    shape.length === 4 ? shape : shape.length === 3 ? [1, ...shape] : [1, ...shape, 1];
  const values = tensor.dataSync();
  const shown = Math.min(MOST, count);
  const scale = Math.max(1, Math.floor(WANTED / Math.max(height, width)));
  const step = width * scale + GAP;
  const size = { width: shown * step - GAP, height: height * scale };
  const pixels = new Uint8Array(size.width * size.height * channels).fill(255);
  const toByte = byteScale(values, tensor.dtype);
  for (let image = 0; image < shown; image++) {
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < width * scale; x++) {
        const from = ((image * height + Math.floor(y / scale)) * width + Math.floor(x / scale)) * channels;
        const to = (y * size.width + image * step + x) * channels;
        for (let channel = 0; channel < channels; channel++) pixels[to + channel] = toByte(values[from + channel]);
      }
    }
  }
  const png = encodePng(pixels, size.width, size.height, channels as 1 | 3 | 4);
  const more = shown < count ? `, the first ${shown} of ${count}` : "";
  return { "image/png": Buffer.from(png).toString("base64"), "text/plain": `[image ${shape.join("x")}${more}]` };
}

function byteScale(values: ArrayLike<number>, dtype: string): (value: number) => number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  if (dtype === "int32" && low >= 0 && high <= 255) return (value) => value;
  if (low >= 0 && high <= 1) return (value) => Math.round(255 * value);
  return (value) => Math.round((255 * (value - low)) / (high - low || 1));
}
