import { ConfigError } from "../core";
import { batchValues, readImage } from "../data";
import { tf } from "../engine";
import type { FoundNetwork } from "./found-file";

/** One class with the probability the network gives it. */
export interface ClassProbability {
  readonly name: string;
  readonly index: number;
  /** 0..1; over all classes they add up to 1. */
  readonly probability: number;
}

export interface Prediction {
  readonly image: string;
  /** What was done to the image's size, in words. */
  readonly resizing: string;
  /** The likeliest classes, the likeliest first. */
  readonly top: readonly ClassProbability[];
}

/**
 * Classifies an image file.
 * @param options.top How many classes to give; 3 unless given, at most all.
 * @throws DataError when the file is no image.
 */
export async function predict(
  { network, record }: Pick<FoundNetwork, "network" | "record">,
  imagePath: string,
  { top = 3 }: { top?: number } = {},
): Promise<Prediction> {
  if (!Number.isInteger(top) || top < 1) {
    throw new ConfigError(`predict: top must be a whole number from 1, got ${top}`, { top });
  }
  const { input } = record.architecture;
  const { values: bytes, resizing } = await readImage(imagePath, input);
  const one = { count: 1, images: bytes, labels: new Uint8Array(1) };
  const values = batchValues(one, [0], input, record.preprocessing);
  const probabilities = tf.tidy(() => {
    const image = tf.tensor4d(values, [1, input.height, input.width, input.channels]);
    return tf.softmax(network.logits(image, { mode: "eval" })).dataSync();
  });
  const classes = record.classes.map((name, index) => ({ name, index, probability: probabilities[index] }));
  classes.sort((a, b) => b.probability - a.probability);
  return { image: imagePath, resizing, top: classes.slice(0, top) };
}
