import { Rng, ZeroRng } from "../core";
import { blockAt, type SearchSpace } from "../space";
import { CellSupernet } from "./cell-supernet";

/** All candidates of one block: its cells, which share the teacher's features but no weights. */
export class BlockSupernet {
  readonly cells: readonly CellSupernet[];

  /** Builds the cells with weights drawn from the seed, block and cell alone; without a seed, for states to be loaded. */
  constructor(
    readonly space: SearchSpace,
    readonly block: number,
    seed?: number,
  ) {
    this.cells = blockAt(space, block).cells.map((_, cell) => buildCell(space, block, cell, seed));
  }

  /** Frees the weights of all cells. */
  dispose(): void {
    for (const cell of this.cells) cell.dispose();
  }
}

/** A cell as it is before any training; without a seed its kernels are zero, for a state to be loaded. */
export function buildCell(space: SearchSpace, block: number, cell: number, seed?: number): CellSupernet {
  const rng = seed === undefined ? new ZeroRng() : new Rng(seed).fork(`distill/block${block}/cell${cell}/weights`);
  return new CellSupernet(space, block, cell, rng);
}
