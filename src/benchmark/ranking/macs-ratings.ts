import type { TrueNetwork } from "..";
import { type Agreement, agreement } from "./agreement";
import type { Networks } from "./baselines";
import { type BlockScores, networkScores, trueEffects } from "./block-scores";
import { tuneWeights } from "./tune-weights";

/**
 * Ratings that know nothing but multiply-adds: minus the logarithm of the mean MACs of the networks with each candidate. The
 * control for weights chosen on true accuracies: with a weight for every layer, such ratings rank well, too, and only what a
 * supernet's ratings do better than these came from the supernet.
 */
export function macsRatings(networks: readonly TrueNetwork[], cuts: readonly number[]): BlockScores[] {
  const macs = trueEffects(
    networks.map((network) => ({ ...network, accuracy: network.macs })),
    cuts,
  );
  return macs.map((of) => Object.fromEntries([...of].map(([digits, mean]) => [digits, -Math.log(mean)])));
}

/** A ranking by multiply-adds that knows as much as weighted ratings do. */
export type WeightedMacs = Agreement & { readonly weights: readonly number[] };

/** Multiply-adds by block, weighted with the knowledge that DNA's ratings are: the accuracies of the tuning networks. */
export function weightedMacs(
  { tuning, reported }: Networks,
  truth: readonly TrueNetwork[],
  cuts: readonly number[],
): WeightedMacs {
  const blocks = macsRatings(truth, cuts);
  const weights = tuneWeights(tuning, [blocks], cuts);
  return { ...agreement(reported, networkScores(reported, blocks, cuts, weights)), weights };
}
