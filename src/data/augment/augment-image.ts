import type { Rng } from "../../core";
import type { ImageShape } from "../image-shape";
import { type CropBox, cropBox, croppedAndScaled, eraseBox } from "./geometry";
import { jittered } from "./jitter";
import { type Augmentation, CROP_DEFAULTS, ERASE_DEFAULTS } from "./options";
import { randAugment } from "./rand-augment";

/** Whether something is done beyond mirroring and moving, which need no copy of the image. */
export function changesBytes({ crop, jitter, randAugment: rand }: Augmentation): boolean {
  return crop !== undefined || jitter !== undefined || rand !== undefined;
}

/** Where an image is mirrored and moved. */
export interface Move {
  readonly flip: boolean;
  readonly down: number;
  readonly right: number;
}

/**
 * One image `[height, width, channels]` cropped, moved, and changed in its colours; the same bytes of the same stream.
 * The draws of each step are a stream of their own: a step that is added leaves those of the others.
 */
export function augmentedBytes(
  image: Uint8Array,
  shape: ImageShape,
  { crop, jitter, randAugment: rand }: Augmentation,
  move: Move,
  rng: Rng,
): Uint8Array {
  let changed = image;
  if (crop) {
    const { scale = CROP_DEFAULTS.scale, ratio = CROP_DEFAULTS.ratio } = crop;
    changed = croppedAndScaled(changed, shape, cropBox(shape, scale, ratio, rng.fork("crop")));
  }
  changed = movedBytes(changed, shape, move);
  if (jitter) changed = jittered(changed, shape, jitter, rng.fork("jitter"));
  if (rand) changed = randAugment(changed, shape, rand, rng.fork("randAugment"));
  return changed;
}

function movedBytes(image: Uint8Array, shape: ImageShape, { flip, down, right }: Move): Uint8Array {
  if (!flip && down === 0 && right === 0) return image;
  const { height, width, channels } = shape;
  const moved = new Uint8Array(image.length);
  for (let y = Math.max(0, down); y < Math.min(height, height + down); y++) {
    for (let x = Math.max(0, right); x < Math.min(width, width + right); x++) {
      const column = flip ? width - 1 - (x - right) : x - right;
      const from = ((y - down) * width + column) * channels;
      const to = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) moved[to + c] = image[from + c];
    }
  }
  return moved;
}

/** The box that an image loses, if any. */
export function drawErasing(
  shape: ImageShape,
  {
    share = ERASE_DEFAULTS.share,
    scale = ERASE_DEFAULTS.scale,
    ratio = ERASE_DEFAULTS.ratio,
  }: NonNullable<Augmentation["erase"]>,
  rng: Rng,
): CropBox | undefined {
  return rng.uniform() < share ? eraseBox(shape, scale, ratio, rng) : undefined;
}

/** Sets a part of an image's values `[height, width, channels]` to 0, which is the mean once it is preprocessed. */
export function eraseValues(values: Float32Array, { width, channels }: ImageShape, box: CropBox): void {
  for (let y = box.top; y < box.top + box.height; y++) {
    const from = (y * width + box.left) * channels;
    values.fill(0, from, from + box.width * channels);
  }
}
