import { BudgetInfeasibleError, type Rng } from "../core";
import {
  type Budget,
  type FoundNetwork,
  type RatedCandidate,
  type RatingTable,
  randomNetworks,
  searchBest,
} from "../search";
import { networkId } from "../space";
import type { Calibration } from "./calibrate";
import { mostImproving, trainedPoints, withScores } from "./expected-improvement";

/** What is proposed for training next. */
export interface Proposal {
  readonly table: RatingTable;
  /** What is known so far; without it the networks are to stand for those near the budgets. */
  readonly calibration?: Calibration;
  readonly budgets: readonly Budget[];
  readonly count: number;
  /** Ids of networks that are trained already: see `networkId`. */
  readonly trained: ReadonlySet<string>;
  readonly rng: Rng;
}

/** Relative distances from a budget within which random networks are looked for, until there are enough. */
const REACHES = [0.05, 0.1, 0.2, 0.4, 0.8];
/** Draws of what may be true until one has a best network that is not trained yet. */
const DRAWS = 20;

/**
 * Networks whose training says most. With a calibration: of those that are best, exactly, in a draw of what may be true
 * (Thompson, 1933), the ones that promise most over all budgets, see {@link mostImproving}; then, for each budget in turn, the
 * best of a draw. Without: the best rated one of each budget, then random ones of about its MACs.
 * @returns Fewer than asked for where the space has not more within reach.
 * @throws BudgetInfeasibleError when no network meets a budget.
 */
export function proposeNetworks(proposal: Proposal): FoundNetwork[] {
  const { budgets, count, trained, rng } = proposal;
  const known = new Set(trained);
  const proposed = improving(proposal);
  for (const { choice } of proposed) known.add(networkId(choice));
  for (let turn = proposed.length; turn < count; turn++) {
    const network = propose(
      proposal,
      budgets[turn % budgets.length],
      known,
      turn < budgets.length,
      rng.fork(`${turn}`),
    );
    if (!network) continue;
    known.add(networkId(network.choice));
    proposed.push(network);
  }
  return proposed;
}

function improving({ table, calibration, budgets, count, rng }: Proposal): FoundNetwork[] {
  if (!calibration) return [];
  const trained = trainedPoints(table, calibration);
  const chosen = mostImproving(calibration, table, trained, { budgets, count, rng: rng.fork("improving") });
  return chosen.map((network) => withScores(table, calibration, network));
}

function propose(
  { table, calibration }: Proposal,
  budget: Budget,
  known: ReadonlySet<string>,
  isFirst: boolean,
  rng: Rng,
): FoundNetwork | undefined {
  const isNew = ({ choice }: FoundNetwork) => !known.has(networkId(choice));
  if (calibration) {
    for (let draw = 0; draw < DRAWS; draw++) {
      const [best] = searchBest(calibration.sampled(rng.fork(`draw ${draw}`), table), budget);
      if (isNew(best)) return withScores(table, calibration, best);
    }
  } else if (isFirst) {
    const [best] = searchBest(table, budget);
    if (isNew(best)) return best;
  }
  return near(table, budget, known.size + 1, rng).find(isNew);
}

/**
 * Random networks of about the MACs of the best one within the budget, and not above them; of the largest one where the best
 * has too few neighbours.
 */
function near(table: RatingTable, budget: Budget, count: number, rng: Rng): FoundNetwork[] {
  for (const of of [table, bySize(table)]) {
    const macs = searchBest(of, budget)[0].cost.macs ?? 0;
    for (const tolerance of REACHES) {
      try {
        const near = macs / (1 + tolerance);
        return randomNetworks(table, { near, tolerance, count, rng: rng.fork(`${tolerance}`) });
      } catch (error) {
        if (!(error instanceof BudgetInfeasibleError)) throw error;
      }
    }
  }
  return [];
}

/** The table with scores by which the largest networks are the best. */
function bySize(table: RatingTable): RatingTable {
  const score = ({ cost }: RatedCandidate) => -Math.max(...Object.values(cost.macs ?? { 0: 0 }));
  return { ...table, blocks: table.blocks.map((rows) => rows.map((row) => ({ ...row, score: score(row) }))) };
}
