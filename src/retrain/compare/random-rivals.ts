import { Rng } from "../../core";
import { type FoundNetwork, macsOf, type RatingTable, randomNetworks } from "../../search";

/** Random networks that a found one is compared with unless told otherwise, and how far their MACs may lie from its own. */
export const RIVALS = { count: 6, tolerance: 0.05 } as const;

/**
 * Random networks of the same space and about the same MACs as a found one, uniform over all such.
 * @throws BudgetInfeasibleError when there are too few.
 */
export function randomRivals(
  table: RatingTable,
  network: FoundNetwork,
  { seed, count = RIVALS.count, tolerance = RIVALS.tolerance }: { seed: number; count?: number; tolerance?: number },
): FoundNetwork[] {
  if (count === 0) return [];
  // The stream's name is that of the runs that were made before.
  const rng = new Rng(seed).fork("dna/random networks");
  return randomNetworks(table, { near: macsOf(network), tolerance, count, rng });
}
