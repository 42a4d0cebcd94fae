import { join } from "node:path";
import { Progress, runJobs, type StepContext } from "../core";
import type { BlockSupernet } from "../distill";
import { engine } from "../engine";
import { saveState } from "../nn";
import type { CandidateRating } from "./candidate-rating";
import { CellWalk, type Subtree, subtrees } from "./cell-walk";
import { keepingStatistics } from "./keeping-statistics";
import { type RateOptions, type RatingFeatures, resolveRateOptions } from "./rate-options";
import { disposeData, loadRatingData, type RatingData } from "./rating-data";
import { type SubtreeJob, type SubtreeMessage, shareMaps } from "./subtree-job";

export interface RateContext extends StepContext {
  /**
   * Worker threads, each at a part of a cell; 0: all in this thread. By default as many as the native engine has threads,
   * unless the work is so short that starting them takes longer. A rating with the teacher's `rest`, or by an own
   * function, never has any.
   */
  readonly workers?: number;
}

/** Images times op evaluations that take longer than starting threads. */
const WORTH_WORKERS = 30_000;

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
    const progress = new Progress(context, `rate block ${block + 1}/${space.blocks.length}`, total, "op evaluations");
    const images = features.rating.count + (options.recalibrate ? options.calibrationImages : 0);
    const hired =
      features.rest || options.rating ? 0 : (workers ?? (total * images >= WORTH_WORKERS ? engine.workers() : 0));
    return await (hired > 0
      ? rateByWorkers(supernet, data, hired, progress, context)
      : rateHere(supernet, whole, data, progress));
  } finally {
    disposeData(data);
  }
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

async function rateByWorkers(
  { space, block, cells }: BlockSupernet,
  { input, targets, readoutTarget, measure }: RatingData,
  workers: number,
  progress: Progress,
  { signal }: StepContext,
): Promise<CandidateRating[]> {
  const weights = cells.map(saveState);
  const shared = {
    ...(input.calibration && { calibration: shareMaps(input.calibration) }),
    rating: input.rating.map(shareMaps),
    targets: targets.map(({ features, ...spread }) => ({ ...spread, features: shareMaps(features) })),
    ...(readoutTarget && { readoutTarget: shareMaps(readoutTarget) }),
    measure,
  };
  const parts = subtrees(space, block, workers).map(
    (subtree): SubtreeJob => ({ space, block, subtree, weights: weights[subtree.cell], ...shared }),
  );
  const rated = new Map<SubtreeJob, readonly CandidateRating[]>();
  let candidates = 0;
  const onMessage = (job: SubtreeJob, message: SubtreeMessage) => {
    if (message.ratings) rated.set(job, message.ratings);
    candidates += message.candidates;
    progress.advance(message.evaluations, { candidates });
  };
  // The longest first, so that no thread is left with it at the end.
  const jobs = [...parts].sort((a, b) => b.subtree.nodes.size - a.subtree.nodes.size);
  const complete = await runJobs(join(__dirname, "subtree-job"), jobs, workers, onMessage, signal);
  if (!complete) progress.throwIfStopped();
  return parts.flatMap((job) => [...rated.get(job)!]);
}
