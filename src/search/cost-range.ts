import { candidateCost, checkTable, enteringWidthsOf, headCostOf, stemCostOf } from "./costs";
import type { CostName, RatingTable } from "./types";

/** What the cheapest and the dearest network of a space cost. */
export interface CostRange {
  readonly least: number;
  readonly most: number;
}

/**
 * The ends of a quantity over all networks of a table, exactly: costs of a candidate depend on the block before alone, so one
 * pass from the head to the stem finds them.
 * @throws SpaceError when the table lacks the quantity or a cost is not finite.
 */
export function costRange(table: RatingTable, name: CostName = "macs"): CostRange {
  checkTable(table);
  const end = (better: (...costs: number[]) => number) => stemCostOf(table, name) + behindStem(table, name, better);
  return { least: end(Math.min), most: end(Math.max) };
}

function behindStem(table: RatingTable, name: CostName, better: (...costs: number[]) => number): number {
  const widths = enteringWidthsOf(table);
  const last = table.blocks.length;
  let rest = new Map(widths[last].map((width) => [width, headCostOf(table, name, width)]));
  for (let block = last - 1; block >= 0; block--) {
    rest = new Map(
      widths[block].map((width) => [
        width,
        table.blocks[block]
          .map((candidate) => candidateCost(candidate, name, width) + rest.get(candidate.width)!)
          .reduce((best, cost) => better(best, cost)),
      ]),
    );
  }
  return rest.get(table.stemWidth)!;
}
