import type { SupernetDistillation } from "../distill";
import type { SupernetRatings } from "../rate";
import type { RunContext } from "./run-context";

/**
 * Distils blocks on the context's executor, all cells at once, and rates each cell as soon as it is distilled, whatever the
 * others are at: no worker waits for the slowest one.
 * @param record Records a block, of which every cell is distilled and being rated; never two at a time.
 * @throws The first failure, once nothing of the others goes on.
 */
export async function rateAsDistilled(
  distillation: SupernetDistillation,
  ratings: SupernetRatings,
  blocks: readonly number[],
  context: RunContext,
  record: (block: number, context: RunContext) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal;
  const stoppable = { ...context, signal };
  let failure: unknown;
  const fail = (error: unknown) => {
    // What the others throw then is that they were stopped.
    if (!stop.signal.aborted) failure = error;
    stop.abort();
  };
  const left = new Map(blocks.map((block) => [block, distillation.source.space.blocks[block].cells.length]));
  const rating: Promise<void>[] = [];
  let recording = Promise.resolve();
  try {
    await distillation.ahead(blocks, stoppable, (block, cell, weights) => {
      rating.push(ratings.begin(block, cell, weights, stoppable).catch(fail));
      const cells = left.get(block)! - 1;
      left.set(block, cells);
      if (cells === 0) {
        recording = recording.then(() => (stop.signal.aborted ? undefined : record(block, stoppable))).catch(fail);
      }
    });
  } catch (error) {
    fail(error);
  }
  await Promise.all(rating);
  await recording;
  if (stop.signal.aborted) throw failure;
}
