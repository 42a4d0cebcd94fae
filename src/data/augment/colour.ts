import type { ImageShape } from "../image-shape";

/**
 * Changes of colour, each as torchvision 0.14 does it to tensors of bytes, with its rounding: float32 throughout, cut to
 * whole numbers at the end. Images are `[height, width, channels]`, 0..255, of 1 or 3 channels; a new one is returned.
 */

const { fround } = Math;

/** `ratio * a + (1 - ratio) * b`, within 0..255, cut to a whole number. */
function blend(a: number, b: number, ratio: number, rest: number): number {
  const value = fround(fround(ratio * a) + fround(rest * b));
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.floor(value);
}

function blended(image: Uint8Array, other: (at: number) => number, factor: number): Uint8Array {
  const [ratio, rest] = [fround(factor), fround(1 - factor)];
  return image.map((value, at) => blend(value, other(at), ratio, rest));
}

/** Luma of each pixel, `[height, width]`, of RGB. */
function grey(image: Uint8Array): Uint8Array {
  const [r, g, b] = [fround(0.2989), fround(0.587), fround(0.114)];
  const pixels = new Uint8Array(image.length / 3);
  for (let i = 0, at = 0; i < pixels.length; i++, at += 3) {
    const red = fround(r * image[at]);
    pixels[i] = fround(fround(red + fround(g * image[at + 1])) + fround(b * image[at + 2]));
  }
  return pixels;
}

/** Towards black (factor 0) or away from it. */
export function adjustBrightness(image: Uint8Array, factor: number): Uint8Array {
  return blended(image, () => 0, factor);
}

/** Towards the mean luma (factor 0) or away from it. */
export function adjustContrast(image: Uint8Array, { channels }: ImageShape, factor: number): Uint8Array {
  const luma = channels === 3 ? grey(image) : image;
  let sum = 0;
  for (const value of luma) sum += value;
  const mean = fround(fround(sum) / luma.length);
  return blended(image, () => mean, factor);
}

/** Towards grey (factor 0) or away from it; a grey image stays. */
export function adjustSaturation(image: Uint8Array, { channels }: ImageShape, factor: number): Uint8Array {
  if (channels === 1) return image;
  const luma = grey(image);
  return blended(image, (at) => luma[Math.floor(at / 3)], factor);
}

/** Turns the colour circle by a share from -0.5 to 0.5; a grey image stays. */
export function adjustHue(image: Uint8Array, { channels }: ImageShape, turn: number): Uint8Array {
  if (channels === 1) return image;
  const turned = new Uint8Array(image.length);
  for (let at = 0; at < image.length; at += 3) {
    const [hue, saturation, value] = toHsv(image[at], image[at + 1], image[at + 2]);
    const sum = fround(hue + fround(turn));
    const [r, g, b] = toRgb(fround(sum - Math.floor(sum)), saturation, value);
    turned[at] = fround(r * 255);
    turned[at + 1] = fround(g * 255);
    turned[at + 2] = fround(b * 255);
  }
  return turned;
}

type Triple = readonly [number, number, number];

/** Hue, saturation and value on the scale 0..1, of bytes. */
function toHsv(red: number, green: number, blue: number): Triple {
  const [r, g, b] = [fround(red / 255), fround(green / 255), fround(blue / 255)];
  const most = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  if (most === least) return [0, 0, most];
  const range = fround(most - least);
  const away = (value: number) => fround(fround(most - value) / range);
  const [rc, gc, bc] = [away(r), away(g), away(b)];
  let sector: number;
  if (most === r) sector = fround(bc - gc);
  else if (most === g) sector = fround(fround(2 + rc) - bc);
  else sector = fround(fround(4 + gc) - rc);
  return [fround(fround(fround(sector / 6) + 1) % 1), fround(range / most), most];
}

function toRgb(hue: number, saturation: number, value: number): Triple {
  const sixths = fround(hue * 6);
  const sector = Math.floor(sixths);
  const f = fround(sixths - sector);
  const within = (x: number) => Math.min(1, Math.max(0, x));
  const less = (share: number) => within(fround(value * fround(1 - share)));
  const p = less(saturation);
  const q = less(fround(saturation * f));
  const t = less(fround(saturation * fround(1 - f)));
  const sectors: readonly Triple[] = [
    [value, t, p],
    [q, value, p],
    [p, value, t],
    [p, q, value],
    [t, p, value],
    [value, p, q],
  ];
  return sectors[sector % 6];
}

/** Towards a blurred image (factor 0) or away from it; the border stays, as do images of at most 2 pixels a side. */
export function adjustSharpness(image: Uint8Array, shape: ImageShape, factor: number): Uint8Array {
  const { height, width, channels } = shape;
  if (height <= 2 || width <= 2) return image;
  const blurred = image.slice();
  const row = width * channels;
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * row + channels; at < (y + 1) * row - channels; at++) {
      let sum = 4 * image[at];
      for (const line of [at - row, at, at + row]) sum += image[line - channels] + image[line] + image[line + channels];
      blurred[at] = Math.round(sum / 13);
    }
  }
  return blended(image, (at) => blurred[at], factor);
}

/** Keeps so many of the upper bits. */
export function posterize(image: Uint8Array, bits: number): Uint8Array {
  const mask = 256 - 2 ** (8 - bits);
  return image.map((value) => value & mask);
}

/** Inverts values from a threshold on. */
export function solarize(image: Uint8Array, threshold: number): Uint8Array {
  return image.map((value) => (value >= threshold ? 255 - value : value));
}

/** Stretches each channel to 0..255. */
export function autoContrast(image: Uint8Array, { channels }: ImageShape): Uint8Array {
  const stretched = image.slice();
  for (let c = 0; c < channels; c++) {
    let [least, most] = [255, 0];
    for (let at = c; at < image.length; at += channels) {
      least = Math.min(least, image[at]);
      most = Math.max(most, image[at]);
    }
    if (least === most) continue;
    // As PyTorch divides: 255 may become 254.
    const scale = fround(fround(1 / (most - least)) * 255);
    for (let at = c; at < image.length; at += channels) {
      stretched[at] = Math.min(255, fround((image[at] - least) * scale));
    }
  }
  return stretched;
}

/** Makes each channel's values about equally frequent. */
export function equalize(image: Uint8Array, { channels }: ImageShape): Uint8Array {
  const equal = image.slice();
  for (let c = 0; c < channels; c++) {
    const counts = new Array<number>(256).fill(0);
    let most = 0;
    for (let at = c; at < image.length; at += channels) {
      counts[image[at]]++;
      most = Math.max(most, image[at]);
    }
    const step = Math.floor((image.length / channels - counts[most]) / 255);
    if (step === 0) continue;
    // A value becomes what the values below it sum up to.
    let below = 0;
    const table = counts.map((count, value) => {
      const mapped = value === 0 ? 0 : Math.floor((below + Math.floor(step / 2)) / step);
      below += count;
      return Math.min(255, mapped);
    });
    for (let at = c; at < image.length; at += channels) equal[at] = table[image[at]];
  }
  return equal;
}
