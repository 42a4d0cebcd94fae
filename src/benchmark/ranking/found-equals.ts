import { Rng } from "../../core";
import type { TrueNetwork } from "..";
import { EQUAL_MACS } from "./agreement";
import { networkScores, type SeedRatings } from "./block-scores";

/** A network of the benchmark with what a rating says of it. */
export interface ScoredNetwork extends TrueNetwork {
  /** Weighted sum of its blocks' ratings, lower is better. */
  readonly score: number;
}

/** All networks with their scores under one seed's ratings. */
export function scoredNetworks(
  { blocks, cuts }: Pick<SeedRatings, "blocks" | "cuts">,
  truth: readonly TrueNetwork[],
  weights?: readonly number[],
): ScoredNetwork[] {
  const scores = networkScores(truth, blocks, cuts, weights); // higher is better
  return truth.map((network, i) => ({ ...network, score: -scores[i] }));
}

/** All other networks whose MACs differ from the found one's by at most {@link EQUAL_MACS}. */
export function equalsOf<Network extends Pick<TrueNetwork, "key" | "macs">>(
  found: Pick<TrueNetwork, "key" | "macs">,
  networks: readonly Network[],
): Network[] {
  return networks.filter(
    ({ key, macs }) => key !== found.key && Math.abs(macs - found.macs) <= EQUAL_MACS * found.macs,
  );
}

/** Some of the equals, drawn by a seed; all of them where there are fewer. */
export function drawnEquals<Network>(equals: readonly Network[], seed: number, count = 5): Network[] {
  return [...new Rng(seed).fork("equals").permutation(equals.length)].slice(0, count).map((i) => equals[i]);
}
