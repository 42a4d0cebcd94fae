import { breathe, type Progress } from "../core";
import type { CellSupernet, Path } from "../distill";
import type { tf } from "../engine";
import type { Module } from "../nn";
import { blockAt, cellAt, cellPaths, type SearchSpace, supernetInput } from "../space";
import type { CandidateRating } from "./candidate-rating";
import { rateEnd } from "./rate-maps";
import { disposeMaps, type Maps, type RatingData } from "./rating-data";

/** Part of a cell's candidates, as plain data: those whose first op is one of a few that follow each other. */
export interface Subtree {
  readonly cell: number;
  /** All beginnings of their paths: the nodes of the tree that they form. */
  readonly nodes: ReadonlySet<string>;
}

/**
 * The cells of a block for so many workers, in lexicographic order: a cell that would keep one of them busy for too long is
 * split among all.
 */
export function subtrees(space: SearchSpace, block: number, workers: number): Subtree[] {
  const cells = blockAt(space, block).cells.map((_, cell) => {
    const { channels } = supernetInput(space, block);
    const paths = cellPaths(blockAt(space, block), cellAt(space, block, cell), channels);
    return { cell, paths, nodes: prefixes(paths) };
  });
  const total = cells.reduce((sum, { nodes }) => sum + nodes.size, 0);
  return cells.flatMap(({ cell, paths, nodes }) => {
    if (workers === 1 || nodes.size <= total / (2 * workers)) return [{ cell, nodes }];
    const first = [...new Set(paths.map(([op]) => op))];
    const size = Math.ceil(first.length / workers);
    return Array.from({ length: Math.ceil(first.length / size) }, (_, part) => {
      const ops = first.slice(part * size, (part + 1) * size);
      return { cell, nodes: prefixes(paths.filter(([op]) => ops.includes(op))) };
    });
  });
}

function prefixes(paths: readonly Path[]): Set<string> {
  return new Set(paths.flatMap((path) => path.map((_, layer) => String(path.slice(0, layer + 1)))));
}

/** The depth-first walk over (part of) a cell's tree; counts one unit of progress a node. */
export class CellWalk {
  private readonly ratings: CandidateRating[] = [];

  /** @param rated Candidates that earlier walks rated, for the progress alone. */
  constructor(
    private readonly cell: CellSupernet,
    private readonly nodes: ReadonlySet<string>,
    private readonly data: RatingData,
    private readonly progress: Progress,
    private readonly rated = 0,
  ) {}

  /** @returns The ratings in lexicographic order. */
  async run(): Promise<CandidateRating[]> {
    const { cell, data, ratings } = this;
    if (!cell.stem) {
      await this.visit(data.input, []);
      return ratings;
    }
    const stemmed = through(cell.stem, data.input);
    try {
      await this.visit(stemmed, []);
      return ratings;
    } finally {
      disposeMaps(stemmed);
    }
  }

  private async visit(input: Maps, prefix: readonly number[]): Promise<void> {
    for (const [op, module] of this.cell.layers[prefix.length].entries()) {
      const path = [...prefix, op];
      if (!this.nodes.has(String(path))) continue;
      const output = through(module, input);
      try {
        if (path.length === this.cell.depth) this.rateEnd(output, path);
        this.progress.advance(1, { candidates: this.rated + this.ratings.length });
        await breathe();
        if (path.length < this.cell.depth) await this.visit(output, path);
      } finally {
        disposeMaps(output);
      }
    }
  }

  /** Rates what a candidate ends in, behind the adapter where there is one. */
  private rateEnd(end: Maps, path: readonly number[]): void {
    const { adapter } = this.cell;
    if (!adapter) {
      this.rate(end, path);
      return;
    }
    const adapted = through(adapter, end);
    try {
      this.rate(adapted, path);
    } finally {
      disposeMaps(adapted);
    }
  }

  private rate(end: Maps, path: readonly number[]): void {
    const { block, cell } = this.cell;
    this.ratings.push(rateEnd({ block, cell, path }, end, this.data));
  }
}

/** Calibrates a module on the calibration maps, if there are any, then runs all maps through it. */
export function through(module: Module, { calibration, rating }: Maps): Maps {
  return {
    ...(calibration && { calibration: module.forward(calibration, { mode: "recalibrate" }) }),
    rating: rating.map((x): tf.Tensor4D => module.forward(x, { mode: "eval" })),
  };
}
