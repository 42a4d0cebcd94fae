import { ConfigError, checkOptions, type OptionRules, Rng, rule } from "../core";
import type { Budget, FoundNetwork, RatingTable } from "../search";
import { networkId } from "../space";
import { type Calibration, type CalibrationOptions, calibrate, type Evidence, FEWEST } from "./calibrate";
import { proposeNetworks } from "./propose";

/** A round of the loop: what was trained in it, and what all trainings say since. */
export interface ImproveRound {
  /** From 1. */
  readonly round: number;
  readonly rounds: number;
  readonly networks: readonly FoundNetwork[];
  /** Of all trainings so far. */
  readonly calibration: Calibration;
}

export interface ImproveOptions {
  /** Networks to train in all: four at least. */
  readonly networks: number;
  /** Rounds of about equal size; each later one proposes by what those before said. */
  readonly rounds: number;
  /** Budgets that the networks are to be good at. */
  readonly budgets: readonly Budget[];
  readonly seed: number;
  /** A limit of time, ms: no round begins after it, though the first is always done. */
  readonly timeLimitMs?: number;
  readonly calibration?: CalibrationOptions;
}

const RULES: OptionRules<ImproveOptions> = {
  networks: rule.wholeFrom(FEWEST),
  rounds: rule.wholeFrom(1),
  budgets: rule.any,
  seed: rule.whole,
  timeLimitMs: rule.above(0),
  calibration: rule.any,
};

/**
 * Block-wise Bayesian search: trains a few networks, calibrates the ratings by them, proposes others, and so on. The proposals
 * are the exact optima of draws of the additive process, see {@link proposeNetworks}.
 * @param train Trains networks, e.g. briefly, and gives their accuracies 0..1 in the same order.
 * @throws ConfigError when an option is out of range or too few networks could be trained; what `train` throws.
 */
export async function improveRatings(
  table: RatingTable,
  options: ImproveOptions,
  train: (networks: readonly FoundNetwork[], round: number) => Promise<readonly number[]>,
  onRound: (round: ImproveRound) => void | Promise<void> = () => {},
): Promise<Calibration> {
  checkOptions("improve", options, RULES);
  const { networks: total, budgets, seed, timeLimitMs = Number.POSITIVE_INFINITY } = options;
  if (budgets.length === 0) throw new ConfigError("improve: at least one budget is needed, got none");
  // A round trains what a calibration needs at least, and something for each budget.
  const rounds = Math.max(1, Math.min(options.rounds, Math.floor(total / Math.max(FEWEST, budgets.length))));
  const started = performance.now();
  const evidence: Evidence[] = [];
  const trained = new Set<string>();
  let calibration: Calibration | undefined;
  for (let round = 1; round <= rounds; round++) {
    if (calibration && performance.now() - started >= timeLimitMs) break;
    const count = Math.round((total * round) / rounds) - evidence.length;
    const rng = new Rng(seed).fork(`improve/round ${round}`);
    const networks = proposeNetworks({ table, calibration, budgets, count, trained, rng });
    if (networks.length === 0) break;
    const accuracies = await train(networks, round);
    networks.forEach(({ choice, cost }, i) => {
      trained.add(networkId(choice));
      evidence.push({ choice, accuracy: accuracies[i], macs: cost.macs });
    });
    calibration = calibrate(table, evidence, options.calibration);
    await onRound({ round, rounds, networks, calibration });
  }
  if (!calibration) throw new ConfigError("improve: no network could be proposed; widen the budgets");
  return calibration;
}
