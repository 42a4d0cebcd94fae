import { fingerprint as fingerprintOf, Progress, Rng, type StepContext } from "../core";
import { type Batch, epochOrder, type Preprocessing, takeBatch } from "../data";
import { fused, tf } from "../engine";
import { cosine, type Module } from "../nn";
import { type Classifier, evaluate, score } from "./evaluate";
import { type EpochWork, fit, type TrainingPass, type TrainingStep } from "./fit";
import { mixedLoss, softened, softTargetLoss } from "./losses";
import { stateFile } from "./state-file";
import { type TrainingData, trainingFingerprint, trainingState } from "./training-checkpoint";
import { type EpochRecord, epochRecordSchema, type MeasuredHistory } from "./training-history";
import { buildOptimizer, resolveTrainingOptions, type SoftTargets, type TrainingOptions } from "./training-options";

/** A network that can be trained on labels: of a chain of layers, of cells, or any other. */
export interface TrainableClassifier extends Module, Classifier {
  /** What it was built from: names it in kept states. */
  readonly architecture: object;
}

/**
 * Trains a network on labels (and another network's answers, if asked) by cross-entropy. Each of the two sees the images
 * under its own preprocessing.
 *
 * Every epoch's draws depend on the seed and the epoch alone, so a training that was killed and finds its checkpoint ends
 * with the same numbers. The last, incomplete batch of an epoch is left out.
 * @throws TrainingError when the loss or a parameter is not finite; the last good checkpoint stays.
 * @throws InterruptedError when stopped; the last complete epoch's checkpoint stays.
 */
export async function trainClassifier(
  network: TrainableClassifier,
  data: TrainingData,
  given: Partial<TrainingOptions> & Pick<TrainingOptions, "seed" | "epochs">,
  context: StepContext = {},
): Promise<MeasuredHistory> {
  const options = resolveTrainingOptions(given);
  const { epochs, checkpoint, task, learningRate, warmupEpochs, seed } = options;
  const batchSize = Math.min(options.batchSize, data.train.count);
  const steps = Math.floor(data.train.count / batchSize);
  const total = epochs * steps;
  const work = { network, data, options, context, batchSize, steps };
  const rng = new Rng(seed).fork("training");
  const history = await fit({
    task,
    epochs,
    steps,
    modules: { network },
    optimizers: {
      optimizer: {
        optimizer: buildOptimizer(options),
        schedule: cosine({ base: learningRate, total, warmup: Math.round(warmupEpochs * steps) }),
      },
    },
    ...(checkpoint !== undefined && {
      states: stateFile(checkpoint, trainingState(epochRecordSchema), context),
      fingerprint: trainingFingerprint(network.architecture, data, options),
    }),
    advice: "Lower the learning rate or lengthen the warm-up",
    progress: (done) => new Progress(context, task, total, "batches", done * steps),
    epoch: (epoch) => new ClassifierEpoch(work, epoch, rng.fork(`epoch${epoch}`)),
  });
  const trainedMs = history.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return {
    epochs: history,
    accuracy: history[epochs - 1].validationAccuracy!,
    validationImages: data.validation.count,
    imagesPerSecond: (epochs * steps * batchSize * 1000) / trainedMs,
  };
}

/** What stays the same from epoch to epoch. */
interface ClassifierWork {
  readonly network: TrainableClassifier;
  readonly data: TrainingData;
  readonly options: TrainingOptions;
  readonly context: StepContext;
  readonly batchSize: number;
  readonly steps: number;
}

class ClassifierEpoch implements EpochWork<EpochRecord> {
  readonly validate?: () => Promise<number>;
  private readonly order: Uint32Array;
  private readonly parameters: Map<string, tf.Variable>;
  /** Whether the network whose answers are learnt sees images as this one does. */
  private readonly seenAlike: boolean;
  private correct = 0;

  constructor(
    private readonly work: ClassifierWork,
    epoch: number,
    private readonly rng: Rng,
  ) {
    const { network, data, options, context } = work;
    this.order = epochOrder(data.train.count, rng.fork("order"));
    this.parameters = network.parameters();
    this.seenAlike = fingerprintOf(options.softTargets?.preprocessing) === fingerprintOf(data.preprocessing);
    if ((epoch + 1) % options.validateEvery === 0 || epoch + 1 === options.epochs) {
      const { signal } = context;
      this.validate = async () => (await evaluate(network, data.validation, data, { signal })).accuracy;
    }
  }

  step(index: number): TrainingStep {
    const { batchSize, data, options } = this.work;
    const { softTargets } = options;
    const rng = this.rng.fork(`step${index}`);
    const indices = this.order.subarray(index * batchSize, (index + 1) * batchSize);
    const { images, labels } = this.batch(indices, data.preprocessing, rng);
    const target = softTargets && this.softTarget(softTargets, images, indices, rng);
    const pass = this.pass(images, labels, rng, softTargets && target && { ...softTargets, target });
    return { passes: [pass], tensors: target ? [images, labels, target] : [images, labels] };
  }

  figures({ learningRate, ...soFar }: { epoch: number; loss: number; learningRate: number }, steps: number) {
    return { ...soFar, accuracy: this.correct / (steps * this.work.batchSize), learningRate };
  }

  record({ validation, ...totals }: Parameters<EpochWork<EpochRecord>["record"]>[0]): EpochRecord {
    const { epoch, loss, learningRate, durationMs } = totals;
    const trainAccuracy = this.correct / (this.work.steps * this.work.batchSize);
    const measured = validation !== undefined && { validationAccuracy: validation };
    return { epoch, loss, trainAccuracy, ...measured, learningRate, durationMs };
  }

  private pass(
    images: tf.Tensor4D,
    labels: tf.Tensor1D,
    rng: Rng,
    soft: (SoftTargets & { readonly target: tf.Tensor2D }) | undefined,
  ): TrainingPass {
    const { network, options } = this.work;
    return {
      parameters: this.parameters,
      loss: () => {
        const logits = network.logits(images, { mode: "train", rng: rng.fork("network") });
        this.correct += score(logits.dataSync(), labels.dataSync()).correct;
        const hard = fused.softmaxCrossEntropy(logits, labels, { smoothing: options.labelSmoothing });
        if (!soft) return hard;
        const { target, temperature, weight } = soft;
        return mixedLoss([
          { loss: hard, share: 1 - weight },
          { loss: softTargetLoss(logits, target, temperature), share: weight },
        ]);
      },
    };
  }

  /** Augmented images as a network of that preprocessing sees them. */
  private batch(indices: Uint32Array, preprocessing: Preprocessing, rng: Rng): Batch {
    const { data, options } = this.work;
    const seen = { shape: data.shape, preprocessing };
    return takeBatch(data.train, indices, seen, { ...options.augment, rng: rng.fork("augment") });
  }

  /** The other network's softened answers `[batch, classes]` to the same augmented images, prepared as it is used to. */
  private softTarget(
    { logits, preprocessing, temperature }: SoftTargets,
    images: tf.Tensor4D,
    indices: Uint32Array,
    rng: Rng,
  ): tf.Tensor2D {
    return tf.tidy(() => {
      const seen = this.seenAlike ? images : this.batch(indices, preprocessing, rng).images;
      return softened(logits(seen), temperature);
    });
  }
}
