import { MOST, SpaceError } from "../core";
import { blockAt, cellPlaces, supernetInput } from "./block";
import type { BlockSpace, BlockVariant, Candidate, SearchSpace } from "./types";

/** All candidates of a block in lexicographic order: cell, then path with the last layer fastest; see {@link cellPaths}. */
export function enumerateBlock(space: SearchSpace, block: number): Candidate[] {
  const own = blockAt(space, block);
  checkCandidates(own, `${space.name}, block ${block}`);
  const { channels } = supernetInput(space, block);
  return own.cells.flatMap((of, cell) => cellPaths(own, of, channels).map((path) => ({ block, cell, path })));
}

/** @throws SpaceError when a block has more candidates than can be rated one by one, see {@link MOST}. */
export function checkCandidates(block: BlockSpace, place: string): void {
  const candidates = countBlock(block);
  if (candidates <= MOST.candidates) return;
  const deepest = Math.max(...block.cells.map(({ depth }) => depth));
  throw new SpaceError(
    `${place}: there must be at most ${MOST.candidates.toLocaleString("en-US")} candidates, for each is rated, and there are ${candidates.toLocaleString("en-US")} (${block.ops.length} ops, cells of up to ${deepest} layers); take shallower cells or fewer ops, or split into more blocks`,
    { candidates: String(candidates) },
  );
}

/**
 * All **canonical** paths of a cell. Where layers keep the shape, the place of an identity among them does not matter:
 * only the path with the identities first stands for the network (`201`, not `210`). Without identities every path is canonical.
 * @param channels Entering the cell: those of the block's input unless given; of block 0, the stem's.
 */
export function cellPaths(block: BlockSpace, cell: BlockVariant, channels?: number): number[][] {
  return paths(block.ops.length, cell.depth).filter(canonical(block, cell, channels));
}

/** Tells canonical paths of a cell from others; see {@link cellPaths}. */
export function canonical(
  block: BlockSpace,
  cell: BlockVariant,
  channels?: number,
): (path: readonly number[]) => boolean {
  const identities = identityOps(block);
  if (identities.size === 0) return () => true;
  const keeps = keepsShape(block, cell, channels);
  // Searchers ask this of every path that they draw.
  const isIdentity = block.ops.map((_, op) => identities.has(op));
  return (path) => {
    for (let i = 1; i < path.length; i++) {
      if (isIdentity[path[i]] && !isIdentity[path[i - 1]] && keeps[i] && keeps[i - 1]) return false;
    }
    return true;
  };
}

/**
 * Makes paths of a cell canonical: the same network's, where among layers that keep the shape the identities come first; see
 * {@link cellPaths}.
 */
export function canonicalPaths(
  block: BlockSpace,
  cell: BlockVariant,
  channels?: number,
): (path: readonly number[]) => readonly number[] {
  const identities = identityOps(block);
  if (identities.size === 0) return (path) => path;
  const keeps = keepsShape(block, cell, channels);
  const isCanonical = canonical(block, cell, channels);
  return (path) => {
    if (isCanonical(path)) return path;
    const sorted: number[] = [];
    for (let i = 0; i < path.length; ) {
      let end = i + 1;
      while (keeps[i] && keeps[end]) end++;
      const stretch = path.slice(i, end);
      sorted.push(...stretch.filter((op) => identities.has(op)), ...stretch.filter((op) => !identities.has(op)));
      i = end;
    }
    return sorted;
  };
}

function identityOps({ ops }: BlockSpace): Set<number> {
  return new Set([...ops.keys()].filter((i) => ops[i].kind === "identity"));
}

/** Whether each layer of a cell leaves the shape as it was: there an identity does nothing. */
function keepsShape(block: BlockSpace, cell: BlockVariant, entering = block.input.channels): boolean[] {
  let channels = entering;
  return cellPlaces(block, cell).map(({ width, stride }) => {
    const keeps = stride === 1 && width === channels;
    channels = width;
    return keeps;
  });
}

/** All paths of `depth` choices among `choices`, the last choice fastest. */
export function paths(choices: number, depth: number): number[][] {
  let grown: number[][] = [[]];
  for (let layer = 0; layer < depth; layer++) {
    grown = grown.flatMap((path) => Array.from({ length: choices }, (_, op) => [...path, op]));
  }
  return grown;
}

/**
 * Candidates of one block: sum over cells of ops^depth, or of the canonical paths where there are identities (taking what
 * enters for the block's input; see {@link countCandidates} for a space's).
 */
export function countBlock(block: BlockSpace): bigint {
  return block.cells.reduce((sum, cell) => sum + countCell(block, cell), 0n);
}

/** Candidates of one cell; `channels` as in {@link cellPaths}. */
function countCell(block: BlockSpace, cell: BlockVariant, channels?: number): bigint {
  const identities = BigInt(identityOps(block).size);
  const others = BigInt(block.ops.length) - identities;
  if (identities === 0n) return others ** BigInt(cell.depth);
  // Paths that end with an operation among layers that keep the shape, after which no identity may come; and all others.
  let closed = 0n;
  let open = 1n;
  for (const keeps of keepsShape(block, cell, channels)) {
    const total = closed + open;
    [closed, open] = keeps ? [total * others, open * identities] : [0n, total * (identities + others)];
  }
  return closed + open;
}

/** Candidates of each cell, `[block][cell]`: what has to be rated. */
export function countCells(space: SearchSpace): bigint[][] {
  return space.blocks.map((block, i) => {
    const { channels } = supernetInput(space, i);
    return block.cells.map((cell) => countCell(block, cell, channels));
  });
}

function countBlocks(space: SearchSpace): bigint[] {
  return countCells(space).map((cells) => cells.reduce((sum, count) => sum + count, 0n));
}

/** Candidates of all blocks: what has to be rated. */
export function countCandidates(space: SearchSpace): bigint {
  return countBlocks(space).reduce((sum, count) => sum + count, 0n);
}

/** Networks: one candidate a block, all combinations. */
export function countNetworks(space: SearchSpace): bigint {
  return countBlocks(space).reduce((product, count) => product * count, 1n);
}
