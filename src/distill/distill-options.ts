import { ConfigError } from "../core";
import { cosine, exponential, type Schedule } from "../nn";

export interface DistillOptions {
  /** Decides initial weights, order of images and paths, for each block, cell and epoch apart. */
  readonly seed: number;
  /** Passes over the features, for every cell. */
  readonly epochs: number;
  readonly batchSize: number;
  /** "fair" trains as many paths a batch as a layer has ops, and takes that many times longer. */
  readonly sampler: "uniform" | "fair";
  /** Adam's learning rate in the first epoch; a list gives one for each block. */
  readonly learningRate: number | readonly number[];
  /** "exponential": multiplied by `decay` after each epoch; "cosine": falls to 0 along half a cosine, step by step. */
  readonly schedule: "exponential" | "cosine";
  readonly decay: number;
  /** L2 penalty in Adam's gradient; not on biases and batch norms. */
  readonly weightDecay: number;
}

/** What a distillation does unless told otherwise; optimizer settings of the released DNA code, except for the schedule. */
export const DISTILL_DEFAULTS: DistillOptions = {
  seed: 1,
  epochs: 3,
  batchSize: 32,
  sampler: "uniform",
  learningRate: 0.005,
  schedule: "cosine",
  decay: 0.9,
  weightDecay: 1e-4,
};

/**
 * Options with the defaults filled in and checked; those given as undefined count as not given.
 * @throws ConfigError naming the option.
 */
export function resolveDistillOptions(given: Partial<DistillOptions> = {}): DistillOptions {
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const options: DistillOptions = { ...DISTILL_DEFAULTS, ...set };
  const check = (holds: boolean, name: keyof DistillOptions, must: string) => {
    if (!holds) throw new ConfigError(`distill: ${name} must be ${must}, got ${JSON.stringify(options[name])}`);
  };
  const rates = [options.learningRate].flat();
  check(Number.isInteger(options.epochs) && options.epochs >= 1, "epochs", "a whole number from 1");
  check(Number.isInteger(options.batchSize) && options.batchSize >= 2, "batchSize", "a whole number from 2");
  check(options.sampler === "uniform" || options.sampler === "fair", "sampler", '"uniform" or "fair"');
  check(rates.length > 0 && rates.every((rate) => rate > 0), "learningRate", "above 0");
  check(options.schedule === "exponential" || options.schedule === "cosine", "schedule", '"exponential" or "cosine"');
  check(options.decay > 0 && options.decay <= 1, "decay", "in (0, 1]");
  check(options.weightDecay >= 0, "weightDecay", "0 or more");
  return options;
}

/**
 * The learning rate of a block at each step.
 * @throws ConfigError when the list of rates has none for the block.
 */
export function blockSchedule(options: DistillOptions, block: number, stepsPerEpoch: number): Schedule {
  const { learningRate, epochs, decay } = options;
  const base = typeof learningRate === "number" ? learningRate : learningRate[block];
  if (base === undefined) {
    throw new ConfigError(
      `distill: learningRate must have one entry a block, got ${JSON.stringify(learningRate)} without one for block ${block}`,
    );
  }
  if (options.schedule === "cosine") return cosine({ base, total: epochs * stepsPerEpoch });
  const perEpoch = exponential({ base, factor: decay });
  return (step) => perEpoch(Math.floor(step / stepsPerEpoch));
}
