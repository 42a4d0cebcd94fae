import { CheckpointError, fingerprint as fingerprintOf, Progress, Rng, type StepContext } from "../core";
import {
  type Batch,
  checkAugmentation,
  epochOrder,
  imageSize,
  type Mixing,
  type Preprocessing,
  readAhead,
  takeBatch,
} from "../data";
import { fused, tf } from "../engine";
import { cosine, type ForwardContext, type Module, type Network } from "../nn";
import { weightedCrossEntropy, weightsOfClasses } from "./class-weights";
import { type Classifier, evaluate, score } from "./evaluate";
import {
  bestEpoch,
  classifierOf,
  type FineTuning,
  hasSettled,
  headFirst,
  keepBest,
  tuningSettings,
} from "./fine-tuning";
import { type EpochWork, fit, type TrainingPass, type TrainingStep } from "./fit";
import { mixedLoss, softened, softTargetLoss } from "./losses";
import { classifierStates, type TrainingData, trainingFingerprint } from "./training-checkpoint";
import type { EpochRecord, MeasuredHistory } from "./training-history";
import { buildOptimizer, resolveTrainingOptions, type SoftTargets, type TrainingOptions } from "./training-options";
import { WeightAverage } from "./weight-average";

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
  return run(network, data, resolveTrainingOptions(given), context);
}

/**
 * Trains a network on from weights that know other images: first its classifier alone, then all of it, until the validation
 * accuracy has not risen for some epochs. `tuning.best` has the weights of the best epoch then (the first of equal ones), and
 * the history's accuracy is its.
 * @param given `epochs`: of the whole network, at most.
 * @throws TrainingError, InterruptedError as {@link trainClassifier}.
 */
export async function fineTuneClassifier(
  tuning: FineTuning,
  data: TrainingData,
  given: Partial<Omit<TrainingOptions, "validateEvery">> & Pick<TrainingOptions, "seed" | "epochs">,
  context: StepContext = {},
): Promise<MeasuredHistory> {
  return run(tuning.network, data, resolveTrainingOptions({ ...given, validateEvery: 1 }), context, tuning);
}

