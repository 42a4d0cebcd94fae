import { candidateCost, enteringWidthsOf, headCostOf } from "./costs";
import type { CostName, RatedCandidate, RatingTable } from "./types";

/** Least cost to go on from a block behind each width, and the candidate that has it. */
export interface LeastCosts {
  /** Least cost from a block behind a width to the classifier. */
  at(block: number, width: number): number;
  /** The cheapest way on, block by block. */
  choice(block: number, width: number): RatedCandidate[];
}

/** The sum of the cheapest choices of all remaining blocks, exact for pairwise costs. */
export function leastCosts(table: RatingTable, name: CostName): LeastCosts {
  const widths = enteringWidthsOf(table);
  const end = table.blocks.length;
  const least: Map<number, { cost: number; candidate?: RatedCandidate }>[] = [];
  least[end] = new Map(widths[end].map((width) => [width, { cost: headCostOf(table, name, width) }]));
  for (let block = end - 1; block >= 0; block--) {
    least[block] = new Map(
      widths[block].map((width) => {
        let best: { cost: number; candidate?: RatedCandidate } = { cost: Number.POSITIVE_INFINITY };
        for (const candidate of table.blocks[block]) {
          const cost = candidateCost(candidate, name, width) + least[block + 1].get(candidate.width)!.cost;
          if (cost < best.cost) best = { cost, candidate };
        }
        return [width, best];
      }),
    );
  }
  return {
    at: (block, width) => least[block].get(width)!.cost,
    choice(block, width) {
      const choice: RatedCandidate[] = [];
      for (let entering = width; block < end; block++) {
        const { candidate } = least[block].get(entering)!;
        choice.push(candidate!);
        entering = candidate!.width;
      }
      return choice;
    },
  };
}
