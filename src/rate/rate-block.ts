import { Progress, type StepContext } from "../core";
import type { BlockSupernet } from "../distill";
import { engine } from "../engine";
import { saveState } from "../nn";
import type { SearchSpace } from "../space";
import { type TaskStepContext, threadExecutor, threadsFor } from "../tasks";
import type { CandidateRating } from "./candidate-rating";
import { CellWalk, type Subtree, subtrees } from "./cell-walk";
import { keepingStatistics } from "./keeping-statistics";
import { ExecutorRating } from "./rate-on-executor";
import { type RateOptions, type RatingFeatures, resolveRateOptions } from "./rate-options";
import { disposeData, loadRatingData, type RatingData } from "./rating-data";
import { subtreeTask } from "./subtree-task";

export interface RateContext extends TaskStepContext {
  /**
   * Worker threads, each at a part of a cell; 0: all in this thread. By default as many as the native engine has threads,
   * unless the work is so short that starting them takes longer. A rating with the teacher's `rest`, or by an own
   * function, never has any.
   */
  readonly workers?: number;
}

/**
 * Rates every candidate of a block by feature sharing: a depth-first walk over the tree of path prefixes, in which each
 * node's output is computed once and used by all paths through it (DNA, section 3.3).
 *
 * At each node the op's batch norms take over the statistics of the calibration batch as it arrives there, so a path is
 * rated exactly as if it were calibrated and run alone. At most depth + 1 feature maps an image are kept, by each worker.
 * The supernet is afterwards as it was before.
 * @param given How; `rating` takes an own function of feature maps in place of our measures.
 * @returns The candidates in lexicographic order: cell, then path with the last layer fastest.
 * @throws ConfigError for a malformed option, or an own rating that gives no finite numbers.
 * @throws InterruptedError when stopped.
 */
export async function rateBlock(
  supernet: BlockSupernet,
  features: RatingFeatures,
  given: Partial<RateOptions> = {},
  { workers, ...context }: RateContext = {},
): Promise<CandidateRating[]> {
  const { space, block } = supernet;
  const options = resolveRateOptions(given);
  const data = loadRatingData(space, block, features, options);
  try {
    const whole = subtrees(space, block, 1);
    const total = whole.reduce((sum, { nodes }) => sum + nodes.size, 0);
    const progress = ratingProgress(space, block, context);
    const images = features.rating.count + (options.recalibrate ? options.calibrationImages : 0);
    const work = { asked: workers, free: engine.workers(), work: total * images };
    const threads = threadsFor(subtreeTask, work);
    const executor = context.executor ?? (threads > 0 ? threadExecutor(threads) : undefined);
    const identity = { calibration: features.calibration.fingerprint, rating: features.rating.fingerprint, options };
    // Functions cannot be sent to a thread.
    const here = !executor || features.rest || options.rating;
    if (here) return await rateHere(supernet, whole, data, progress);
    const states = new Map(supernet.cells.map((cell, index) => [index, saveState(cell)]));
    return await new ExecutorRating(executor, { space, block, identity }, data, progress).rate(states, context.signal);
  } finally {
    disposeData(data);
  }
}

/** Progress over all op evaluations of a block. */
export function ratingProgress(space: SearchSpace, block: number, context: StepContext): Progress {
  const total = subtrees(space, block, 1).reduce((sum, { nodes }) => sum + nodes.size, 0);
  const part = { of: "rate", index: block + 1, total: space.blocks.length };
  return new Progress(context, `rate block ${part.index}/${part.total}`, total, "op evaluations", 0, part);
}

function rateHere(
  { cells }: BlockSupernet,
  whole: readonly Subtree[],
  data: RatingData,
  progress: Progress,
): Promise<CandidateRating[]> {
  const ratings: CandidateRating[] = [];
  return keepingStatistics(cells, async () => {
    for (const { cell, nodes } of whole) {
      ratings.push(...(await new CellWalk(cells[cell], nodes, data, progress, ratings.length).run()));
    }
    return ratings;
  });
}
