import type { StoredTensor } from "../nn";
import type { SearchSpace } from "../space";
import type { Executor, TaskStepContext } from "../tasks";
import type { CandidateRating } from "./candidate-rating";
import { ratingProgress } from "./rate-block";
import { ExecutorRating } from "./rate-on-executor";
import type { RatingFeatures, ResolvedRateOptions } from "./rate-options";
import { disposeData, loadRatingData } from "./rating-data";

/** Ratings of a block's cells, each begun as soon as the cell is distilled, whatever the others are at. */
export class CellsAhead {
  private readonly cells = new Map<number, Promise<readonly CandidateRating[]>>();
  private readonly rating: ExecutorRating;

  constructor(
    private readonly space: SearchSpace,
    private readonly block: number,
    features: RatingFeatures,
    options: ResolvedRateOptions,
    context: TaskStepContext & { readonly executor: Executor },
  ) {
    const { calibration, rating } = features;
    const identity = { calibration: calibration.fingerprint, rating: rating.fingerprint, options };
    const data = loadRatingData(space, block, features, options);
    try {
      const progress = ratingProgress(space, block, context);
      this.rating = new ExecutorRating(context.executor, { space, block, identity }, data, progress);
    } finally {
      disposeData(data);
    }
  }

  /** @returns Settles when the cell is rated. */
  begin(cell: number, state: ReadonlyMap<string, StoredTensor>, signal?: AbortSignal): Promise<unknown> {
    const rated = this.rating.rate(new Map([[cell, state]]), signal);
    this.cells.set(cell, rated);
    return rated;
  }

  /** The block's candidates in lexicographic order; undefined where a cell was not begun. */
  async all(): Promise<CandidateRating[] | undefined> {
    const cells = this.space.blocks[this.block].cells.map((_, cell) => this.cells.get(cell));
    if (cells.some((rated) => rated === undefined)) return undefined;
    return (await Promise.all(cells)).flatMap((rated) => [...rated!]);
  }
}
