import type { Agreement } from "../../benchmark/ranking";
import { mean } from "../../core/statistics";
import { type DifferenceVerdict, differenceVerdict, seedRange } from "../../study/ranking";
import type { RatedBlockCount } from "../../systems/dna-studies";

/** How far one number of blocks lies from the base, weighted sums, on the seeds that both have; and what that is worth. */
export interface BaseDifference {
  readonly difference: number;
  readonly verdict: DifferenceVerdict;
}

/** Undefined where the two have no seed in common. */
export function differenceFrom(
  base: RatedBlockCount,
  { summary }: RatedBlockCount,
  name: keyof Agreement,
): BaseDifference | undefined {
  const both = summary.seeds.filter((seed) => base.summary.seeds.includes(seed));
  if (both.length === 0) return undefined;
  const meanOf = ({ seeds, weightedBySeed }: RatedBlockCount["summary"]) =>
    mean(both.map((seed) => weightedBySeed[seeds.indexOf(seed)][name]));
  const difference = meanOf(summary) - meanOf(base.summary);
  return { difference, verdict: differenceVerdict(difference, seedRange(base.summary.weightedBySeed)[name]) };
}
