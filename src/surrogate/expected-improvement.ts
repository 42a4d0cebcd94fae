import type { Rng } from "../core";
import {
  type Budget,
  exactFront,
  type FoundNetwork,
  foundNetwork,
  meetsLimits,
  type RatingTable,
  searchBest,
} from "../search";
import { networkId } from "../space";
import type { Calibration, Evidence } from "./calibrate";
import type { Choice } from "./network-process";

/** Of the posterior; the exact front of each holds what may be best under every limit. */
const SAMPLES = 8;
/**
 * Share of the noise that is a network's own: what the sum over blocks lacks, which another training of it would show again. A
 * cautious half: on the 100 tuning networks of NAS-Bench-Macro, whose trainings are three each, it is 0.69 to 0.84.
 */
const OWN_SHARE = 0.5;
/** Quantiles of a standard normal at the middles of eight equal parts: expectations are means over them. */
const QUANTILES = [-1.534, -0.887, -0.489, -0.157, 0.157, 0.489, 0.887, 1.534];

/** A trained network with its cost. */
export interface TrainedPoint {
  readonly network: FoundNetwork;
  readonly accuracy: number;
}

/** What the calibration learnt from, as networks of a table. */
export function trainedPoints(table: RatingTable, calibration: Calibration): TrainedPoint[] {
  return calibration.evidence.map((one) => ({ network: withScores(table, calibration, one), accuracy: one.accuracy }));
}

/** The same network with the table's own scores. */
export function withScores(
  table: RatingTable,
  calibration: Calibration,
  network: Pick<Evidence, "choice">,
): FoundNetwork {
  const candidates = calibration.choiceOf(network).map((candidate, block) => table.blocks[block][candidate]);
  return foundNetwork(table, candidates);
}

/** Trained networks (several trainings of one joined) by what is expected of them, their own accuracies counted. */
export function trainedWorths(calibration: Calibration, trained: readonly TrainedPoint[]) {
  const groups = new Map<string, { network: FoundNetwork; values: number[] }>();
  for (const { network, accuracy } of trained) {
    const key = networkId(network.choice);
    const group = groups.get(key) ?? { network, values: [] };
    group.values.push(calibration.toScale(accuracy));
    groups.set(key, group);
  }
  return [...groups.values()].map(({ network, values }) => {
    const expected = calibration.process.mean(calibration.choiceOf(network));
    const own = values.reduce((sum, value) => sum + value, 0) / values.length;
    const share = OWN_SHARE / (OWN_SHARE + (1 - OWN_SHARE) / values.length);
    return { network, worth: expected + share * (own - expected) };
  });
}

/**
 * The networks whose training promises most for the best networks within some budgets: the exact optima of samples of the
 * posterior (Thompson sampling: each is optimal if that sample is true), and of them those of greatest expected improvement on
 * what is known, summed over the budgets.
 * @param count How many; fewer when there are not more. Each counts with its expected value before the next is chosen.
 * @throws BudgetInfeasibleError when no network meets a budget.
 */
export function mostImproving(
  calibration: Calibration,
  table: RatingTable,
  trained: readonly TrainedPoint[],
  { budgets, count, rng }: { readonly budgets: readonly Budget[]; readonly count: number; readonly rng: Rng },
): FoundNetwork[] {
  const known = new Set(trained.map(({ network }) => networkId(network.choice)));
  const candidates = new Map<string, FoundNetwork>();
  const draws = Array.from({ length: SAMPLES }, () => calibration.sampled(rng, table));
  for (const draw of [calibration.calibrated(table), ...draws]) {
    for (const best of optima(draw, budgets)) {
      const id = networkId(best.choice);
      if (!known.has(id)) candidates.set(id, best);
    }
  }
  const worths = trainedWorths(calibration, trained);
  const held = budgets.map((budget) => {
    const affordable = worths.filter(({ network }) => meetsLimits(network, budget));
    return calibration.fromScale(Math.max(...affordable.map(({ worth }) => worth), Number.NEGATIVE_INFINITY));
  });
  const own = OWN_SHARE * calibration.process.variances.noise;
  const left = [...candidates.values()].map((network) => {
    const choice: Choice = calibration.choiceOf(network);
    const deviation = Math.sqrt(Math.max(0, calibration.process.variance(choice)) + own);
    const mean = calibration.process.mean(choice);
    const accuracies = QUANTILES.map((quantile) => calibration.fromScale(mean + quantile * deviation));
    const within = budgets.map((budget) => meetsLimits(network, budget));
    return { network, accuracies, within, expected: calibration.fromScale(mean) };
  });
  const chosen: FoundNetwork[] = [];
  while (chosen.length < count && left.length > 0) {
    const gains = left.map(({ within, accuracies }) =>
      within.reduce((sum, affordable, i) => (affordable ? sum + gainOver(accuracies, held[i]) : sum), 0),
    );
    const [{ network, within, expected }] = left.splice(gains.indexOf(Math.max(...gains)), 1);
    chosen.push(network);
    for (const [i, affordable] of within.entries()) if (affordable) held[i] = Math.max(held[i], expected);
  }
  return chosen;
}

/** The best network within each budget; limits on MACs alone share one front. */
function optima(table: RatingTable, budgets: readonly Budget[]): FoundNetwork[] {
  const onlyMacs = budgets.every((budget) => Object.keys(budget).length === 1 && budget.macs !== undefined);
  if (!onlyMacs || budgets.length < 2) return budgets.map((budget) => searchBest(table, budget)[0]);
  const front = exactFront(table);
  return budgets.map(
    (budget) => front.filter((network) => meetsLimits(network, budget)).at(-1) ?? searchBest(table, budget)[0],
  );
}

function gainOver(accuracies: readonly number[], held: number): number {
  return accuracies.reduce((sum, accuracy) => sum + Math.max(0, accuracy - held), 0) / accuracies.length;
}
