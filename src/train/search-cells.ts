import { z } from "zod";
import { checkOptions, fingerprint, type OptionRules, Progress, Rng, rule, type StepContext } from "../core";
import { epochOrder, splitFingerprint, takeBatch } from "../data";
import { fused, tf } from "../engine";
import { adam, clipped, cosine, type MixedCellNetwork, type MixedCells, type NormMode, sgd } from "../nn";
import { architectureGradients } from "./bilevel";
import { evaluate } from "./evaluate";
import { type EpochWork, fit, type TrainingStep } from "./fit";
import { stateFile } from "./state-file";
import { type TrainingData, trainingState } from "./training-checkpoint";

export interface CellSearchOptions {
  /** Decides halves of the training images, and their order. */
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Of the weights: falls along half a cosine from the first to the second. */
  readonly learningRate: readonly [first: number, last: number];
  readonly momentum: number;
  readonly weightDecay: number;
  /** Longest gradient of all weights together. */
  readonly clip: number;
  /** Adam's, of the architecture parameters. */
  readonly architectureRate: number;
  readonly architectureDecay: number;
  /** Of the architecture's gradient: 1 takes the weights as given, 2 looks one step ahead, see {@link architectureGradients}. */
  readonly order: 1 | 2;
  /** File to keep the last complete epoch in; a search that finds it there goes on from it. */
  readonly checkpoint?: string;
  /** What progress is reported as. */
  readonly task: string;
}

/** PocketNet's, as the released code has them; its order is 2. */
export const CELL_SEARCH_DEFAULTS: Omit<CellSearchOptions, "seed" | "epochs"> = {
  batchSize: 128,
  learningRate: [0.1, 0.004],
  momentum: 0.9,
  weightDecay: 3e-4,
  clip: 5,
  architectureRate: 1.2e-3,
  architectureDecay: 1e-3,
  order: 1,
  task: "search cells",
};

const RULES: OptionRules<CellSearchOptions> = {
  seed: rule.whole,
  epochs: rule.wholeFrom(1),
  batchSize: rule.wholeFrom(2),
  learningRate: rule.list(rule.above(0), 2),
  momentum: rule.below(0, 1),
  weightDecay: rule.from(0),
  clip: rule.above(0),
  architectureRate: rule.above(0),
  architectureDecay: rule.from(0),
  order: { must: "1 or 2", holds: (value) => value === 1 || value === 2 },
  checkpoint: rule.text,
  task: rule.text,
};

/** What one epoch of a search did; losses are means over its batches, in nats. */
export interface CellSearchEpoch {
  /** From 1. */
  readonly epoch: number;
  /** On the half that weights learn from. */
  readonly trainLoss: number;
  /** On the half that the architecture learns from. */
  readonly architectureLoss: number;
  /** Top-1 of the mixture on the validation images, 0..1. */
  readonly validationAccuracy: number;
  /** At the end of the epoch. */
  readonly mixture: MixedCells;
  readonly learningRate: number;
  readonly durationMs: number;
}

const epochSchema: z.ZodType<CellSearchEpoch> = z.object({
  epoch: z.number(),
  trainLoss: z.number(),
  architectureLoss: z.number(),
  validationAccuracy: z.number(),
  mixture: z.record(z.string(), z.array(z.array(z.number()))),
  learningRate: z.number(),
  durationMs: z.number(),
});

export interface CellSearch {
  readonly history: readonly CellSearchEpoch[];
  /** Of the epoch whose mixture validated best, the first of equal ones. */
  readonly best: CellSearchEpoch;
  /** Its cells, by kind. */
  readonly cells: ReturnType<MixedCellNetwork["cells"]>;
}

/** Betas of Adam for the architecture (DARTS' released code). */
const BETAS = { beta1: 0.5, beta2: 0.999 };

/**
 * Searches cells by gradient descent (DARTS, algorithm 1): in turn the architecture parameters move by a batch of one half of
 * the training images, the weights by a batch of the other. The last, incomplete batch of a half is left out. A search that was
 * killed and finds its checkpoint ends with the same numbers.
 * @throws ConfigError when an option is not known or cannot be.
 * @throws TrainingError when a loss or a parameter is not finite; InterruptedError when stopped.
 */
export async function searchCells(
  network: MixedCellNetwork,
  data: TrainingData,
  given: Partial<CellSearchOptions> & Pick<CellSearchOptions, "seed" | "epochs">,
  context: StepContext = {},
): Promise<CellSearch> {
  const asked = typeof given?.task === "string" ? given.task : CELL_SEARCH_DEFAULTS.task;
  checkOptions(asked, given, RULES);
  const { seed = null, epochs: count = null } = given;
  checkOptions(asked, { seed, epochs: count }, { seed: RULES.seed, epochs: RULES.epochs });
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options = { ...CELL_SEARCH_DEFAULTS, ...set } as CellSearchOptions;
  const { task, epochs, checkpoint, momentum, weightDecay, architectureDecay, clip, architectureRate } = options;
  const rng = new Rng(options.seed).fork("cell-search");
  const order = rng.fork("halves").permutation(data.train.count);
  const middle = data.train.count >> 1;
  const halves: Halves = { weights: order.slice(0, middle), architecture: order.slice(middle, 2 * middle) };
  const batchSize = Math.min(options.batchSize, middle);
  const batches = Math.floor(middle / batchSize);
  const [first, last] = options.learningRate;
  const falling = cosine({ base: first - last, total: epochs * batches });
  const rateAt = (batch: number) => last + falling(batch);
  const work = { network, data, options: { ...options, batchSize }, halves, batches, rateAt, context };
  const total = 2 * epochs * batches;
  const history = await fit({
    task,
    epochs,
    // In turn the architecture's and the weights'.
    steps: 2 * batches,
    modules: { network },
    optimizers: {
      weights: {
        optimizer: clipped(sgd({ momentum, weightDecay }), clip),
        schedule: (step) => rateAt(step >> 1),
        moves: (name) => !isArchitecture(name),
      },
      architecture: {
        optimizer: adam({ ...BETAS, weightDecay: architectureDecay }),
        schedule: () => architectureRate,
        moves: isArchitecture,
      },
    },
    ...(checkpoint !== undefined && {
      states: stateFile(checkpoint, trainingState(epochSchema), context),
      fingerprint: searchName(network, data, options),
    }),
    advice: "Lower the learning rate",
    progress: (done) => new Progress(context, task, total, "batches", done),
    epoch: (epoch) => new SearchWork(work, epoch, rng.fork(`epoch${epoch}`)),
  });
  const best = history.reduce((a, b) => (b.validationAccuracy > a.validationAccuracy ? b : a));
  return { history, best, cells: network.cells(best.mixture) };
}

