import { ConfigError, InterruptedError, Progress, SpaceError, type StepContext } from "../core";
import { engine } from "../engine";
import { blockAt, formatShape, type SearchSpace, sameShape } from "../space";
import { BlockSupernet } from "./block-supernet";
import { type CellCheckpoints, type DistillEpoch, memoryCheckpoints } from "./cell-checkpoint";
import type { CellJob } from "./cell-job";
import { hasWorkers, runCellJobs } from "./cell-pool";
import { batchesPerEpoch, distillCell, epochsDone } from "./distill-cell";
import { blockEpochs, type DistillOptions, resolveDistillOptions } from "./distill-options";
import type { FeatureSource } from "./feature-source";
import { shareFeatures } from "./shared-features";

/** A trained supernet of one block. */
export interface DistilledBlock {
  readonly supernet: BlockSupernet;
  /** `[cell][epoch]` */
  readonly history: readonly (readonly DistillEpoch[])[];
}

export interface DistillContext extends StepContext {
  /** Where complete epochs are kept; memory when left out, and then gone with this call. */
  readonly checkpoints?: CellCheckpoints;
  /**
   * Worker threads, each at one cell; 0: cells one after another in this thread. By default as many as the native engine
   * has threads, unless the work is so short that starting them takes longer.
   */
  readonly workers?: number;
}

/**
 * Trains the supernet of one block to imitate the teacher's: each cell apart, fed with the teacher's features before the
 * block, plain mean squared error to those after it (DNA, section 3.2; the block 0 of a student sees the images).
 *
 * The outcome depends on space, block, features and options alone: blocks may be done in any order, by any process. A
 * cell is always computed by one engine thread, so it is also the same bytes for any number of threads and workers.
 * Cells go on from the states in `checkpoints`; those that are complete are only loaded.
 * @throws SpaceError when the features are not those of the space's blocks.
 * @throws TrainingError, InterruptedError, CheckpointError as {@link distillCell}; nothing stays allocated then.
 */
export async function distillBlock(
  space: SearchSpace,
  block: number,
  features: FeatureSource,
  given: Partial<DistillOptions> = {},
  { checkpoints = memoryCheckpoints(), workers, ...context }: DistillContext = {},
): Promise<DistilledBlock> {
  const options = resolveDistillOptions(given);
  checkFeatures(space, block, features);
  checkGuide(options, block, features);
  const supernet = new BlockSupernet(space, block, options.seed);
  const { threads } = engine.info();
  try {
    const perEpoch = batchesPerEpoch(features.count, options);
    const wanted = blockEpochs(options, block);
    const epochs = supernet.cells.map(({ cell }) => Math.min(wanted, epochsDone(checkpoints, block, cell)));
    const done = epochs.reduce((sum, count) => sum + count * perEpoch, 0);
    const total = supernet.cells.length * wanted * perEpoch;
    const progress = new Progress(context, `distill block ${block + 1}/${space.blocks.length}`, total, "batches", done);
    const cells = [...epochs.keys()].filter((cell) => epochs[cell] < wanted);
    const run = { space, block, cells, features, options, checkpoints };
    const hired = workers ?? (total - done >= WORTH_WORKERS ? defaultWorkers() : 0);
    if (hired > 0 && cells.length > 0) await distilByWorkers(run, hired, progress, context);
    engine.setThreads(1);
    // After the workers, this only loads what they did.
    const history: DistillEpoch[][] = [];
    for (const cell of supernet.cells) history.push(await distillCell(cell, features, options, checkpoints, progress));
    return { supernet, history };
  } catch (error) {
    supernet.dispose();
    throw error;
  } finally {
    engine.setThreads(threads);
  }
}

/** Batches that take longer than starting threads. */
const WORTH_WORKERS = 400;

function defaultWorkers(): number {
  const { backend, threads } = engine.info();
  return backend === "native" && threads > 1 && hasWorkers() ? threads : 0;
}

interface WorkerRun {
  readonly space: SearchSpace;
  readonly block: number;
  readonly cells: readonly number[];
  readonly features: FeatureSource;
  readonly options: DistillOptions;
  readonly checkpoints: CellCheckpoints;
}

async function distilByWorkers(
  { space, block, cells, features, options, checkpoints }: WorkerRun,
  workers: number,
  progress: Progress,
  { signal }: StepContext,
): Promise<void> {
  const shared = await shareFeatures(features, [block, block + 1]);
  const jobs = cells.map((cell): CellJob => {
    const place = checkpoints.place(block, cell);
    return { space, block, cell, options, features: shared, place, state: checkpoints.read(block, cell) };
  });
  // The longest first, so that no thread is left with it at the end.
  const size = ({ cell }: CellJob) => space.blocks[block].cells[cell].depth * space.blocks[block].cells[cell].width;
  jobs.sort((a, b) => size(b) - size(a));
  const listener = {
    onBatch: (_job: CellJob, metrics: Record<string, number>) => {
      try {
        progress.advance(1, metrics);
      } catch (error) {
        // The workers are told by the signal; they end first.
        if (!(error instanceof InterruptedError)) throw error;
      }
    },
    onEpoch: (job: CellJob, state: NonNullable<CellJob["state"]>) => checkpoints.write(block, job.cell, state),
  };
  const complete = await runCellJobs(jobs, workers, listener, signal);
  if (!complete) progress.throwIfStopped();
}

/** @throws ConfigError when the features are not of the input that the options name. */
function checkGuide({ guideInput }: DistillOptions, block: number, { guide = "teacher" }: FeatureSource): void {
  if (block === 0 || guide === guideInput) return;
  throw new ConfigError(
    `distill: block ${block} must be fed with the ${guideInput}'s features (guideInput), got the ${guide}'s; blocks fed with the student's are distilled and rated in sequence, see studentFeatures`,
    { block, guideInput },
  );
}

/** @throws SpaceError when features do not have the shapes of the space's boundaries. */
export function checkFeatures(space: SearchSpace, block: number, { shapes }: FeatureSource): void {
  const { input, output } = blockAt(space, block);
  for (const [boundary, expected] of [
    [block, input],
    [block + 1, output],
  ] as const) {
    const got = shapes[boundary];
    if (!got || !sameShape(got, expected)) {
      throw new SpaceError(
        `distill: features at boundary ${boundary} must be ${formatShape(expected)} as in space ${space.name}, got ${got ? formatShape(got) : "none"}; build the space from the same teacher blocks`,
        { block, boundary },
      );
    }
  }
}
