import { blockAt } from "./block";
import type { BlockSpace, Candidate, SearchSpace } from "./types";

/** All candidates of a block in lexicographic order: cell, then path with the last layer fastest. */
export function enumerateBlock(space: SearchSpace, block: number): Candidate[] {
  const { ops, cells } = blockAt(space, block);
  return cells.flatMap(({ depth }, cell) => paths(ops.length, depth).map((path) => ({ block, cell, path })));
}

/** All paths of `depth` choices among `choices`, the last choice fastest. */
export function paths(choices: number, depth: number): number[][] {
  let grown: number[][] = [[]];
  for (let layer = 0; layer < depth; layer++) {
    grown = grown.flatMap((path) => Array.from({ length: choices }, (_, op) => [...path, op]));
  }
  return grown;
}

/** Candidates of one block: sum over cells of ops^depth. */
export function countBlock({ ops, cells }: BlockSpace): bigint {
  return cells.reduce((sum, { depth }) => sum + BigInt(ops.length) ** BigInt(depth), 0n);
}

/** Candidates of all blocks: what has to be rated. */
export function countCandidates(space: SearchSpace): bigint {
  return space.blocks.reduce((sum, block) => sum + countBlock(block), 0n);
}

/** Networks: one candidate a block, all combinations. */
export function countNetworks(space: SearchSpace): bigint {
  return space.blocks.reduce((product, block) => product * countBlock(block), 1n);
}
