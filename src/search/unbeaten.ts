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

/**
 * Steps that no other of the same output width equals or beats in value and in every cost, rising in value. Any network
 * with a beaten one is no better with it, so the optimum is among these.
 */
export function unbeaten(steps: readonly Step[]): Step[] {
  const kept: Step[] = [];
  const total = ({ costs }: Step) => costs.reduce((sum, cost) => sum + cost, 0);
  for (const step of [...steps].sort((a, b) => a.value - b.value || total(a) - total(b))) {
    const { width } = step.candidate;
    const beaten = kept.some(
      (other) => other.candidate.width === width && other.costs.every((cost, i) => cost <= step.costs[i]),
    );
    if (!beaten) kept.push(step);
  }
  return kept;
}
