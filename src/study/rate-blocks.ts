import { fingerprint, isDamage } from "../core";
import type { Dataset } from "../data";
import {
  type BlockSupernet,
  type CellCheckpoints,
  type DistillConfig,
  type DistillOptions,
  distillFingerprint,
  type FeatureSource,
  fileCheckpoints,
  isLonger,
  resolveDistillOptions,
  SupernetDistillation,
} from "../distill";
import { saveState } from "../nn";
import {
  type CandidateRating,
  type Chain,
  type ChainRating,
  type RateConfig,
  type RateOptions,
  rateChains,
  ratingsFile,
  readRatings,
  SupernetRatings,
  writeRatings,
} from "../rate";
import type { SearchSpace } from "../space";
import type { Teacher, TeacherBlock } from "../teacher";
import { rateAsDistilled } from "./rate-as-distilled";
import type { RunContext } from "./run-context";
import type { RunDirectory } from "./run-directory";

/** How the supernets of a run are distilled and rated. */
export interface SupernetConfig {
  readonly seed: number;
  readonly distill: DistillConfig;
  readonly rate: RateConfig;
  /** Whether the supernets' states are read after the ratings, by a retraining that starts from them. */
  readonly retrain?: { readonly warmStart: boolean };
}

/** A run with its teacher and the search space around the teacher's blocks. */
export interface SupernetRun {
  readonly config: SupernetConfig;
  readonly run: RunDirectory;
  readonly data: Dataset;
  readonly teacher: Teacher;
  readonly blocks: readonly TeacherBlock[];
  readonly space: SearchSpace;
  /** Where the supernets' states are kept: the run's `checkpoints/` when left out. */
  readonly states?: CellCheckpoints;
  /** Where the teacher's features are kept, by teacher, cuts and images: the run's `features/` when left out. */
  readonly features?: string;
  /** Rates the supernets as their states are, and trains nothing. */
  readonly loadOnly?: boolean;
}

/**
 * Distils and rates block after block, each recorded apart; a block's weights are freed once its candidates are rated.
 * Leaves `ratings/block<i>.json`.
 */
export async function rateBlocks(supernets: SupernetRun, context: RunContext): Promise<CandidateRating[][]> {
  const { run, space, config, loadOnly } = supernets;
  if (config.retrain?.warmStart && !supernets.states) distilLostAgain(supernets, context);
  const file = (block: number) => ratingsFile(run.file("ratings"), block);
  const missing = [...space.blocks.keys()].filter(
    (block) => !run.result(`rate/block${block}`) || !run.result(`distill/block${block}`),
  );
  if (missing.length > 0) {
    const { distillation, ratings } = open(supernets, context);
    try {
      // Both the teacher's features at once: what they take is known before anything is trained.
      await ratings.features(0, context);
      const record = (block: number, recorded: RunContext) =>
        distillAndRate(supernets, distillation, ratings, block, file(block), recorded);
      const inSequence = config.distill.guideInput === "student";
      if (context.executor?.sharesWorkers && !inSequence && !loadOnly) {
        await rateAsDistilled(distillation, ratings, missing, context, async (block, recorded) => {
          await record(block, recorded);
          distillation.free(block);
        });
      } else {
        if (inSequence) distillation.guidedBy(ratings);
        else await ahead(supernets, distillation, missing, context);
        for (const block of inSequence ? space.blocks.keys() : missing) {
          await record(block, context);
          if (inSequence && block + 1 < space.blocks.length) {
            ratings.take(block, readRatings(file(block)).candidates);
            await ratings.features(block + 1, context);
            ratings.forgetBefore(block + 1);
          }
          distillation.free(block);
        }
      }
    } finally {
      distillation.close();
      ratings.release();
    }
  }
  return space.blocks.map((_, block) => [...readRatings(file(block)).candidates]);
}

/**
 * Rates chains through the supernets of all blocks, as their states are; trains nothing.
 * @throws CheckpointError where a block is not distilled to the end.
 */
export async function rateChainsOf(
  supernets: SupernetRun,
  chains: readonly Chain[],
  context: RunContext,
): Promise<ChainRating[]> {
  const { config, space } = supernets;
  const { distillation, ratings } = open({ ...supernets, loadOnly: true }, context);
  try {
    const features = await ratings.features(0, context);
    const loaded: BlockSupernet[] = [];
    for (const block of space.blocks.keys()) loaded.push((await distillation.block(block, context)).supernet);
    return await rateChains(loaded, chains, features, rateOptions(config), context);
  } finally {
    distillation.close();
    ratings.release();
  }
}

