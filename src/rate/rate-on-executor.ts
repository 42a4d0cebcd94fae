import { InterruptedError, type Progress } from "../core";
import type { StoredTensor } from "../nn";
import type { SearchSpace } from "../space";
import { BlobStore, type Executor } from "../tasks";
import type { CandidateRating } from "./candidate-rating";
import { subtrees } from "./cell-walk";
import type { RatingData } from "./rating-data";
import { type SharedRatingData, type SubtreeInput, type SubtreeNote, shareMaps, subtreeTask } from "./subtree-task";

/** The place of a block's candidates, and what names the images that they are rated on. */
export interface RatedOn {
  readonly space: SearchSpace;
  readonly block: number;
  readonly identity: object;
}

/** Rates cells of a block on an executor, all at once or as they come: what they are rated on is shared once. */
export class ExecutorRating {
  private readonly blobs = new BlobStore();
  private readonly data: SubtreeInput["data"];
  private readonly measure: RatingData["measure"];
  private candidates = 0;

  /** @param data Copied: it may be freed afterwards. */
  constructor(
    private readonly executor: Executor,
    private readonly on: RatedOn,
    { input, targets, readoutTarget, measure }: RatingData,
    private readonly progress: Progress,
  ) {
    const shared: SharedRatingData = {
      ...(input.calibration && { calibration: shareMaps(input.calibration) }),
      rating: input.rating.map(shareMaps),
      targets: targets.map(({ features, ...spread }) => ({ ...spread, features: shareMaps(features) })),
      ...(readoutTarget && { readoutTarget: shareMaps(readoutTarget) }),
    };
    this.data = this.blobs.put(shared, { block: on.block, ...on.identity });
    this.measure = measure;
  }

  /**
   * @param cells States of the cells to rate.
   * @returns Their candidates in lexicographic order.
   */
  async rate(
    cells: ReadonlyMap<number, ReadonlyMap<string, StoredTensor>>,
    signal?: AbortSignal,
  ): Promise<CandidateRating[]> {
    const { executor, blobs, data, measure, progress } = this;
    const { space, block } = this.on;
    const weights = new Map([...cells].map(([cell, state]) => [cell, blobs.put(state)]));
    const parts = subtrees(space, block, executor.parallel ?? 1)
      .filter(({ cell }) => weights.has(cell))
      .map(({ cell, nodes }): SubtreeInput => {
        return { space, block, cell, nodes: [...nodes], weights: weights.get(cell)!, data, measure };
      });
    const rated = new Map<SubtreeInput, readonly CandidateRating[]>();
    const heard = new Map<number, SubtreeNote>();
    const onProgress = (note: SubtreeNote, index: number) => {
      // A second attempt tells again what the first one told.
      const before = heard.get(index) ?? { evaluations: 0, candidates: 0 };
      if (note.evaluations <= before.evaluations) return;
      heard.set(index, note);
      this.candidates += note.candidates - before.candidates;
      progress.advance(note.evaluations - before.evaluations, { candidates: this.candidates });
    };
    // The longest first, so that no thread is left with it at the end.
    const inputs = [...parts].sort((a, b) => b.nodes.length - a.nodes.length);
    try {
      const done = executor.map(subtreeTask, inputs, { signal, blobs, onProgress });
      for await (const { index, output } of done) rated.set(inputs[index], output);
    } catch (error) {
      if (error instanceof InterruptedError) progress.throwIfStopped();
      throw error;
    }
    return parts.flatMap((part) => [...rated.get(part)!]);
  }
}
