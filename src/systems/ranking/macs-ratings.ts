import type { TrueNetwork } from "../../benchmark";
import { type BlockScores, trueEffects } from "./scores";

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
