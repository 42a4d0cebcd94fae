import type { ImageShape } from "./image-shape";

/** Labelled images in memory, one byte a value, unnormalised. */
export interface Split {
  readonly count: number;
  /** `[count, height, width, channels]`, 0..255. */
  readonly images: Uint8Array;
  /** `[count]`, class indices. */
  readonly labels: Uint8Array;
}

/** Turns bytes into network inputs: `(x / 255 - mean) / std` a channel. */
export interface Preprocessing {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** A data set ready to use: validation is held out of the training file, test is apart. */
export interface Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  readonly train: Split;
  /** Held out of the training file, in the same proportion of classes: for rating, search and watching a training. */
  readonly validation: Split;
  /** Read only at the end, for what is reported. */
  readonly test: Split;
  /** Measured on the training part. */
  readonly preprocessing: Preprocessing;
  /** Names images, labels, division, preprocessing, shape and classes (hexadecimal): equal fingerprints, equal data. */
  readonly fingerprint: string;
}

/** What a source gives before it is divided. */
export interface RawDataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  readonly train: Split;
  readonly test: Split;
}
