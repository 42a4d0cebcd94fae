import { breathe, Progress, type StepContext } from "../core";
import type { BlockSupernet, CellSupernet, Path } from "../distill";
import type { tf } from "../engine";
import type { Module } from "../nn";
import { blockAt, cellAt, cellPaths } from "../space";
import { batchErrors, type CandidateRating, combine } from "./candidate-rating";
import { keepingStatistics } from "./keeping-statistics";
import { type RateOptions, type RatingFeatures, resolveRateOptions } from "./rate-options";
import { disposeData, disposeMaps, loadRatingData, type Maps, type RatingData } from "./rating-data";

/**
 * Rates every candidate of a block by feature sharing: a depth-first walk over the tree of path prefixes, in which each
 * node's output is computed once and used by all paths through it (DNA, section 3.3).
 *
 * At each node the op's batch norms take over the statistics of the calibration batch as it arrives there, so a path is
 * rated exactly as if it were calibrated and run alone. At most depth + 1 feature maps an image are kept. The supernet is
 * afterwards as it was before.
 * @returns The candidates in lexicographic order: cell, then path with the last layer fastest.
 * @throws InterruptedError when stopped.
 */
export async function rateBlock(
  supernet: BlockSupernet,
  features: RatingFeatures,
  given: Partial<RateOptions> = {},
  context: StepContext = {},
): Promise<CandidateRating[]> {
  const { space, block, cells } = supernet;
  const data = loadRatingData(space, block, features, resolveRateOptions(given));
  const walks = cells.map((cell, i) => ({
    cell,
    nodes: prefixes(cellPaths(blockAt(space, block), cellAt(space, block, i))),
  }));
  const total = walks.reduce((sum, { nodes }) => sum + nodes.size, 0);
  const progress = new Progress(context, `rate block ${block + 1}/${space.blocks.length}`, total, "op evaluations");
  const ratings: CandidateRating[] = [];
  try {
    await keepingStatistics(cells, async () => {
      for (const { cell, nodes } of walks) await new CellWalk(cell, nodes, data, progress, ratings).run();
    });
    return ratings;
  } finally {
    disposeData(data);
  }
}

/** All beginnings of paths: the nodes of the tree that they form. */
function prefixes(paths: readonly Path[]): Set<string> {
  return new Set(paths.flatMap((path) => path.map((_, layer) => String(path.slice(0, layer + 1)))));
}

/** The walk over one cell's tree. */
class CellWalk {
  constructor(
    private readonly cell: CellSupernet,
    private readonly nodes: ReadonlySet<string>,
    private readonly data: RatingData,
    private readonly progress: Progress,
    private readonly ratings: CandidateRating[],
  ) {}

  async run(): Promise<void> {
    const { cell, data } = this;
    if (!cell.stem) return this.visit(data.input, []);
    const stemmed = through(cell.stem, data.input);
    try {
      await this.visit(stemmed, []);
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
        if (path.length === this.cell.depth) this.rate(output, path);
        this.progress.advance(1, { candidates: this.ratings.length });
        await breathe();
        if (path.length < this.cell.depth) await this.visit(output, path);
      } finally {
        disposeMaps(output);
      }
    }
  }

  private rate({ rating }: Maps, path: readonly number[]): void {
    const { block, cell } = this.cell;
    const { targets, measure } = this.data;
    const errors = rating.map((y, i) => batchErrors(y, targets[i]));
    this.ratings.push(combine({ block, cell, path }, errors, targets, measure));
  }
}

/** Calibrates a module on the calibration maps, if there are any, then runs all maps through it. */
function through(module: Module, { calibration, rating }: Maps): Maps {
  return {
    ...(calibration && { calibration: module.forward(calibration, { mode: "recalibrate" }) }),
    rating: rating.map((x): tf.Tensor4D => module.forward(x, { mode: "eval" })),
  };
}
