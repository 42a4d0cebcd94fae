import type { Rng } from "../core";
import { tf } from "../engine";
import { augmentedBytes, changesBytes, drawErasing, eraseValues, type Move } from "./augment/augment-image";
import { drawMixing, type Mixing, mixed } from "./augment/mixup";
import type { AugmentationDraw } from "./augment/options";
import { type ImageShape, imageSize } from "./image-shape";
import { normalisationTable } from "./preprocessing";
import { imageAt } from "./stored-pictures";
import type { Preprocessing, Split } from "./types";

/** A batch on the engine; the caller disposes both tensors. */
export interface Batch {
  /** Preprocessed, `[batch, height, width, channels]`. */
  readonly images: tf.Tensor4D;
  /** int32 `[batch]`. */
  readonly labels: tf.Tensor1D;
  /** Where images were mixed: with which of the batch, and by how much. */
  readonly mixing?: Mixing;
}

/** Numbers 0..count-1 in random order: one epoch. */
export function epochOrder(count: number, rng: Rng): Uint32Array {
  return rng.permutation(count);
}

/** The images with the given indices as a batch of network inputs. */
export function takeBatch(
  split: Split,
  indices: ArrayLike<number>,
  { shape, preprocessing }: { readonly shape: ImageShape; readonly preprocessing: Preprocessing },
  augment?: AugmentationDraw,
): Batch {
  const { height, width, channels } = shape;
  const mixing = mixingOf(indices.length, augment);
  const values = batchValues(split, indices, shape, preprocessing, augment);
  const labels = Int32Array.from({ length: indices.length }, (_, i) => split.labels[indices[i]]);
  return {
    images: tf.tensor4d(values, [indices.length, height, width, channels]),
    labels: tf.tensor1d(labels, "int32"),
    ...(mixing && { mixing }),
  };
}

/** A stream of its own: asked for again it is the same. */
function mixingOf(count: number, augment: AugmentationDraw | undefined): Mixing | undefined {
  return augment?.mixup === undefined ? undefined : drawMixing(count, augment.mixup, augment.rng.fork("mixup"));
}

/** The values of {@link takeBatch}'s images, row-major, without a tensor. */
export function batchValues(
  split: Split,
  indices: ArrayLike<number>,
  shape: ImageShape,
  preprocessing: Preprocessing,
  augment?: AugmentationDraw,
): Float32Array {
  const size = imageSize(shape);
  const table = normalisationTable(preprocessing);
  const values = new Float32Array(indices.length * size);
  const shift = augment?.shift ?? 0;
  for (let b = 0; b < indices.length; b++) {
    const image = imageAt(split, indices[b], size);
    const into = values.subarray(b * size, (b + 1) * size);
    const flip = augment?.flip ? augment.rng.int(2) === 1 : false;
    const down = shift > 0 ? augment!.rng.int(2 * shift + 1) - shift : 0;
    const right = shift > 0 ? augment!.rng.int(2 * shift + 1) - shift : 0;
    const move = { flip, down, right };
    if (augment && changesBytes(augment)) {
      plain(augmentedBytes(image, shape, augment, move, augment.rng.fork(`image${b}`)), into, table, shape.channels);
    } else if (flip || down !== 0 || right !== 0) moved(image, into, table, shape, move);
    else plain(image, into, table, shape.channels);
    const box = augment?.erase && drawErasing(shape, augment.erase, augment.rng.fork(`erase${b}`));
    if (box) eraseValues(into, shape, box);
  }
  const mixing = mixingOf(indices.length, augment);
  return mixing ? mixed(values, size, mixing) : values;
}

function plain(image: Uint8Array, into: Float32Array, table: Float32Array, channels: number): void {
  for (let i = 0; i < image.length; i += channels) {
    for (let c = 0; c < channels; c++) into[i + c] = table[c * 256 + image[i + c]];
  }
}

function moved(
  image: Uint8Array,
  into: Float32Array,
  table: Float32Array,
  { height, width, channels }: ImageShape,
  { flip, down, right }: Move,
): void {
  let at = 0;
  for (let y = 0; y < height; y++) {
    const fromY = y - down;
    for (let x = 0; x < width; x++) {
      const shifted = x - right;
      const inside = fromY >= 0 && fromY < height && shifted >= 0 && shifted < width;
      const from = (fromY * width + (flip ? width - 1 - shifted : shifted)) * channels;
      for (let c = 0; c < channels; c++) into[at++] = table[c * 256 + (inside ? image[from + c] : 0)];
    }
  }
}