/** A run's distillation and ratings, of which nothing is computed yet. */
function open(
  supernets: SupernetRun,
  context: RunContext,
): { readonly distillation: SupernetDistillation; readonly ratings: SupernetRatings } {
  const { config, run, features: directory = run.file("features"), loadOnly } = supernets;
  const distillation = new SupernetDistillation(supernets, {
    distill: distillOptions(config),
    images: config.distill.images,
    directory,
    checkpoints: (features) => statesOf(supernets, features, context),
    loadOnly,
  });
  const options = { ...rateOptions(config), images: config.rate.images, directory };
  const ratings = new SupernetRatings(
    distillation,
    options,
    config.distill.guideInput === "student" ? "itself" : "teacher",
  );
  return { distillation, ratings };
}

/** Blocks that are still to be distilled are at once, where they do not wait for each other. */
async function ahead(
  { run }: SupernetRun,
  distillation: SupernetDistillation,
  missing: readonly number[],
  context: RunContext,
): Promise<void> {
  const blocks = missing.filter((block) => !run.result(`distill/block${block}`));
  // No step of the record: what it did lies in the checkpoints, and with a single thread it does nothing.
  if (blocks.length > 1) await distillation.ahead(blocks, context);
}

/**
 * A retraining that starts from the supernets' states reads them again after their blocks are rated, long after for a run
 * that asks for it later: a block that lost one is distilled again.
 */
function distilLostAgain({ run, space }: SupernetRun, context: RunContext): void {
  const states = fileCheckpoints(run.file("checkpoints"), context);
  for (const [block, { cells }] of space.blocks.entries()) {
    if (!run.result(`distill/block${block}`)) continue;
    for (const cell of cells.keys()) {
      if (!isReadable(states, block, cell)) {
        run.drop(`distill/block${block}`, [`${states.place(block, cell)} is missing or damaged`]);
      }
    }
  }
}

function isReadable(states: CellCheckpoints, block: number, cell: number): boolean {
  try {
    return states.read(block, cell) !== undefined;
  } catch (error) {
    if (!isDamage(error)) throw error;
    return false;
  }
}

function distillOptions({ seed, distill: { images: _, ...given } }: SupernetConfig): DistillOptions {
  return resolveDistillOptions({ ...given, seed });
}

/**
 * Where the supernets' states are. Those in the run's own folder that are damaged, or of a distillation with another
 * configuration, count as none: they are the run's, and are replaced.
 */
function statesOf(
  { config, run, space, states }: SupernetRun,
  features: FeatureSource,
  context: RunContext,
): CellCheckpoints {
  if (states) return states;
  const own = fileCheckpoints(run.file("checkpoints"), context);
  const options = distillOptions(config);
  return {
    ...own,
    read(block, cell) {
      const place = own.place(block, cell);
      try {
        const state = own.read(block, cell);
        const wanted = distillFingerprint(space, block, cell, features, options);
        // Under an exponential schedule the name is the same for any number of epochs.
        if (!state || (state.fingerprint === wanted && !isLonger(state, options, block))) return state;
      } catch (error) {
        if (!isDamage(error)) throw error;
        context.onWarning?.(`${place} is damaged: distilled from the start`);
      }
      return undefined;
    },
  };
}

function rateOptions({ seed, rate: { images: _, ...given } }: SupernetConfig): Partial<RateOptions> & { seed: number } {
  return { ...given, seed };
}

async function distillAndRate(
  { config: { seed }, run, space }: SupernetRun,
  distillation: SupernetDistillation,
  ratings: SupernetRatings,
  block: number,
  file: string,
  context: RunContext,
): Promise<void> {
  await run.step(
    `distill/block${block}`,
    async () => ({ history: (await distillation.block(block, context)).history }),
    { output: () => fingerprint(distillation.distilled[block].supernet.cells.map(saveState)) },
  );
  // Recorded by an earlier sitting: its weights are in the checkpoints.
  await distillation.block(block, context);
  await run.step(`rate/block${block}`, async () => {
    const candidates = await ratings.block(block, context);
    const { rating } = await ratings.features(block, context);
    writeRatings(file, { space: space.name, block, seed, images: rating.count, candidates });
    return { candidates: candidates.length, best: Math.min(...candidates.map(({ score }) => score)) };
  });
}