function isArchitecture(parameter: string): boolean {
  return parameter.startsWith("alpha.");
}

function searchName(
  { architecture, mixed }: MixedCellNetwork,
  { train, validation, shape, preprocessing, classes }: TrainingData,
  { checkpoint: _file, task: _task, ...options }: CellSearchOptions,
): string {
  const splits = { train: splitFingerprint(train), validation: splitFingerprint(validation) };
  return fingerprint({ architecture, mixed, data: { ...splits, shape, preprocessing, classes }, options });
}

/** Places of the training images of each half. */
interface Halves {
  readonly weights: Uint32Array;
  readonly architecture: Uint32Array;
}

interface Work {
  readonly network: MixedCellNetwork;
  readonly data: TrainingData;
  readonly options: CellSearchOptions;
  readonly halves: Halves;
  /** Of a half, an epoch. */
  readonly batches: number;
  readonly rateAt: (batch: number) => number;
  readonly context: StepContext;
}

class SearchWork implements EpochWork<CellSearchEpoch> {
  private readonly orders: Halves;
  private readonly summed = { weights: 0, architecture: 0 };

  constructor(
    private readonly work: Work,
    private readonly epoch: number,
    rng: Rng,
  ) {
    const drawn = (half: keyof Halves) => {
      const own = work.halves[half];
      return epochOrder(own.length, rng.fork(half)).map((place) => own[place]);
    };
    this.orders = { weights: drawn("weights"), architecture: drawn("architecture") };
  }

  step(index: number): TrainingStep {
    const batch = index >> 1;
    return index % 2 === 0 ? this.architectureStep(batch) : this.weightStep(batch);
  }

  sums() {
    return { ...this.summed };
  }

  resume(_steps: number, sums: Record<string, number>): void {
    Object.assign(this.summed, sums);
  }

  private architectureStep(batch: number): TrainingStep {
    const { network, options, batches, rateAt } = this.work;
    const { images, labels } = this.batch("architecture", batch);
    // The batch that the weights move by next.
    const ahead = options.order === 2 ? this.batch("weights", batch) : undefined;
    const parameters = network.architectureParameters();
    // Running statistics are those of the weights' steps.
    const loss = () => this.loss(images, labels, "batch");
    const problem = {
      weights: network.weights(),
      architecture: parameters,
      trainingLoss: () => this.loss(ahead!.images, ahead!.labels, "batch"),
      validationLoss: loss,
    };
    const learningRate = rateAt(this.epoch * batches + batch);
    const differentiate = () => {
      const result = architectureGradients(problem, { order: options.order, learningRate });
      this.summed.architecture += result.loss.dataSync()[0];
      return result;
    };
    const tensors = [images, labels, ...(ahead ? [ahead.images, ahead.labels] : [])];
    return { passes: [{ parameters, loss, differentiate }], tensors };
  }

  private weightStep(batch: number): TrainingStep {
    const { images, labels } = this.batch("weights", batch);
    const loss = () => {
      const value = this.loss(images, labels, "train");
      this.summed.weights += value.dataSync()[0];
      return value;
    };
    return { passes: [{ parameters: this.work.network.weights(), loss }], tensors: [images, labels] };
  }

  private batch(half: keyof Halves, index: number) {
    const { data, options } = this.work;
    const { batchSize } = options;
    return takeBatch(data.train, this.orders[half].subarray(index * batchSize, (index + 1) * batchSize), data);
  }

  private loss(images: tf.Tensor4D, labels: tf.Tensor1D, mode: NormMode): tf.Scalar {
    return tf.tidy(() =>
      fused.softmaxCrossEntropy(this.work.network.logits(images, { mode }), labels, { smoothing: 0 }),
    );
  }

  async validate(): Promise<number> {
    const { network, data, context } = this.work;
    return (await evaluate(network, data.validation, data, { signal: context.signal })).accuracy;
  }

  record({
    epoch,
    learningRate,
    durationMs,
    validation,
  }: Parameters<EpochWork<CellSearchEpoch>["record"]>[0]): CellSearchEpoch {
    const { summed, work } = this;
    return {
      epoch,
      trainLoss: summed.weights / work.batches,
      architectureLoss: summed.architecture / work.batches,
      validationAccuracy: validation as number,
      mixture: work.network.mixture(),
      learningRate,
      durationMs,
    };
  }
}
