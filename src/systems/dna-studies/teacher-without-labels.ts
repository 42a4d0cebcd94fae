import { Rng, type StepContext } from "../../core";
import { checkDataset, type Dataset, takeBatch, withTrainImages } from "../../data";
import { tf } from "../../engine";
import { Network } from "../../nn";
import type { Architecture } from "../../space";
import type { WithoutLabels } from "../../study/ranking";
import { Teacher } from "../../teacher";
import { CONTRASTIVE_DEFAULTS, linearProbe, trainContrastive } from "../../train";

/** Training images that the batch norms of an untrained teacher are measured on. */
const NORM_IMAGES = 256;

/**
 * A teacher that saw no labels: trained by the contrastive loss of CSNAS (Nguyen and Chang, arXiv 2102.10557), or untrained,
 * the zero of any teacher: initial weights, batch norms measured on training images. Its answers are no classes but an
 * embedding; its classifier has an output for each feature.
 * @throws ConfigError for options out of range, TrainingError where the training diverges, InterruptedError when stopped.
 */
export async function teacherWithoutLabels(
  preset: Architecture,
  data: Dataset,
  { images = data.train.count, features, epochs, ...options }: WithoutLabels,
  seed: number,
  context: StepContext = {},
): Promise<Teacher> {
  checkDataset(data, "teacherWithoutLabels");
  const architecture = { ...preset, classes: features };
  const network = new Network(architecture, new Rng(seed).fork("teacher"));
  const own = withTrainImages(data, images, seed);
  const of = { architecture, preprocessing: data.preprocessing, dataset: data.name };
  const classes = Array.from({ length: features }, (_, i) => `feature ${i}`);
  const history = { epochs: [], validationImages: 0, imagesPerSecond: 0 };
  try {
    if (epochs === 0) {
      measureNorms(network, own);
      return new Teacher(network, {
        ...of,
        classes,
        history,
        remarks: ["untrained: its weights are the initial ones"],
      });
    }
    const task = "train teacher without labels";
    const trained = await trainContrastive(network, own, { ...options, seed, epochs, features, task }, context);
    const losses = trained.map(({ loss }) => loss.toFixed(2)).join(", ");
    const { negatives } = { ...CONTRASTIVE_DEFAULTS, ...options };
    const chance = Math.log(1 + negatives).toFixed(2);
    const seconds = trained.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
    const remark = `trained without labels: contrastive loss by epoch ${losses} nats (of chance ${chance}), in ${seconds.toFixed(0)} s`;
    return new Teacher(network, { ...of, classes, history, remarks: [remark] });
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** Gives batch norms that no training has moved the statistics of images: else features need not be of any usual size. */
function measureNorms(network: Network, data: Dataset): void {
  const indices = Array.from({ length: Math.min(NORM_IMAGES, data.train.count) }, (_, i) => i);
  const { images, labels } = takeBatch(data.train, indices, data);
  tf.tidy(() => network.logits(images, { mode: "recalibrate" }));
  tf.dispose([images, labels]);
}

/** Labelled training images that the classifier of {@link probedAccuracy} sees. */
export const PROBE_IMAGES = 5000;

/**
 * Accuracy, 0..1, on the validation images of a linear classifier of a teacher's last feature maps: how much of the classes is in
 * what it knows. It is reported alone; no rating reads it.
 */
export function probedAccuracy(
  teacher: Teacher,
  data: Dataset,
  seed: number,
  context: StepContext = {},
): Promise<number> {
  const { train, classes, shape, preprocessing, validation } = withTrainImages(
    data,
    Math.min(PROBE_IMAGES, data.train.count),
    seed,
  );
  return linearProbe(teacher.network, { train, test: validation, classes, shape, preprocessing }, { seed }, context);
}
