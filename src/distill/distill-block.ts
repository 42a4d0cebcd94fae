import { CheckpointError, ConfigError, SpaceError } from "../core";
import { engine } from "../engine";
import { loadState } from "../nn";
import { blockAt, formatShape, type SearchSpace, sameShape } from "../space";
import type { TaskStepContext } from "../tasks";
import { checkBelongs, tensorsUnder } from "../train";
import { BlockSupernet } from "./block-supernet";
import {
  type CellCheckpoints,
  cellStates,
  type DistillEpoch,
  distillFingerprint,
  memoryCheckpoints,
  withoutLonger,
} from "./cell-checkpoint";
import { distillCell } from "./distill-cell";
import { type DistillOptions, resolveDistillOptions } from "./distill-options";
import { type DistillWork, distilByWorkers, workProgress } from "./distill-workers";
import type { FeatureSource } from "./feature-source";

/** A trained supernet of one block. */
export interface DistilledBlock {
  readonly supernet: BlockSupernet;
  /** `[cell][epoch]` */
  readonly history: readonly (readonly DistillEpoch[])[];
}

export interface DistillContext extends TaskStepContext {
  /** Where complete epochs are kept; memory when left out, and then gone with this call. */
  readonly checkpoints?: CellCheckpoints;
  /**
   * Worker threads, each at one cell; 0: cells one after another in this thread. By default as many as the native engine
   * has threads, unless the work is so short that starting them takes longer.
   */
  readonly workers?: number;
}

/**
 * Trains the cells of several blocks at once in worker threads, each as {@link distillBlock} does, and leaves their states
 * in the checkpoints, where it finds them. Without workers, or for work that is too short for them, it does nothing.
 * @throws As {@link distillBlock}.
 */
export async function distillAhead(
  space: SearchSpace,
  blocks: readonly number[],
  features: FeatureSource,
  given: Partial<DistillOptions>,
  {
    checkpoints,
    workers,
    onCell,
    ...context
  }: DistillContext & Pick<DistillWork, "onCell"> & { readonly checkpoints: CellCheckpoints },
): Promise<void> {
  const options = resolveDistillOptions(given);
  for (const block of blocks) {
    checkFeatures(space, block, features);
    checkGuide(options, block, features);
  }
  const work = { space, blocks, features, options, checkpoints: withoutLonger(checkpoints, options), onCell };
  await distilByWorkers(work, workers, workProgress(work, context), context);
}

/**
 * Trains the supernet of one block to imitate the teacher's: each cell apart, fed with the teacher's features before the
 * block, plain mean squared error to those after it (DNA, section 3.2; the block 0 of a student sees the images).
 *
 * The outcome depends on space, block, features and options alone: blocks may be done in any order, by any process. A
 * cell is always computed by one engine thread, so it is also the same bytes for any number of threads and workers.
 * Cells go on from the states in `checkpoints`; those that are complete are only loaded, and those of more epochs than are
 * asked for are made anew.
 * @throws SpaceError when the features are not those of the space's blocks.
 * @throws TrainingError, InterruptedError, CheckpointError as {@link distillCell}; nothing stays allocated then.
 */
export async function distillBlock(
  space: SearchSpace,
  block: number,
  features: FeatureSource,
  given: Partial<DistillOptions> = {},
  { checkpoints: kept = memoryCheckpoints(), workers, ...context }: DistillContext = {},
): Promise<DistilledBlock> {
  const options = resolveDistillOptions(given);
  const checkpoints = withoutLonger(kept, options);
  checkFeatures(space, block, features);
  checkGuide(options, block, features);
  const work = { space, blocks: [block], features, options, checkpoints };
  const progress = workProgress(work, context);
  await distilByWorkers(work, workers, progress, context);
  // Drawing weights takes long enough to be left out where states replace them.
  const states = space.blocks[block].cells.every((_, cell) => checkpoints.read(block, cell));
  const supernet = new BlockSupernet(space, block, states ? undefined : options.seed, options.initialWeights);
  const { threads } = engine.info();
  engine.setThreads(1);
  try {
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

/**
 * The supernet of one block as its states are, trained to the end or not: what {@link distillBlock} left after some epoch.
 * @throws CheckpointError when a cell has no state, it is within an epoch, or of another distillation.
 */
export function loadBlock(
  space: SearchSpace,
  block: number,
  features: FeatureSource,
  given: Partial<DistillOptions>,
  checkpoints: CellCheckpoints,
): DistilledBlock {
  const options = resolveDistillOptions(given);
  const supernet = new BlockSupernet(space, block);
  try {
    const history = supernet.cells.map((cell, index) => {
      const states = cellStates(checkpoints, block, index);
      const { place } = states;
      const state = states.read();
      if (!state) throw new CheckpointError(`distill: ${place} must be a cell's state, and does not exist`, { place });
      if (state.within) {
        throw new CheckpointError(
          `distill: ${place} must be a cell's state after an epoch, and is of ${state.within.steps} steps of epoch ${state.history.length + 1}; distil on to the epoch's end`,
          { place },
        );
      }
      checkBelongs(state, distillFingerprint(space, block, index, features, options), states);
      loadState(cell, tensorsUnder("cell", state.tensors));
      return state.history;
    });
    return { supernet, history };
  } catch (error) {
    supernet.dispose();
    throw error;
  }
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