async function run(
  network: TrainableClassifier,
  data: TrainingData,
  options: TrainingOptions,
  context: StepContext,
  tuning?: FineTuning,
): Promise<MeasuredHistory> {
  const { checkpoint, task, learningRate, warmupEpochs, seed } = options;
  const batchSize = Math.min(options.batchSize, data.train.count);
  const steps = Math.floor(data.train.count / batchSize);
  checkAugmentation(options.augment, data.shape, task);
  const { classWeights, ema } = options;
  const weights = classWeights && weightsOfClasses(classWeights, data.train, data.classes, task);
  const average = ema === undefined ? undefined : new WeightAverage(network, ema);
  const work = { network, data, options, context, batchSize, steps, tuning, weights, average };
  const rng = new Rng(seed).fork("training");
  const whole = cosine({
    base: learningRate,
    total: options.epochs * steps,
    warmup: Math.round(warmupEpochs * steps),
  });
  const epochs = options.epochs + (tuning?.headEpochs ?? 0);
  const last = options.stopAfter ?? epochs;
  const { architecture } = network;
  const modules = { network, ...(tuning && { best: tuning.best }), ...(average && { average }) };
  const history = await fit({
    task,
    epochs,
    steps,
    modules,
    optimizers: {
      optimizer: { optimizer: buildOptimizer(options), schedule: tuning ? headFirst(tuning, whole, steps) : whole },
    },
    ...(checkpoint !== undefined && {
      states: classifierStates(checkpoint, context),
      fingerprint: trainingFingerprint(
        tuning ? { architecture, ...tuningSettings(tuning) } : architecture,
        data,
        options,
      ),
    }),
    advice: "Lower the learning rate or lengthen the warm-up",
    progress: (done) => new Progress(context, task, last * steps, "batches", Math.min(done, last * steps)),
    epoch: (epoch, before) => new ClassifierEpoch(work, epoch, rng.fork(`epoch${epoch}`), before),
    ends: (soFar: readonly EpochRecord[]) => soFar.length >= last || (tuning ? hasSettled(tuning, soFar) : false),
  }).catch((error: unknown) => {
    average?.dispose();
    throw error;
  });
  average?.apply();
  average?.dispose();
  const trainedMs = history.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const counted = tuning ? history[bestEpoch(history)] : history[last - 1];
  if (counted.validationAccuracy === undefined) {
    throw new CheckpointError(
      `${task}: the state in ${checkpoint} must have an accuracy measured after epoch ${last}, and has none, for it was trained beyond; delete it, and it is trained anew`,
      { path: checkpoint, epoch: last },
    );
  }
  return {
    epochs: history,
    accuracy: counted.validationAccuracy,
    validationImages: data.validation.count,
    imagesPerSecond: (history.length * steps * batchSize * 1000) / trainedMs,
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
  readonly tuning?: FineTuning;
  /** How much each class counts, `[classes]`. */
  readonly weights?: Float32Array;
  /** What is measured in place of the network's weights. */
  readonly average?: WeightAverage;
}

class ClassifierEpoch implements EpochWork<EpochRecord> {
  readonly validate?: () => Promise<number>;
  private readonly order: Uint32Array;
  private readonly parameters: Map<string, tf.Variable>;
  /** Its classifier alone learns in this epoch. */
  private readonly head?: Network;
  /** Whether the network whose answers are learnt sees images as this one does. */
  private readonly seenAlike: boolean;
  private correct = 0;

  constructor(
    private readonly work: ClassifierWork,
    private readonly epoch: number,
    private readonly rng: Rng,
    before: readonly EpochRecord[],
  ) {
    const { network, data, options, context, tuning } = work;
    this.order = epochOrder(data.train.count, rng.fork("order"));
    if (tuning && epoch < tuning.headEpochs) this.head = tuning.network;
    this.parameters = this.head ? classifierOf(this.head) : network.parameters();
    this.seenAlike = fingerprintOf(options.softTargets?.preprocessing) === fingerprintOf(data.preprocessing);
    if ((epoch + 1) % options.validateEvery === 0 || [options.epochs, options.stopAfter].includes(epoch + 1)) {
      const { signal } = context;
      this.validate = async () => {
        const measure = async () => {
          const { accuracy } = await evaluate(network, data.validation, data, { signal });
          if (tuning) keepBest(tuning, accuracy, before);
          return accuracy;
        };
        return work.average ? work.average.inPlace(measure) : measure();
      };
    }
  }

  step(index: number): TrainingStep {
    const { batchSize, data, options } = this.work;
    const { softTargets } = options;
    const rng = this.rng.fork(`step${index}`);
    const indices = this.order.subarray(index * batchSize, (index + 1) * batchSize);
    readAhead(data.train, this.order.subarray((index + 1) * batchSize, (index + 2) * batchSize), imageSize(data.shape));
    const { images, labels, mixing } = this.batch(indices, data.preprocessing, rng);
    const target = softTargets && this.softTarget(softTargets, images, indices, rng);
    // What does not learn is not differentiated: its maps are made before.
    const map = this.head?.forward(images, { mode: "eval" });
    const logits = (context: ForwardContext) =>
      map ? this.head!.classify(map, context) : this.work.network.logits(images, context);
    const hard = this.hardLoss(labels, mixing);
    const pass = this.pass(logits, { labels, hard }, rng, softTargets && target && { ...softTargets, target });
    return { passes: [pass], tensors: [images, labels, ...(target ? [target] : []), ...(map ? [map] : [])] };
  }

  moved(index: number): void {
    this.work.average?.follow(this.epoch * this.work.steps + index);
  }

  sums() {
    return { correct: this.correct };
  }

  resume(_steps: number, { correct }: Record<string, number>): void {
    this.correct = correct;
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
    answer: (context: ForwardContext) => tf.Tensor2D,
    { labels, hard }: { readonly labels: tf.Tensor1D; readonly hard: (logits: tf.Tensor2D) => tf.Scalar },
    rng: Rng,
    soft: (SoftTargets & { readonly target: tf.Tensor2D }) | undefined,
  ): TrainingPass {
    return {
      parameters: this.parameters,
      loss: () => {
        const logits = answer({ mode: "train", rng: rng.fork("network") });
        this.correct += score(logits.dataSync(), labels.dataSync()).correct;
        if (!soft) return hard(logits);
        const { target, temperature, weight } = soft;
        return mixedLoss([
          { loss: hard(logits), share: 1 - weight },
          { loss: softTargetLoss(logits, target, temperature), share: weight },
        ]);
      },
    };
  }

  /** The loss of the labels; of mixed images, of both labels by their shares. */
  private hardLoss(labels: tf.Tensor1D, mixing: Mixing | undefined): (logits: tf.Tensor2D) => tf.Scalar {
    const { options, weights } = this.work;
    const smoothing = { smoothing: options.labelSmoothing };
    const of = (logits: tf.Tensor2D, target: tf.Tensor1D) =>
      weights
        ? weightedCrossEntropy(logits, target, tf.tensor1d(weights), smoothing)
        : fused.softmaxCrossEntropy(logits, target, smoothing);
    if (!mixing) return (logits) => of(logits, labels);
    const { share, partners } = mixing;
    const own = labels.dataSync();
    return (logits) => {
      const other = tf.tensor1d(
        Int32Array.from(partners, (place) => own[place]),
        "int32",
      );
      return mixedLoss([
        { loss: of(logits, labels), share },
        { loss: of(logits, other), share: 1 - share },
      ]);
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
