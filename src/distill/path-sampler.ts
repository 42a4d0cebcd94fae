import { ConfigError, type Rng } from "../core";
import { paths } from "../space";

/** One op index a layer. */
export type Path = readonly number[];

/** What a sampler knows of a cell. */
export interface SampledCell {
  readonly depth: number;
  readonly opsPerLayer: number;
  /** Whether a path is a candidate; others are drawn again. */
  isCandidate(path: Path): boolean;
}

/**
 * Draws the paths that one update of a supernet trains. The gradients of all paths of a round are added up before the
 * optimizer moves.
 */
export interface PathSampler {
  readonly name: "uniform" | "fair" | "balanced";
  /** Paths a round draws for a layer of so many ops. */
  pathsPerRound(ops: number): number;
  /** The paths of one round after another through the layers of a cell, for as long as an epoch lasts. */
  rounds(cell: SampledCell, rng: Rng): () => Path[];
}

/** One path a round, uniform over the candidates: what DNA's released training loop does. */
export const uniformSampler: PathSampler = {
  name: "uniform",
  pathsPerRound: () => 1,
  rounds: (cell, rng) => () => [candidate(cell, () => uniform(cell.depth, cell, rng))],
};

/**
 * As many paths a round as a layer has ops: each layer's ops in a random order of its own, so that every op takes part
 * exactly once (Chu, Zhang and Xu, "FairNAS", arXiv 1907.01845: strict fairness). Where that makes a path that is no
 * candidate (see `cellPaths`), its layers after the first are drawn again.
 */
export const fairSampler: PathSampler = {
  name: "fair",
  pathsPerRound: (ops) => ops,
  rounds: (cell, rng) => () => {
    const orders = Array.from({ length: cell.depth }, () => rng.permutation(cell.opsPerLayer));
    return Array.from({ length: cell.opsPerLayer }, (_, i) => {
      const path = orders.map((order) => order[i]);
      if (cell.isCandidate(path)) return path;
      return candidate(cell, () => [path[0], ...uniform(cell.depth - 1, cell, rng)]);
    });
  },
};

/**
 * One path a round: all candidates in a random order, then all in another one. In an epoch none is trained twice before all
 * are once, so that no rating suffers from a draw that left its candidate out.
 */
export const balancedSampler: PathSampler = {
  name: "balanced",
  pathsPerRound: () => 1,
  rounds(cell, rng) {
    const candidates = paths(cell.opsPerLayer, cell.depth).filter((path) => cell.isCandidate(path));
    let turns: Path[] = [];
    return () => {
      if (turns.length === 0) turns = Array.from(rng.permutation(candidates.length), (i) => candidates[i]);
      return [turns.pop()!];
    };
  },
};

const SAMPLERS: readonly PathSampler[] = [uniformSampler, fairSampler, balancedSampler];

function uniform(layers: number, { opsPerLayer }: SampledCell, rng: Rng): number[] {
  return Array.from({ length: layers }, () => rng.int(opsPerLayer));
}

/** Draws until the path is a candidate. */
function candidate(cell: SampledCell, draw: () => Path): Path {
  for (;;) {
    const path = draw();
    if (cell.isCandidate(path)) return path;
  }
}

/**
 * A sampler by name.
 * @throws ConfigError when there is none of this name.
 */
export function pathSampler(name: string): PathSampler {
  const found = SAMPLERS.find((sampler) => sampler.name === name);
  if (!found)
    throw new ConfigError(
      `pathSampler: the sampler must be "uniform", "fair" or "balanced", got ${JSON.stringify(name)}`,
    );
  return found;
}
