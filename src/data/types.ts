import type { ImageShape } from "./image-shape";

/** Class indices of images; two bytes each where there are more than 256 classes, so that 1,000 have room. */
export type Labels = Uint8Array | Uint16Array | Int32Array;

/** An array for the labels of so many images, wide enough for the classes. */
export function emptyLabels(count: number, classes: number): Labels {
  if (classes <= 2 ** 8) return new Uint8Array(count);
  return classes <= 2 ** 16 ? new Uint16Array(count) : new Int32Array(count);
}

/** Decoded pictures in a file, as plain data that any thread reads by: one picture after another, one byte a value. */
export interface StoredPictures {
  readonly file: string;
  /** Where the first picture begins, in bytes. */
  readonly start: number;
  /** Bytes of a picture: height times width times channels. */
  readonly size: number;
  /** For each image of the split its place in the file. */
  readonly places: Uint32Array;
}

/** Labelled images, one byte a value, unnormalised. */
export interface Split {
  readonly count: number;
  /** `[count, height, width, channels]`, 0..255. Where they are more than memory may take this throws: see `imageAt`. */
  readonly images: Uint8Array;
  /** `[count]`, class indices. */
  readonly labels: Labels;
  /** Where the images lie that are not in memory. */
  readonly stored?: StoredPictures;
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
  /** What a user should know of how it was read and divided, each a sentence. */
  readonly remarks?: readonly string[];
}

/** What a source gives before it is divided. */
export interface RawDataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly shape: ImageShape;
  /** All images to learn from; validation is held out of it, and test as well, where the source has none of its own. */
  readonly train: Split;
  readonly validation?: Split;
  readonly test?: Split;
  /** What a user should know of how it was read, each a sentence: what was left out, which part stands for which. */
  readonly remarks?: readonly string[];
}
