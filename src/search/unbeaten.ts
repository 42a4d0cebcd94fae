import { candidateCost } from "./costs";
import type { Objective } from "./suffix-fronts";
import type { CostName, RatedCandidate } from "./types";

/** A candidate behind a certain width: its costs and what it adds to the objective. */
export interface Step {
  readonly candidate: RatedCandidate;
  readonly costs: readonly number[];
  readonly value: number;
}

/** The candidates of a block as steps behind a width. */
export function stepsBehind(
  candidates: readonly RatedCandidate[],
  width: number,
  names: readonly CostName[],
  objective: Objective = "score",
): Step[] {
  return candidates.map((candidate) => ({
    candidate,
    costs: names.map((name) => candidateCost(candidate, name, width)),
    value: objective === "score" ? candidate.score : candidateCost(candidate, objective, width),
  }));
}

/** Which steps may be needed. */
export interface UnbeatenOptions {
  /** A step stays until so many others beat it: what the k best and different networks need. */
  readonly times?: number;
  /** Costs with a lower limit, by their order: there only an equal one beats. */
  readonly equal?: readonly boolean[];
}

/**
 * Steps that no other of the same output width equals or beats in value and in every cost, rising in value. Any network
 * with a beaten one is no better with it, so the optimum is among these. (Of k networks that must differ, the k - 1 others
 * take at most so many of those that beat a step, so with `times: k` all k are among these.)
 */
export function unbeaten(steps: readonly Step[], { times = 1, equal = [] }: UnbeatenOptions = {}): Step[] {
  const kept: Step[] = [];
  const total = ({ costs }: Step) => costs.reduce((sum, cost) => sum + cost, 0);
  for (const step of [...steps].sort((a, b) => a.value - b.value || total(a) - total(b))) {
    const { width } = step.candidate;
    let beaten = 0;
    for (const other of kept) {
      if (other.candidate.width !== width) continue;
      if (other.costs.every((cost, i) => (equal[i] ? cost === step.costs[i] : cost <= step.costs[i]))) beaten++;
      if (beaten === times) break;
    }
    if (beaten < times) kept.push(step);
  }
  return kept;
}
