import { ConfigError, checkOptions, type OptionRules, rule, shown } from "../core";
import type { EvaluationBudget } from "../search";

/**
 * How much of a full training a proxy spends (EcoNAS, section 3; Zhou et al., CVPR 2020): any of the four factors that it
 * reduces. What is left out is as in the full training.
 */
export interface ReducedBudget extends EvaluationBudget {
  /** Share of all widths, in (0, 1]. */
  readonly channels: number;
  /** Share of the images' height and width, in (0, 1]. */
  readonly resolution: number;
  /** Share of the training images, in (0, 1]. */
  readonly samples: number;
  readonly epochs: number;
  /** Epochs of the learning rate's schedule, where the training ends before it: a stage of a longer one. */
  readonly schedule: number;
}

const RULES: OptionRules<ReducedBudget> = {
  channels: rule.upTo(0, 1),
  resolution: rule.upTo(0, 1),
  samples: rule.upTo(0, 1),
  epochs: rule.wholeFrom(1),
  schedule: rule.wholeFrom(1),
} as OptionRules<ReducedBudget>;

/**
 * A budget with all of its quantities.
 * @param fullEpochs Of the full training.
 * @throws ConfigError when a quantity is not known or out of range.
 */
export function reducedBudget(
  given: EvaluationBudget | undefined,
  fullEpochs: number,
  where = "budget",
): ReducedBudget {
  checkOptions(where, given ?? {}, RULES);
  const epochs = given?.epochs ?? fullEpochs;
  const budget = { channels: 1, resolution: 1, samples: 1, schedule: epochs, ...given, epochs };
  if (budget.schedule < epochs) {
    throw new ConfigError(
      `${where}: schedule must be at least the ${epochs} epochs, got ${shown(budget.schedule)}; leave it out for a schedule that ends with the training`,
      { option: "schedule" },
    );
  }
  return budget;
}

/**
 * Cost by what it is made of: multiply-adds grow with the squares of channels and resolution. A share of the full training's;
 * what is measured is more, where work does not shrink with the multiply-adds.
 */
export function nominalCost({ channels, resolution, samples, epochs }: ReducedBudget, fullEpochs: number): number {
  return (channels ** 2 * resolution ** 2 * samples * epochs) / fullEpochs;
}

const NAME = /^c(\d+)r(\d+)s(\d+)e(\d+)(?:of(\d+))?$/;

/**
 * A budget by EcoNAS' name: "c4r4s0e60" is 60 epochs with all samples, a quarter of the channels and of the resolution. Each
 * step of an index halves the cost: channels and resolution are 2^(-index / 2) of the full ones, samples 2^(-index). "e20of60"
 * are the first 20 epochs of a schedule of 60 (ours).
 * @throws ConfigError for another text.
 */
export function namedBudget(name: string): ReducedBudget {
  const found = NAME.exec(name);
  if (!found) {
    throw new ConfigError(
      `namedBudget: a proxy must be named by its indices and epochs, e.g. "c4r4s0e60", got ${shown(name)}`,
      { name },
    );
  }
  const [c, r, s, epochs, schedule = epochs] = found
    .slice(1)
    .map((digits) => (digits === undefined ? undefined : +digits));
  const [channels, resolution] = [c!, r!].map((index) => 2 ** (-index / 2));
  return reducedBudget(
    { channels, resolution, samples: 2 ** -s!, epochs: epochs!, schedule: schedule! },
    epochs!,
    name,
  );
}

/** The name of {@link namedBudget}; shares that have no index as they are: "c0.3r0s0e4". */
export function budgetName({ channels, resolution, samples, epochs, schedule }: ReducedBudget): string {
  const index = (share: number, steps: number) => {
    const found = -steps * Math.log2(share);
    return Math.abs(found - Math.round(found)) < 1e-9 ? `${Math.round(found)}` : `${share}`;
  };
  const length = schedule === epochs ? `${epochs}` : `${epochs}of${schedule}`;
  return `c${index(channels, 2)}r${index(resolution, 2)}s${index(samples, 1)}e${length}`;
}

/**
 * The stages of a hierarchical proxy (EcoNAS, as in the released code): equal parts of its epochs, each a budget that goes on where the one
 * before ended; one schedule spans all of them.
 * @throws ConfigError when the epochs cannot be divided so.
 */
export function stagesOf(proxy: ReducedBudget, stages: number): ReducedBudget[] {
  const part = proxy.epochs / stages;
  if (!Number.isSafeInteger(stages) || stages < 1 || !Number.isSafeInteger(part)) {
    throw new ConfigError(
      `stagesOf: ${proxy.epochs} epochs must be divided into stages of whole epochs, got ${shown(stages)} stages`,
      { epochs: proxy.epochs, stages },
    );
  }
  return Array.from({ length: stages }, (_, i) => ({ ...proxy, epochs: (i + 1) * part, schedule: proxy.epochs }));
}
