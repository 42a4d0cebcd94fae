import {
  breathe,
  CheckpointError,
  checkOptions,
  DataError,
  type OptionRules,
  Progress,
  rule,
  type StepContext,
} from "../core";
import { batchValues, type ReadImage, readImage } from "../data";
import { tf } from "../engine";
import type { LoadedNetwork } from "./found-file";

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

export interface PredictOptions {
  /** How many classes to give; 3 unless given, at most all. */
  readonly top?: number;
}

const PREDICT_RULES: OptionRules<PredictOptions> = { top: rule.wholeFrom(1) };

type Classifier = Pick<LoadedNetwork, "network" | "record">;

/**
 * Classifies an image file.
 * @throws DataError when the file is no image, ConfigError for an option that is not known or no number,
 *   CheckpointError when the network gives no numbers.
 */
export async function predict(found: Classifier, imagePath: string, options: PredictOptions = {}): Promise<Prediction> {
  const top = topOf("predict", options);
  const image = await readImage(imagePath, found.record.architecture.input);
  return classified(found, [{ path: imagePath, ...image }], top)[0];
}

export interface Predictions {
  /** In the order of the paths, unreadable ones left out. */
  readonly predictions: readonly Prediction[];
  readonly unreadable: readonly { readonly image: string; readonly reason: string }[];
}

/** Images that go through the network at once. */
const TOGETHER = 64;

/**
 * Classifies many image files; those that cannot be read are named, the others are classified.
 * @throws InterruptedError when stopped, ConfigError and CheckpointError as {@link predict}.
 */
export async function predictAll(
  found: Classifier,
  imagePaths: readonly string[],
  options: PredictOptions = {},
  context: StepContext = {},
): Promise<Predictions> {
  const top = topOf("predictAll", options);
  const { input } = found.record.architecture;
  const predictions: Prediction[] = [];
  const unreadable: { image: string; reason: string }[] = [];
  const progress = new Progress(context, "predict", imagePaths.length, "images");
  for (let from = 0; from < imagePaths.length; from += TOGETHER) {
    const paths = imagePaths.slice(from, from + TOGETHER);
    const read = await Promise.all(
      paths.map(async (path) => {
        try {
          return { path, ...(await readImage(path, input)) };
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          unreadable.push({ image: path, reason: error.message });
          return undefined;
        }
      }),
    );
    const images = read.filter((image) => image !== undefined);
    if (images.length > 0) predictions.push(...classified(found, images, top));
    progress.advance(paths.length);
    await breathe();
  }
  return { predictions, unreadable };
}

function topOf(where: string, options: PredictOptions): number {
  checkOptions(where, options, PREDICT_RULES);
  return options.top ?? 3;
}

function classified(
  { network, record }: Classifier,
  read: readonly (ReadImage & { readonly path: string })[],
  top: number,
): Prediction[] {
  const { input } = record.architecture;
  const { height, width, channels } = input;
  const size = height * width * channels;
  const images = new Uint8Array(read.length * size);
  for (const [i, { values }] of read.entries()) images.set(values, i * size);
  const all = { count: read.length, images, labels: new Uint8Array(read.length) };
  const batch = batchValues(all, [...read.keys()], input, record.preprocessing);
  const { logits, probabilities } = tf.tidy(() => {
    const answers = network.logits(tf.tensor4d(batch, [read.length, height, width, channels]), { mode: "eval" });
    return { logits: answers.dataSync(), probabilities: tf.softmax(answers).dataSync() };
  });
  // An infinite logit may still give probabilities that look like some.
  if (![logits, probabilities].every((values) => values.every(Number.isFinite))) {
    throw new CheckpointError(
      "predict: logits must be finite, got NaN or infinity: the network's weights are damaged",
      {
        images: read.map(({ path }) => path),
      },
    );
  }
  return read.map(({ path, resizing }, i) => {
    const own = record.classes.map((name, index) => ({
      name,
      index,
      probability: probabilities[i * record.classes.length + index],
    }));
    own.sort((a, b) => b.probability - a.probability);
    return { image: path, resizing, top: own.slice(0, top) };
  });
}
