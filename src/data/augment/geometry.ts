import type { Interval, Rng } from "../../core";
import type { ImageShape } from "../image-shape";

/** A part of an image, in pixels. */
export interface CropBox {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Draws that fail before the whole image, or none, is taken. */
const TRIES = 10;

/** A box of random area and proportions in an image, drawn as torchvision's RandomResizedCrop does; the middle where none fits. */
export function cropBox({ height, width }: ImageShape, scale: Interval, ratio: Interval, rng: Rng): CropBox {
  for (let i = 0; i < TRIES; i++) {
    const { area, aspect } = drawBox(height * width, scale, ratio, rng);
    const box = { width: Math.round(Math.sqrt(area * aspect)), height: Math.round(Math.sqrt(area / aspect)) };
    if (box.width > 0 && box.height > 0 && box.width <= width && box.height <= height) {
      return { ...box, top: rng.int(height - box.height + 1), left: rng.int(width - box.width + 1) };
    }
  }
  const whole = width / height;
  const box = {
    width: whole > ratio[1] ? Math.round(height * ratio[1]) : width,
    height: whole < ratio[0] ? Math.round(width / ratio[0]) : height,
  };
  return { ...box, top: Math.floor((height - box.height) / 2), left: Math.floor((width - box.width) / 2) };
}

/** A box to erase, drawn as torchvision's RandomErasing does; undefined where none fits. */
export function eraseBox(
  { height, width }: ImageShape,
  scale: Interval,
  ratio: Interval,
  rng: Rng,
): CropBox | undefined {
  for (let i = 0; i < TRIES; i++) {
    const { area, aspect } = drawBox(height * width, scale, ratio, rng);
    const box = { height: Math.round(Math.sqrt(area * aspect)), width: Math.round(Math.sqrt(area / aspect)) };
    if (box.height < height && box.width < width) {
      return { ...box, top: rng.int(height - box.height + 1), left: rng.int(width - box.width + 1) };
    }
  }
  return undefined;
}

/** Area uniform, proportions uniform on a logarithmic scale. */
function drawBox(whole: number, scale: Interval, ratio: Interval, rng: Rng): { area: number; aspect: number } {
  const area = whole * between(scale, rng);
  const aspect = Math.exp(between([Math.log(ratio[0]), Math.log(ratio[1])], rng));
  return { area, aspect };
}

/** Uniform in an interval. */
export function between([low, high]: Interval, rng: Rng): number {
  return low + (high - low) * rng.uniform();
}

/** A part of an image `[height, width, channels]`, scaled up to the image's size: bilinear, pixel centres at halves. */
export function croppedAndScaled(image: Uint8Array, shape: ImageShape, box: CropBox): Uint8Array {
  const { height, width, channels } = shape;
  if (box.height === height && box.width === width) return image;
  const rows = weights(box.height, height);
  const columns = weights(box.width, width);
  const scaled = new Uint8Array(image.length);
  let at = 0;
  for (let y = 0; y < height; y++) {
    const { low: top, high: bottom, share: down } = rows[y];
    const [upper, lower] = [(box.top + top) * width, (box.top + bottom) * width];
    for (let x = 0; x < width; x++) {
      const { low, high, share } = columns[x];
      const [left, right] = [box.left + low, box.left + high];
      for (let c = 0; c < channels; c++) {
        const above =
          (1 - share) * image[(upper + left) * channels + c] + share * image[(upper + right) * channels + c];
        const below =
          (1 - share) * image[(lower + left) * channels + c] + share * image[(lower + right) * channels + c];
        scaled[at++] = nearest((1 - down) * above + down * below);
      }
    }
  }
  return scaled;
}

/** For each place of a line the two it lies between, and how far it is from the first. */
function weights(from: number, to: number): { low: number; high: number; share: number }[] {
  return Array.from({ length: to }, (_, i) => {
    const place = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const low = Math.min(from - 1, Math.floor(place));
    return { low, high: Math.min(from - 1, low + 1), share: place - low };
  });
}

/** Where each pixel comes from, seen from the middle: `x' = a x + b y + c`, `y' = d x + e y + f`. */
export type Inverse = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** An image `[height, width, channels]` moved by the inverse of a mapping: nearest pixel, black where nothing comes from. */
export function mapped(image: Uint8Array, { height, width, channels }: ImageShape, inverse: Inverse): Uint8Array {
  const [a, b, c, d, e, f] = inverse;
  const moved = new Uint8Array(image.length);
  for (let row = 0, at = 0; row < height; row++) {
    const y = row + 0.5 - height / 2;
    for (let column = 0; column < width; column++, at += channels) {
      const x = column + 0.5 - width / 2;
      const fromX = nearest(a * x + b * y + c + width / 2 - 0.5);
      const fromY = nearest(d * x + e * y + f + height / 2 - 0.5);
      if (fromX < 0 || fromX >= width || fromY < 0 || fromY >= height) continue;
      const from = (fromY * width + fromX) * channels;
      for (let k = 0; k < channels; k++) moved[at + k] = image[from + k];
    }
  }
  return moved;
}

/** The nearest whole number, the even one of two that are equally near. */
function nearest(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest === 0.5) return low % 2 === 0 ? low : low + 1;
  return rest < 0.5 ? low : low + 1;
}
