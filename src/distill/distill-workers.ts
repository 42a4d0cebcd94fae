import { InterruptedError, Progress, type StepContext } from "../core";
import { engine } from "../engine";
import type { SearchSpace } from "../space";
import { BlobStore, type Executor, type TaskStepContext, threadExecutor, threadsFor } from "../tasks";
import type { CellCheckpoints } from "./cell-checkpoint";
import { type CellInput, type CellNote, cellTask } from "./cell-task";
import { batchesPerEpoch, cellBeside, epochsDone } from "./distill-cell";
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
  /** Told of each cell once its last state is kept; of those that were complete before, at once. */
  readonly onCell?: (block: number, cell: number) => void;
}

/** A cell that is not complete yet, with the batches that it has had. */
interface Unfinished {
  readonly block: number;
  readonly cell: number;
  readonly batches: number;
}

/** Progress over all cells of the blocks, from where their checkpoints are. */
export function workProgress(work: DistillWork, context: StepContext): Progress {
  const { space, blocks, features, options } = work;
  const perEpoch = batchesPerEpoch(features.count, options);
  let total = 0;
  let done = 0;
  for (const block of blocks) {
    const wanted = blockEpochs(options, block);
    for (const cell of space.blocks[block].cells.keys()) {
      total += wanted * perEpoch;
      done += Math.min(wanted * perEpoch, batchesDone(work, block, cell));
    }
  }
  const of = "distill";
  if (blocks.length !== 1) return new Progress(context, `${of} ${blocks.length} blocks`, total, "batches", done);
  const part = { of, index: blocks[0] + 1, total: space.blocks.length };
  return new Progress(context, `${of} block ${part.index}/${part.total}`, total, "batches", done, part);
}

/**
 * Distils what is unfinished by the executor that is given, else in so many worker threads, each at one cell; in none where the
 * work is too short or the engine has no threads to give.
 */
export async function distilByWorkers(
  work: DistillWork,
  workers: number | undefined,
  progress: Progress,
  { signal, executor: given }: TaskStepContext,
): Promise<void> {
  const { space, features, options, checkpoints, blocks, onCell } = work;
  const cells = unfinished(work);
  for (const block of blocks) {
    for (const cell of space.blocks[block].cells.keys()) {
      if (!cells.some((one) => one.block === block && one.cell === cell)) onCell?.(block, cell);
    }
  }
  const perEpoch = batchesPerEpoch(features.count, options);
  const batches = cells.reduce(
    (sum, { block, batches: done }) => sum + blockEpochs(options, block) * perEpoch - done,
    0,
  );
  if (cells.length === 0) return;
  const executor = given ?? threadsOf(workers, batches, cells.length);
  if (!executor) return;
  const boundaries = [...new Set(cells.flatMap(({ block }) => [block, block + 1]))];
  const sharing = await shareFeatures(features, boundaries);
  const blobs = new BlobStore();
  // A worker elsewhere fetches those of its block alone.
  const featuresOf = (block: number) => {
    const ends = [block, block + 1];
    const maps = new Map(ends.map((end) => [end, sharing.features.boundaries.get(end)!]));
    return blobs.put({ ...sharing.features, boundaries: maps }, { features: features.fingerprint, boundaries: ends });
  };
  const inputs = cells.map(({ block, cell }): CellInput => {
    const state = checkpoints.read(block, cell);
    const place = checkpoints.place(block, cell);
    const kept = state && { state: blobs.put(state) };
    return { space, block, cell, options, features: featuresOf(block), place, ...kept };
  });
  // The longest first, so that no thread is left with it at the end.
  inputs.sort((a, b) => effort(b) - effort(a));
  /** Batches of each cell that were told of. */
  const heard = inputs.map(({ block, cell }) => batchesDone(work, block, cell));
  const onProgress = (note: CellNote, index: number) => {
    const { block, cell } = inputs[index];
    if (note.kind === "state") checkpoints.write(block, cell, note.state);
    else {
      // A second attempt tells again what the first one told.
      const { batches, metrics } = note;
      const total = blockEpochs(options, block) * perEpoch;
      const within = { task: cellBeside(block, cell), done: batches, total, unit: "batches", metrics };
      progress.advance(Math.max(0, batches - heard[index]), metrics, within);
      heard[index] = Math.max(heard[index], note.batches);
    }
  };
  try {
    // A cell's states are kept as they come.
    for await (const { index } of executor.map(cellTask, inputs, { signal, blobs, onProgress })) {
      const { block, cell } = inputs[index];
      onCell?.(block, cell);
    }
  } catch (error) {
    if (error instanceof InterruptedError) progress.throwIfStopped();
    throw error;
  } finally {
    sharing.release();
  }
}

/** Threads that have loaded the task by the time it is given; undefined where they are not worth their start. */
function threadsOf(workers: number | undefined, batches: number, cells: number): Executor | undefined {
  const threads = threadsFor(cellTask, { asked: workers, free: engine.workers(), work: batches });
  if (threads === 0) return undefined;
  const executor = threadExecutor(threads);
  executor.ready(cellTask, cells);
  return executor;
}

function unfinished(work: DistillWork): Unfinished[] {
  const { space, blocks, features, options } = work;
  const perEpoch = batchesPerEpoch(features.count, options);
  return blocks.flatMap((block) =>
    space.blocks[block].cells
      .map((_, cell) => ({ block, cell, batches: batchesDone(work, block, cell) }))
      .filter(({ batches }) => batches < blockEpochs(options, block) * perEpoch),
  );
}

/** Batches of a cell that its state has behind it. */
function batchesDone({ features, options, checkpoints }: DistillWork, block: number, cell: number): number {
  const { epochs, steps } = epochsDone(checkpoints, block, cell);
  return epochs * batchesPerEpoch(features.count, options) + steps;
}

/** About proportional to a cell's multiply-adds. */
function effort({ space, block, cell }: CellInput): number {
  const { output, cells } = space.blocks[block];
  return output.height * output.width * cells[cell].depth * cells[cell].width ** 2;
}
