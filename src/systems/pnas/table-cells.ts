import { Rng, SpaceError } from "../../core";
import type { CellGraph, PnasSpace } from "../../space";

/** How many cells of each size, from one block on, the first so many of {@link tableCells} are. */
export interface TableSizes {
  /** Children of three blocks that every cell of two blocks brings along. */
  readonly children: number;
  /** Cells of two blocks. */
  readonly families: number;
}

/** Draws of a cell that is new, at most. */
const ATTEMPTS = 1000;

/**
 * Cells to train, drawn once and for all: every cell of one block, then families: a random cell of two blocks, and random
 * cells of three blocks that extend it. Each but the first ones extends another of the list, so that growing finds its way;
 * with more families the list is the same and longer.
 */
export function tableCells(space: PnasSpace, { families, children }: TableSizes): CellGraph[] {
  const rng = new Rng(1).fork("pnas/table");
  const first = space.smallest();
  const cells = new Map(first.map((cell) => [space.key(cell), cell]));
  const add = (parent: () => CellGraph) => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const child = rng.pick([...space.extend(parent())]);
      const key = space.key(child);
      if (cells.has(key)) continue;
      cells.set(key, child);
      return child;
    }
    throw new SpaceError(`tableCells: ${space.name} must have more cells than the list; ask for fewer families`);
  };
  for (let family = 0; family < families; family++) {
    const parent = add(() => rng.pick(first));
    for (let child = 0; child < children; child++) add(() => parent);
  }
  return [...cells.values()];
}
