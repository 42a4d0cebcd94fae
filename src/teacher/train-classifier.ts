import { breathe, fingerprint as fingerprintOf, Progress, Rng, type StepContext, TrainingError } from "../core";
import { type Batch, epochOrder, type Preprocessing, takeBatch } from "../data";
import { fused, tf } from "../engine";
import { cosine, lossAndGradients, type Network, type Optimizer } from "../nn";
import { evaluate, score } from "./evaluate";
import {
  firstNotFinite,
  resumeTraining,
  saveTraining,
  type TrainingData,
  trainingFingerprint,
} from "./training-checkpoint";
import type { EpochRecord, MeasuredHistory } from "./training-history";
import { buildOptimizer, resolveTrainingOptions, type SoftTargets, type TrainingOptions } from "./training-options";

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
  network: Network,
  data: TrainingData,
  given: Partial<TrainingOptions> & Pick<TrainingOptions, "seed" | "epochs">,
  context: StepContext = {},
): Promise<MeasuredHistory> {
  const options = resolveTrainingOptions(given);
  const { epochs, checkpoint, task } = options;
  const optimizer = buildOptimizer(options);
  try {
    const fingerprint = checkpoint === undefined ? "" : trainingFingerprint(network.architecture, data, options);
    const history = checkpoint
      ? resumeTraining<EpochRecord>(checkpoint, fingerprint, network, optimizer, epochs, context)
      : [];
    const run = new Run(network, data, options, optimizer, context, history.length);
    for (let epoch = history.length; epoch < epochs; epoch++) {
      history.push(await run.epoch(epoch));
      if (checkpoint) saveTraining(checkpoint, fingerprint, network, optimizer, history);
    }
    const trainedMs = history.reduce((sum, { durationMs }) => sum + durationMs, 0);
    return {
      epochs: history,
      accuracy: history[epochs - 1].validationAccuracy!,
      validationImages: data.validation.count,
      imagesPerSecond: (epochs * run.steps * run.batchSize * 1000) / trainedMs,
    };
  } catch (error) {
    if (error instanceof TrainingError) throw withCheckpoint(error, task, checkpoint);
    throw error;
  } finally {
    optimizer.dispose();
  }
}

/** One training at work: what stays the same from step to step. */
class Run {
  readonly batchSize: number;
  readonly steps: number;
  private readonly schedule: (step: number) => number;
  private readonly progress: Progress;
  private readonly parameters: Map<string, tf.Variable>;
  private readonly rng: Rng;
  /** Whether the network whose answers are learnt sees images as this one does. */
  private readonly seenAlike: boolean;

  constructor(
    private readonly network: Network,
    private readonly data: TrainingData,
    private readonly options: TrainingOptions,
    private readonly optimizer: Optimizer,
    private readonly context: StepContext,
    epochsDone: number,
  ) {
    const { epochs, learningRate, warmupEpochs, task, seed, softTargets } = options;
    this.batchSize = Math.min(options.batchSize, data.train.count);
    this.steps = Math.floor(data.train.count / this.batchSize);
    const total = epochs * this.steps;
    this.schedule = cosine({ base: learningRate, total, warmup: Math.round(warmupEpochs * this.steps) });
    this.progress = new Progress(context, task, total, "batches", epochsDone * this.steps);
    this.parameters = network.parameters();
    this.rng = new Rng(seed).fork("training");
    this.seenAlike = fingerprintOf(softTargets?.preprocessing) === fingerprintOf(data.preprocessing);
  }

  async epoch(epoch: number): Promise<EpochRecord> {
    const { train } = this.data;
    const rng = this.rng.fork(`epoch${epoch}`);
    const order = epochOrder(train.count, rng.fork("order"));
    const started = performance.now();
    let lossSum = 0;
    let correct = 0;
    let learningRate = 0;
    for (let i = 0; i < this.steps; i++) {
      learningRate = this.schedule(epoch * this.steps + i);
      const indices = order.subarray(i * this.batchSize, (i + 1) * this.batchSize);
      const step = this.step(indices, learningRate, rng.fork(`step${i}`));
      if (!Number.isFinite(step.loss)) {
        throw notFinite("the loss", step.loss, epoch, i, epoch * this.steps + i, learningRate);
      }
      lossSum += step.loss;
      correct += step.correct;
      const seen = (i + 1) * this.batchSize;
      this.progress.advance(1, { epoch: epoch + 1, loss: lossSum / (i + 1), accuracy: correct / seen, learningRate });
      await breathe();
    }
    const durationMs = performance.now() - started;
    const broken = firstNotFinite(this.network);
    if (broken) {
      throw notFinite(broken, Number.NaN, epoch, this.steps - 1, (epoch + 1) * this.steps - 1, learningRate);
    }
    const measured = (epoch + 1) % this.options.validateEvery === 0 || epoch + 1 === this.options.epochs;
    const validationAccuracy = measured ? await this.validate(epoch, learningRate) : undefined;
    return {
      epoch: epoch + 1,
      loss: lossSum / this.steps,
      trainAccuracy: correct / (this.steps * this.batchSize),
      ...(validationAccuracy !== undefined && { validationAccuracy }),
      learningRate,
      durationMs,
    };
  }

