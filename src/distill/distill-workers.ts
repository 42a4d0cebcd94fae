import { join } from "node:path";
import { Progress, readyThreads, runJobs, type StepContext } from "../core";
import { engine } from "../engine";
import type { SearchSpace } from "../space";
import type { CellCheckpoints } from "./cell-checkpoint";
import type { CellJob, CellMessage } from "./cell-job";
import { batchesPerEpoch, epochsDone } from "./distill-cell";
import { blockEpochs, type DistillOptions } from "./distill-options";
import type { FeatureSource } from "./feature-source";
import { shareFeatures } from "./shared-features";

/** Blocks to distil, with what they are distilled from and where their states are kept. */
export interface DistillWork {
  readonly space: SearchSpace;
  readonly blocks: readonly number[];
  readonly features: FeatureSource;
  readonly options: DistillOptions;
  readonly checkpoints: CellCheckpoints;
}

/** A cell that is not complete yet, with the epochs that it has. */
interface Unfinished {
  readonly block: number;
  readonly cell: number;
  readonly done: number;
}

const CELL_JOB = join(__dirname, "cell-job");

/** Batches that take longer than starting threads. */
const WORTH_WORKERS = 400;

/** Progress over all cells of the blocks, from where their checkpoints are. */
export function workProgress(
  { space, blocks, features, options, checkpoints }: DistillWork,
  context: StepContext,
): Progress {
  const perEpoch = batchesPerEpoch(features.count, options);
  let total = 0;
  let done = 0;
  for (const block of blocks) {
    const wanted = blockEpochs(options, block);
    for (const cell of space.blocks[block].cells.keys()) {
      total += wanted * perEpoch;
      done += Math.min(wanted, epochsDone(checkpoints, block, cell)) * perEpoch;
    }
  }
  const which = blocks.length === 1 ? `block ${blocks[0] + 1}/${space.blocks.length}` : `${blocks.length} blocks`;
  return new Progress(context, `distill ${which}`, total, "batches", done);
}

/**
 * Distils what is unfinished in so many worker threads, each at one cell; in none where the work is too short or the engine
 * has no threads to give.
 */
export async function distilByWorkers(
  work: DistillWork,
  workers: number | undefined,
  progress: Progress,
  { signal }: StepContext,
): Promise<void> {
  const { space, features, options, checkpoints } = work;
  const cells = unfinished(work);
  const perEpoch = batchesPerEpoch(features.count, options);
  const batches = cells.reduce((sum, { block, done }) => sum + (blockEpochs(options, block) - done) * perEpoch, 0);
  const hired = workers ?? (batches >= WORTH_WORKERS ? engine.workers() : 0);
  if (hired === 0 || cells.length === 0) return;
  readyThreads(CELL_JOB, Math.min(hired, cells.length));
  const boundaries = [...new Set(cells.flatMap(({ block }) => [block, block + 1]))];
  const sharing = await shareFeatures(features, boundaries);
  const jobs = cells.map(({ block, cell }): CellJob => {
    const place = checkpoints.place(block, cell);
    return { space, block, cell, options, features: sharing.features, place, state: checkpoints.read(block, cell) };
  });
  // The longest first, so that no thread is left with it at the end.
  jobs.sort((a, b) => effort(b) - effort(a));
  const onMessage = (job: CellJob, message: CellMessage) => {
    if (message.kind === "epoch") checkpoints.write(job.block, job.cell, message.state);
    else progress.advance(1, message.metrics);
  };
  try {
    const complete = await runJobs(CELL_JOB, jobs, hired, onMessage, signal);
    if (!complete) progress.throwIfStopped();
  } finally {
    sharing.release();
  }
}

function unfinished({ space, blocks, options, checkpoints }: DistillWork): Unfinished[] {
  return blocks.flatMap((block) =>
    space.blocks[block].cells
      .map((_, cell) => ({ block, cell, done: epochsDone(checkpoints, block, cell) }))
      .filter(({ done }) => done < blockEpochs(options, block)),
  );
}

/** About proportional to a cell's multiply-adds. */
function effort({ space, block, cell }: CellJob): number {
  const { output, cells } = space.blocks[block];
  return output.height * output.width * cells[cell].depth * cells[cell].width ** 2;
}
