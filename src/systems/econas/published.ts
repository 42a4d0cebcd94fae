import { Rng } from "../../core";
import { mean } from "../../core/statistics";
import { cellNetworkCost } from "../../cost";
import { econasSpace, reducedNetwork } from "../../space";

/**
 * Search costs as published: EcoNAS' abstract (Zhou et al., CVPR 2020) has both, AmoebaNet's is that of Real et al. (AAAI 2019),
 * on other hardware.
 */
export const PUBLISHED_GPU_DAYS = { econas: 8, amoebanet: 3150 } as const;

/** The released code's search (DongzhanZhou/EcoNAS). */
export const RELEASED = {
  full: { channels: 36, cells: 20, side: 32, epochs: 600 },
  proxy: { channels: 9, side: 8, epochs: 60 },
  stages: 3,
  initial: 16,
  cycles: 100,
  children: 16,
  promoted: [8, 4],
  finalists: 5,
} as const;

const DRAWN = 50;

export interface CostRatio {
  /** Of the two papers' GPU days. */
  readonly published: number;
  /** Multiply-adds of a network in the full setting for one in the proxy's, a mean of drawn pairs of cells. */
  readonly perImage: number;
  /**
   * Multiply-adds of a plain evolution that trains as many networks in the full setting, for those of the released search with
   * its finalists: what the proxy and its stages save by themselves.
   */
  readonly counted: number;
  /** Jobs of one stage in the whole search. */
  readonly jobs: number;
}

/** What the published 400 times are, and what the same search saves by counting. */
export function costRatio(): CostRatio {
  const { full, proxy, stages, initial, cycles, children, promoted, finalists } = RELEASED;
  const space = econasSpace({ channels: full.channels, layers: full.cells });
  const rng = new Rng(1).fork("econas/cost");
  const small = { height: proxy.side, width: proxy.side, channels: 3 };
  const macs = Array.from({ length: DRAWN }, () => {
    const network = space.architecture(space.sample(rng));
    const reduced = reducedNetwork(network, proxy.channels / full.channels, small);
    return { full: cellNetworkCost(network).macs, proxy: cellNetworkCost(reduced).macs };
  });
  const [ofFull, ofProxy] = [mean(macs.map((one) => one.full)), mean(macs.map((one) => one.proxy))];
  const jobs = initial + cycles * (children + promoted.reduce((sum, one) => sum + one, 0));
  const networks = initial + cycles * children;
  const spent = jobs * (proxy.epochs / stages) * ofProxy + finalists * full.epochs * ofFull;
  return {
    published: PUBLISHED_GPU_DAYS.amoebanet / PUBLISHED_GPU_DAYS.econas,
    perImage: ofFull / ofProxy,
    counted: (networks * full.epochs * ofFull) / spent,
    jobs,
  };
}
