import { Progress, SpaceError, type StepContext } from "../core";
import { blockAt, formatShape, type SearchSpace, sameShape } from "../space";
import { BlockSupernet } from "./block-supernet";
import { type CellCheckpoints, type DistillEpoch, memoryCheckpoints } from "./cell-checkpoint";
import { batchesPerEpoch, distillCell, epochsDone } from "./distill-cell";
import { type DistillOptions, resolveDistillOptions } from "./distill-options";
import type { FeatureSource } from "./feature-source";

/** A trained supernet of one block. */
export interface DistilledBlock {
  readonly supernet: BlockSupernet;
  /** `[cell][epoch]` */
  readonly history: readonly (readonly DistillEpoch[])[];
}

/**
 * Trains the supernet of one block to imitate the teacher's: each cell apart, fed with the teacher's features before the
 * block, plain mean squared error to those after it (DNA, section 3.2; the block 0 of a student sees the images).
 *
 * The outcome depends on space, block, features and options alone: blocks may be done in any order, by any process.
 * Cells go on from the states in `checkpoints`; those that are complete are only loaded.
 * @throws SpaceError when the features are not those of the space's blocks.
 * @throws TrainingError, InterruptedError, CheckpointError as {@link distillCell}; nothing stays allocated then.
 */
export async function distillBlock(
  space: SearchSpace,
  block: number,
  features: FeatureSource,
  given: Partial<DistillOptions> = {},
  { checkpoints = memoryCheckpoints(), ...context }: StepContext & { readonly checkpoints?: CellCheckpoints } = {},
): Promise<DistilledBlock> {
  const options = resolveDistillOptions(given);
  checkFeatures(space, block, features);
  const supernet = new BlockSupernet(space, block, options.seed);
  try {
    const perCell = options.epochs * batchesPerEpoch(features.count, options);
    const done = supernet.cells.reduce(
      (sum, { cell }) => sum + Math.min(1, epochsDone(checkpoints, block, cell) / options.epochs),
      0,
    );
    const task = `distill block ${block + 1}/${space.blocks.length}`;
    const progress = new Progress(
      context,
      task,
      supernet.cells.length * perCell,
      "batches",
      Math.round(done * perCell),
    );
    const history: DistillEpoch[][] = [];
    for (const cell of supernet.cells) history.push(await distillCell(cell, features, options, checkpoints, progress));
    return { supernet, history };
  } catch (error) {
    supernet.dispose();
    throw error;
  }
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
