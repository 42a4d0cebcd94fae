import { paretoFront } from "../core";
import { candidateCost, enteringWidthsOf, headCostOf } from "./costs";
import type { CostName, RatedCandidate, RatingTable } from "./types";

/** What a search makes small: the score, or a quantity (to learn what is least attainable). */
export type Objective = "score" | CostName;

/** One completion of a network from a block on: cost on the axis, objective, and how it goes on. */
export interface Completion {
  readonly cost: number;
  readonly value: number;
  /** Undefined at the head. */
  readonly candidate?: RatedCandidate;
  readonly rest?: Completion;
}

/**
 * Best completions from every block and entering width: `at(block, width)` is the Pareto front of (cost, value) of all
 * ways to go on from there to the classifier, rising in cost, falling in value.
 *
 * With `sign` -1 the costs are negated, so that a front serves a lower limit.
 *
 * This is a multiple-choice knapsack solved backwards block by block with Pareto pruning. The entering width is the
 * state, since the first layer of a block costs by it. The front at the first block holds the optimum for every limit.
 */
export class SuffixFronts {
  private readonly fronts: ReadonlyMap<number, readonly Completion[]>[] = [];

  constructor(
    table: RatingTable,
    readonly axis: CostName,
    objective: Objective = "score",
    sign: 1 | -1 = 1,
  ) {
    const widths = enteringWidthsOf(table);
    const end = table.blocks.length;
    const worth = (candidate: RatedCandidate, width: number) =>
      objective === "score" ? candidate.score : candidateCost(candidate, objective, width);
    const atHead = (width: number): Completion => ({
      cost: sign * headCostOf(table, axis, width),
      value: objective === "score" ? 0 : headCostOf(table, objective, width),
    });
    this.fronts[end] = new Map(widths[end].map((width) => [width, [atHead(width)]]));
    for (let block = end - 1; block >= 0; block--) {
      const next = this.fronts[block + 1];
      const byWidth = widths[block + 1].map((width) => table.blocks[block].filter((of) => of.width === width));
      this.fronts[block] = new Map(
        widths[block].map((width) => {
          let front: Completion[] = [];
          for (const candidates of byWidth) {
            const local = candidates.map((candidate) => ({
              candidate,
              cost: sign * candidateCost(candidate, axis, width),
              value: worth(candidate, width),
            }));
            // A candidate beaten by another of the same width can be replaced in any network.
            for (const head of paretoFront(local)) front = merge(front, head, next.get(head.candidate.width) ?? []);
          }
          return [width, front];
        }),
      );
    }
  }

  /** Front of completions from a block behind a width. */
  at(block: number, width: number): readonly Completion[] {
    return this.fronts[block].get(width) ?? [];
  }

  /** The best completion within a cost, or undefined when none is. */
  best(block: number, width: number, cost: number): Completion | undefined {
    const front = this.at(block, width);
    let [low, high] = [0, front.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (front[middle].cost <= cost) low = middle + 1;
      else high = middle;
    }
    return front[low - 1];
  }

  /** Least cost of a completion. */
  leastCost(block: number, width: number): number {
    return this.at(block, width)[0]?.cost ?? Number.POSITIVE_INFINITY;
  }
}

/** Joins to a front all ways on after one candidate; linear in both. */
function merge(
  front: readonly Completion[],
  head: Completion & { readonly candidate: RatedCandidate },
  rests: readonly Completion[],
): Completion[] {
  const merged: Completion[] = [];
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0, j = 0; i < front.length || j < rests.length; ) {
    const old = front[i];
    const cost = j < rests.length ? head.cost + rests[j].cost : Number.POSITIVE_INFINITY;
    const value = j < rests.length ? head.value + rests[j].value : Number.POSITIVE_INFINITY;
    if (old && (old.cost < cost || (old.cost === cost && old.value <= value))) {
      if (old.value < best) {
        best = old.value;
        merged.push(old);
      }
      i++;
    } else {
      if (value < best) {
        best = value;
        merged.push({ cost, value, candidate: head.candidate, rest: rests[j] });
      }
      j++;
    }
  }
  return merged;
}

/** The candidates of a completion, block by block. */
export function choiceOf(completion: Completion): RatedCandidate[] {
  const choice: RatedCandidate[] = [];
  for (let at: Completion | undefined = completion; at?.candidate; at = at.rest) choice.push(at.candidate);
  return choice;
}
