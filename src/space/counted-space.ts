import { countCandidates, countNetworks } from "./enumerate";
import type { BlockSpace, ImageShape, Layer, SearchSpace } from "./types";

/** How large a search space is. */
export interface SpaceCount {
  /** Candidates of all blocks: what has to be rated. */
  readonly candidates: bigint;
  /** Networks: one candidate a block, all combinations. */
  readonly networks: bigint;
}

/** A search space that counts itself; plain data otherwise, which survives JSON and threads (then without the method). */
export class CountedSpace implements SearchSpace {
  declare readonly name: string;
  declare readonly input: ImageShape;
  declare readonly stem: readonly Layer[];
  declare readonly blocks: readonly BlockSpace[];
  declare readonly head: readonly Layer[];
  declare readonly classes: number;
  declare readonly padding: SearchSpace["padding"];
  declare readonly batchNormEpsilon: number;

  constructor(space: SearchSpace) {
    Object.assign(this, space);
  }

  /** Candidates to rate, and networks that they stand for. */
  count(): SpaceCount {
    return { candidates: countCandidates(this), networks: countNetworks(this) };
  }
}