  /** Accuracy on the validation split; a network that overflows there has diverged. */
  private async validate(epoch: number, learningRate: number): Promise<number> {
    try {
      const { network, data, context } = this;
      return (await evaluate(network, data.validation, data, { signal: context.signal })).accuracy;
    } catch (error) {
      if (!(error instanceof TrainingError)) throw error;
      const last = this.steps - 1;
      throw notFinite("logits of validation images", Number.NaN, epoch, last, epoch * this.steps + last, learningRate);
    }
  }

  /** Augmented images as a network of that preprocessing sees them. */
  private batch(indices: Uint32Array, preprocessing: Preprocessing, rng: Rng): Batch {
    const { shape, train } = this.data;
    return takeBatch(train, indices, { shape, preprocessing }, { ...this.options.augment, rng: rng.fork("augment") });
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

  /** One batch forward and backward; the parameters move only if the loss is finite. */
  private step(indices: Uint32Array, learningRate: number, rng: Rng): { loss: number; correct: number } {
    const { labelSmoothing, softTargets } = this.options;
    const { images, labels } = this.batch(indices, this.data.preprocessing, rng);
    const target = softTargets && this.softTarget(softTargets, images, indices, rng);
    let correct = 0;
    const { loss, gradients } = lossAndGradients(() => {
      const logits = this.network.logits(images, { mode: "train", rng: rng.fork("network") });
      correct = score(logits.dataSync(), labels.dataSync()).correct;
      const hard = fused.softmaxCrossEntropy(logits, labels, { smoothing: labelSmoothing });
      return target && softTargets ? mixed(hard, logits, target, softTargets) : hard;
    }, this.parameters);
    const value = loss.dataSync()[0];
    if (Number.isFinite(value)) this.optimizer.step(gradients, this.parameters, learningRate);
    tf.dispose([images, labels, loss, ...gradients.values()]);
    target?.dispose();
    return { loss: value, correct };
  }
}

function softened(logits: tf.Tensor2D, temperature: number): tf.Tensor2D {
  return tf.softmax(tf.div(logits, temperature)) as tf.Tensor2D;
}

/** (1 - w) cross-entropy with the labels + w T^2 cross-entropy with the other network's softened answers. */
function mixed(
  hard: tf.Scalar,
  logits: tf.Tensor2D,
  target: tf.Tensor2D,
  { weight, temperature }: SoftTargets,
): tf.Scalar {
  const log = tf.logSoftmax(tf.div(logits, temperature));
  const soft = tf.mul(tf.mean(tf.sum(tf.mul(target, log), 1)), -(temperature ** 2));
  return tf.add(tf.mul(hard, 1 - weight), tf.mul(soft, weight)) as tf.Scalar;
}

function notFinite(what: string, got: number, epoch: number, step: number, inAll: number, learningRate: number) {
  return new TrainingError(
    `${what} must stay finite, got ${got} in epoch ${epoch + 1}, step ${step + 1} (step ${inAll + 1} in all) at learning rate ${learningRate.toPrecision(3)}`,
    { what, epoch: epoch + 1, step: step + 1, stepInAll: inAll + 1, learningRate },
  );
}

function withCheckpoint(error: TrainingError, task: string, checkpoint: string | undefined): TrainingError {
  const { epoch } = error.details as { epoch: number };
  const kept =
    checkpoint && epoch > 1 ? `the state after epoch ${epoch - 1} is kept in ${checkpoint}` : "no epoch was complete";
  return new TrainingError(
    `${task}: ${error.message}; ${checkpoint ? kept : "no checkpoint was asked for"}. Lower the learning rate or lengthen the warm-up`,
    { ...error.details, task, checkpoint },
    { cause: error },
  );
}
