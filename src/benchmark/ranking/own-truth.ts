import { z } from "zod";
import { DataError, type Interval } from "../../core";
import type { TrueNetwork } from "..";
import { type Agreement, agreement } from "./agreement";
import { type Baselines, knownBaselines } from "./baselines";
import { bootstrap } from "./bootstrap";

/** A trained network of any space, as a table of one's own has it. */
export interface OwnTrueNetwork {
  /** Names the network: equal for equal networks only. */
  readonly key: string;
  /** Test accuracy: shares, all of a table from 0 to 1, or percent, all above 1. */
  readonly accuracy: number;
  /** Multiply-adds. Without them nothing is said of networks of equal cost, nor of regrets. */
  readonly macs?: number;
  readonly params?: number;
  /** Accuracies of several trainings, in the unit of `accuracy`: how far any ranking can agree. */
  readonly trainings?: readonly number[];
}

/** What a ranking is worth against a table of true accuracies, beside rankings that need no search. Plain data. */
export interface AgreementReport {
  readonly networks: number;
  /** What cannot be measured (no MACs, no two networks of equal cost, ...) is NaN. */
  readonly agreement: Agreement;
  /** 95 % intervals of the bootstrap over networks. */
  readonly intervals: Readonly<Record<keyof Agreement, Interval>>;
  /** Rankings by MACs, by parameters and by another training of the same networks, where the table has them. */
  readonly baselines: Partial<Baselines>;
  /** Limits of MACs under which the regret was taken. */
  readonly budgets: readonly number[];
}

export interface AgreementOptions {
  /** Draws of the bootstrap. */
  readonly draws?: number;
  /** Of the bootstrap. */
  readonly seed?: number;
  /** Limits of MACs for the regret; twelve between the table's cheapest and dearest network unless given. */
  readonly budgets?: readonly number[];
}

const FEWEST = 3;
const BUDGETS = 12;

const entry = z.object({
  key: z.string().min(1),
  accuracy: z.number().min(0).max(100),
  macs: z.number().gt(0).optional(),
  params: z.number().gt(0).optional(),
  trainings: z.array(z.number().min(0).max(100)).optional(),
});

/**
 * Reads a table of one's own: networks with true accuracies, of any space. Accuracies become percent; MACs and parameters
 * that are not given are NaN.
 * @throws DataError naming the entry and what is wrong: malformed numbers, a key twice, shares and percent mixed, fewer than
 *   three networks.
 */
export function ownTruth(table: readonly OwnTrueNetwork[], where = "table of truth"): TrueNetwork[] {
  const parsed = z.array(entry).min(FEWEST).safeParse(table);
  if (!parsed.success) {
    throw new DataError(
      `${where}: must be a list of at least ${FEWEST} networks { key, accuracy, macs?, params?, trainings? }: ${z.prettifyError(parsed.error)}`,
    );
  }
  const keys = parsed.data.map(({ key }) => key);
  const twice = keys.find((key, i) => keys.indexOf(key) < i);
  if (twice !== undefined) {
    throw new DataError(`${where}: each network must stand in it once, got ${JSON.stringify(twice)} twice`, {
      key: twice,
    });
  }
  const accuracies = parsed.data.flatMap(({ accuracy, trainings = [] }) => [accuracy, ...trainings]);
  const [low, high] = [Math.min(...accuracies), Math.max(...accuracies)];
  if (high > 1 && low <= 1) {
    throw new DataError(
      `${where}: accuracies must be shares, all from 0 to 1, or percent, all above 1, got ${low} beside ${high}`,
      { low, high },
    );
  }
  const percent = (value: number) => (high <= 1 ? 100 * value : value);
  return parsed.data.map(({ key, accuracy, trainings = [], macs = Number.NaN, params = Number.NaN }) => ({
    key,
    accuracy: percent(accuracy),
    trainings: trainings.map(percent),
    macs,
    params,
  }));
}

/**
 * How well scores agree with the truth, with intervals and baselines.
 * @param scores One a network; **higher is better**, so ratings are to be negated.
 * @throws ConfigError when a score is not a number, or there is not one a network.
 */
export function agreementReport(
  networks: readonly TrueNetwork[],
  scores: readonly number[],
  { draws = 200, seed = 1, budgets = budgetsOf(networks) }: AgreementOptions = {},
): AgreementReport {
  return {
    networks: networks.length,
    agreement: agreement(networks, scores, budgets),
    intervals: bootstrap(networks, scores, { draws, seed, budgets }),
    baselines: knownBaselines(networks, budgets),
    budgets,
  };
}

/** Limits of MACs evenly between the cheapest network's and the dearest's; none without MACs. */
function budgetsOf(networks: readonly TrueNetwork[]): number[] {
  const macs = networks.map((network) => network.macs);
  if (!macs.every(Number.isFinite)) return [];
  const [low, high] = [Math.min(...macs), Math.max(...macs)];
  return Array.from({ length: BUDGETS }, (_, i) => low + ((high - low) * i) / (BUDGETS - 1));
}
