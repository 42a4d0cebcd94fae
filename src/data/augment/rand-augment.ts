import type { Rng } from "../../core";
import type { ImageShape } from "../image-shape";
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
  adjustSharpness,
  autoContrast,
  equalize,
  posterize,
  solarize,
} from "./colour";
import { mapped } from "./geometry";
import { MOST_MAGNITUDE, RAND_AUGMENT_DEFAULTS, type RandAugmentOptions } from "./options";

/** One of RandAugment's operations. */
interface Operation {
  /** Whether it has two directions. */
  readonly signed: boolean;
  /** @param magnitude 0 to {@link MOST_MAGNITUDE}, below 0 in the other direction. */
  apply(image: Uint8Array, shape: ImageShape, magnitude: number): Uint8Array;
}

/** A magnitude on the scale from 0 to `most`, in float32 as PyTorch's `linspace` has it, on which the last byte may depend. */
function level(most: number, magnitude: number): number {
  const { fround } = Math;
  const step = fround(fround(most) / MOST_MAGNITUDE);
  const size = Math.abs(magnitude);
  const value =
    size < MOST_MAGNITUDE / 2 ? fround(step * size) : fround(fround(most) - fround(step * (MOST_MAGNITUDE - size)));
  return magnitude < 0 ? -value : value;
}

const factor = (magnitude: number) => 1 + level(0.9, magnitude);
const pixels = (side: number, magnitude: number) => Math.trunc(level((150 / 331) * side, magnitude));

function turned(image: Uint8Array, shape: ImageShape, degrees: number): Uint8Array {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return mapped(image, shape, [cos, -sin, 0, sin, cos, 0]);
}

function sheared(image: Uint8Array, shape: ImageShape, along: "x" | "y", by: number): Uint8Array {
  // About the upper left corner.
  if (along === "x") return mapped(image, shape, [1, by, (by * shape.height) / 2, 0, 1, 0]);
  return mapped(image, shape, [1, 0, 0, by, 1, (by * shape.width) / 2]);
}

/** As torchvision has them: shares and pixels of the image, degrees, factors about 1. */
export const RAND_AUGMENT_OPERATIONS: Readonly<Record<string, Operation>> = {
  identity: { signed: false, apply: (image) => image },
  shearX: { signed: true, apply: (image, shape, m) => sheared(image, shape, "x", level(0.3, m)) },
  shearY: { signed: true, apply: (image, shape, m) => sheared(image, shape, "y", level(0.3, m)) },
  translateX: {
    signed: true,
    apply: (image, shape, m) => mapped(image, shape, [1, 0, -pixels(shape.width, m), 0, 1, 0]),
  },
  translateY: {
    signed: true,
    apply: (image, shape, m) => mapped(image, shape, [1, 0, 0, 0, 1, -pixels(shape.height, m)]),
  },
  rotate: { signed: true, apply: (image, shape, m) => turned(image, shape, level(30, m)) },
  brightness: { signed: true, apply: (image, _, m) => adjustBrightness(image, factor(m)) },
  colour: { signed: true, apply: (image, shape, m) => adjustSaturation(image, shape, factor(m)) },
  contrast: { signed: true, apply: (image, shape, m) => adjustContrast(image, shape, factor(m)) },
  sharpness: { signed: true, apply: (image, shape, m) => adjustSharpness(image, shape, factor(m)) },
  posterize: { signed: false, apply: (image, _, m) => posterize(image, 8 - Math.round((4 * m) / MOST_MAGNITUDE)) },
  solarize: { signed: false, apply: (image, _, m) => solarize(image, level(255, MOST_MAGNITUDE - m)) },
  autoContrast: { signed: false, apply: (image, shape) => autoContrast(image, shape) },
  equalize: { signed: false, apply: (image, shape) => equalize(image, shape) },
};

const NAMES = Object.keys(RAND_AUGMENT_OPERATIONS);

/** RandAugment of one image `[height, width, channels]`. */
export function randAugment(
  image: Uint8Array,
  shape: ImageShape,
  { ops = RAND_AUGMENT_DEFAULTS.ops, magnitude = RAND_AUGMENT_DEFAULTS.magnitude }: RandAugmentOptions,
  rng: Rng,
): Uint8Array {
  let changed = image;
  for (let i = 0; i < ops; i++) {
    const { signed, apply } = RAND_AUGMENT_OPERATIONS[rng.pick(NAMES)];
    const sign = signed && rng.int(2) === 1 ? -1 : 1;
    changed = apply(changed, shape, sign * magnitude);
  }
  return changed;
}
