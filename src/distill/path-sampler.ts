import { ConfigError, type Rng } from "../core";

/** One op index a layer. */
export type Path = readonly number[];

/**
 * Draws the paths that one update of a supernet trains. The gradients of all paths of a round are added up before the
 * optimizer moves.
 */
export interface PathSampler {
  readonly name: "uniform" | "fair";
  /** Paths a round draws for a layer of so many ops. */
  pathsPerRound(ops: number): number;
  /** The paths of one round through `depth` layers of `ops` operations each. */
  round(depth: number, ops: number, rng: Rng): Path[];
}

/** One path a round, each layer's op drawn uniformly: what DNA's released training loop does. */
export const uniformSampler: PathSampler = {
  name: "uniform",
  pathsPerRound: () => 1,
  round: (depth, ops, rng) => [Array.from({ length: depth }, () => rng.int(ops))],
};

/**
 * As many paths a round as a layer has ops: each layer's ops in a random order of its own, so that every op takes part
 * exactly once (Chu, Zhang and Xu, "FairNAS", arXiv 1907.01845: strict fairness).
 */
export const fairSampler: PathSampler = {
  name: "fair",
  pathsPerRound: (ops) => ops,
  round(depth, ops, rng) {
    const orders = Array.from({ length: depth }, () => rng.permutation(ops));
    return Array.from({ length: ops }, (_, i) => orders.map((order) => order[i]));
  },
};

/**
 * A sampler by name.
 * @throws ConfigError when there is none of this name.
 */
export function pathSampler(name: string): PathSampler {
  const found = [uniformSampler, fairSampler].find((sampler) => sampler.name === name);
  if (!found)
    throw new ConfigError(`pathSampler: the sampler must be "uniform" or "fair", got ${JSON.stringify(name)}`);
  return found;
}
