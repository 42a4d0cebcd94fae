import { ConfigError, checkOptions, type OptionRules, rule } from "../core";
import { cosine, exponential, type Schedule } from "../nn";

export interface DistillOptions {
  /** Decides initial weights, order of images and paths, for each block, cell and epoch apart. */
  readonly seed: number;
  /** Passes over the features, for every cell; a list gives one number for each block. */
  readonly epochs: number | readonly number[];
  readonly batchSize: number;
  /**
   * "uniform": one random path a batch, as the released DNA code; "fair": as many paths as a layer has ops, every op once
   * (FairNAS, arXiv 1907.01845), which takes that many times longer.
   * "balanced": one path a batch, but no candidate again before all others had their turn.
   */
  readonly sampler: "uniform" | "fair" | "balanced";
  /** Adam's learning rate in the first epoch; a list gives one for each block. */
  readonly learningRate: number | readonly number[];
  /** "exponential": multiplied by `decay` after each epoch; "cosine": falls to 0 along half a cosine, step by step. */
  readonly schedule: "exponential" | "cosine";
  readonly decay: number;
  /** L2 penalty in Adam's gradient; not on biases and batch norms. */
  readonly weightDecay: number;
  /**
   * What a block is fed with. "teacher": the teacher's feature map before the block (DNA, section 3.2), so that blocks are
   * independent. "student": what the best rated candidates of the blocks before make of the image (strategy S1 of the
   * paper's ablation; `guide_input: false` in the released code, whose model pool holds three where ours holds the best);
   * blocks are then distilled and rated in sequence, see `studentFeatures`.
   */
  readonly guideInput: "teacher" | "student";
  /**
   * Share of the cross-entropy with the labels in the loss, 0..1 (strategy S2; `label_train` in the released code, which
   * has 0.5). The answers are a linear layer's on the pooled output of the block; the released code appends the student's
   * remaining blocks instead, which would tie the blocks to each other.
   */
  readonly labelLoss: number;
  /**
   * Parameters that an update moves, always of the cell at work only. "path": those of the sampled path. "block": all that
   * were ever sampled, by Adam's momentum and weight decay, as the released code does (its optimizer holds every
   * parameter, and PyTorch before 2.0 leaves zero gradients behind).
   */
  readonly optimizerScope: "path" | "block";
  /**
   * What kernels are drawn from. "fan-out": normal values of variance 2 / fan-out, as EfficientNet and the released code.
   * "fan-in": uniform values within 1 / sqrt(fan-in), PyTorch's default, smaller for depthwise kernels above all; behind batch norms
   * a smaller kernel learns faster.
   */
  readonly initialWeights: "fan-out" | "fan-in";
  /**
   * What the squared error is taken of. "none": the feature maps as they are, channels of large values counting most.
   * "channel": each channel divided by its standard deviation in the teacher's maps, so that all count alike.
   */
  readonly targetScale: "none" | "channel";
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
  guideInput: "teacher",
  labelLoss: 0,
  optimizerScope: "path",
  initialWeights: "fan-out",
  targetScale: "none",
};

/** What each option must be. */
export const DISTILL_RULES: OptionRules<DistillOptions> = {
  seed: rule.whole,
  epochs: rule.each(rule.wholeFrom(1)),
  batchSize: rule.wholeFrom(2),
  sampler: rule.oneOf("uniform", "fair", "balanced"),
  learningRate: rule.each(rule.above(0)),
  schedule: rule.oneOf("exponential", "cosine"),
  decay: rule.upTo(0, 1),
  weightDecay: rule.from(0),
  guideInput: rule.oneOf("teacher", "student"),
  labelLoss: rule.within(0, 1),
  optimizerScope: rule.oneOf("path", "block"),
  initialWeights: rule.oneOf("fan-out", "fan-in"),
  targetScale: rule.oneOf("none", "channel"),
};

/**
 * Options with the defaults filled in and checked; those given as undefined count as not given.
 * @throws ConfigError for an option that is not known, with the nearest, or a value that it cannot have.
 */
export function resolveDistillOptions(given: Partial<DistillOptions> = {}): DistillOptions {
  checkOptions("distill", given, DISTILL_RULES);
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...DISTILL_DEFAULTS, ...set };
}

/** A block's own value of an option that may be a list. @throws ConfigError when the list has none for the block. */
function ofBlock(options: DistillOptions, name: "epochs" | "learningRate", block: number): number {
  const given = options[name];
  const value = typeof given === "number" ? given : given[block];
  if (value !== undefined) return value;
  throw new ConfigError(
    `distill: ${name} must have one entry a block, got ${JSON.stringify(given)} without one for block ${block}`,
  );
}

/** Passes over the features for a block. @throws ConfigError when the list of epochs has none for it. */
export function blockEpochs(options: DistillOptions, block: number): number {
  return ofBlock(options, "epochs", block);
}

/**
 * The learning rate of a block at each step.
 * @throws ConfigError when the list of rates or of epochs has none for the block.
 */
export function blockSchedule(options: DistillOptions, block: number, stepsPerEpoch: number): Schedule {
  const base = ofBlock(options, "learningRate", block);
  const { decay } = options;
  if (options.schedule === "cosine") return cosine({ base, total: blockEpochs(options, block) * stepsPerEpoch });
  const perEpoch = exponential({ base, factor: decay });
  return (step) => perEpoch(Math.floor(step / stepsPerEpoch));
}
