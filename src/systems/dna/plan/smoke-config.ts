import type { Dataset } from "../../../data";
import { FEWEST } from "../../../surrogate";
import type { ExperimentConfig } from "../config";

/**
 * Images of a study at a tiny scale; more where the classes or a batch need them. With a quarter of them what a training takes to
 * begin counted for a share of its time, and the quickstart was foreseen to take two thirds longer than it does.
 */
const SMOKE_IMAGES = 2048;
/** Batches that each cell learns from. */
const SMOKE_BATCHES = 12;
/** The share of the images that candidates are rated on. */
const RATING_SHARE = 4;

/** How many images there are, at the whole scale or the tiny one. */
export interface ImageCounts {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** The images of a data set. */
export function countsOf({ train, validation, test }: Pick<Dataset, "train" | "validation" | "test">): ImageCounts {
  return { train: train.count, validation: validation.count, test: test.count };
}

/** Images of the tiny study: training and validation in the same proportion as at the whole scale. */
export function smokeCounts(whole: ImageCounts, classes: number, batchSize: number): ImageCounts {
  const train = Math.min(whole.train, Math.max(SMOKE_IMAGES, 4 * classes, 4 * batchSize));
  const validation = Math.min(
    whole.validation,
    Math.max(classes, Math.round((train * whole.validation) / whole.train)),
  );
  return { train, validation, test: Math.min(whole.test, Math.max(classes, SMOKE_IMAGES / 2)) };
}

/**
 * The same study at a tiny scale: same teacher, blocks, space, limits and batches, with few images, one epoch and one network of
 * each kind. What it finds is worth nothing; that it comes to its end is.
 */
export function smokeConfig(config: ExperimentConfig, whole: ImageCounts, classes: number): ExperimentConfig {
  const { data, teacher, distill, rate, improve, retrain, name } = config;
  const batchSize = Math.max(teacher.batchSize, retrain.batchSize, improve?.batchSize ?? 1);
  const counts = smokeCounts(whole, classes, batchSize);
  const { fineTune } = teacher;
  const images = Math.min(distill.images, counts.train, SMOKE_BATCHES * distill.batchSize);
  const ofRating = (count: number) => Math.min(count, Math.max(2, Math.ceil(count / RATING_SHARE)));
  return {
    ...config,
    name: `${name ?? "experiment"}-smoke`,
    data: { ...data, trainCount: counts.train, validationCount: counts.validation, testCount: counts.test },
    teacher: {
      ...teacher,
      epochs: 1,
      ...(fineTune && { fineTune: { ...fineTune, epochs: 1, headEpochs: Math.min(1, fineTune.headEpochs ?? 1) } }),
    },
    distill: { ...distill, images, epochs: Array.isArray(distill.epochs) ? distill.epochs.map(() => 1) : 1 },
    rate: {
      ...rate,
      images: Math.min(counts.validation, ofRating(rate.images)),
      // A readout is fitted on them: fewer than it needs would end in an error that the study has not.
      calibrationImages:
        rate.readout === "linear" ? Math.min(images, rate.calibrationImages) : ofRating(rate.calibrationImages),
    },
    ...(improve && {
      improve: {
        ...improve,
        networks: FEWEST,
        rounds: 1,
        epochs: 1,
        images: Math.min(improve.images ?? counts.train, counts.train),
      },
    }),
    retrain: { ...retrain, epochs: 1, alongFront: 1, random: Math.min(1, retrain.random), trainings: 1 },
  };
}
