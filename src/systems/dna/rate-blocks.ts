import { fingerprint, isDamage } from "../../core";
import type { Dataset } from "../../data";
import {
  blockEpochs,
  type CellCheckpoints,
  type DistilledBlock,
  type DistillOptions,
  distillAhead,
  distillBlock,
  distillFingerprint,
  type FeatureSource,
  fileCheckpoints,
  loadBlock,
  resolveDistillOptions,
} from "../../distill";
import { saveState } from "../../nn";
import {
  type CandidateRating,
  type Chain,
  type ChainRating,
  type RateOptions,
  type RatingFeatures,
  rateBlock,
  rateChains,
  ratingsFile,
  readRatings,
  studentFeatures,
  writeRatings,
} from "../../rate";
import type { SearchSpace } from "../../space";
import type { RunDirectory } from "../../study";
import type { FeatureStore, Teacher, TeacherBlock } from "../../teacher";
import type { ExperimentConfig } from "./config";
import type { RunContext } from "./run-context";
import { distillFeatures, ratingFeatures } from "./steps";

/** A run with its teacher and the search space around it. */
export interface Supernets {
  readonly config: ExperimentConfig;
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
  readonly asTheyAre?: boolean;
}

interface Features extends RatingFeatures {
  readonly calibration: FeatureStore;
  readonly rating: FeatureStore;
}

/**
 * Distils and rates block after block, each recorded apart; a block's weights are freed once its candidates are rated.
 * Leaves `ratings/block<i>.json`.
 */
export async function rateBlocks(supernets: Supernets, context: RunContext): Promise<CandidateRating[][]> {
  const { run, space, config } = supernets;
  if (config.retrain.warmStart && !supernets.states) distilLostAgain(supernets, context);
  const file = (block: number) => ratingsFile(run.file("ratings"), block);
  const missing = [...space.blocks.keys()].filter(
    (block) => !run.result(`rate/block${block}`) || !run.result(`distill/block${block}`),
  );
  if (missing.length > 0) {
    const features = await openFeatures(supernets, context);
    try {
      if (config.distill.guideInput === "student") await inSequence(supernets, file, features, context);
      else {
        if (!supernets.asTheyAre) await ahead(supernets, missing, features.calibration, context);
        for (const block of missing) await distillAndRate(supernets, block, file(block), features, context);
      }
    } finally {
      features.calibration.close();
      features.rating.close();
    }
  }
  return space.blocks.map((_, block) => [...readRatings(file(block)).candidates]);
}

/**
 * Rates chains through the supernets of all blocks, as their states are; trains nothing.
 * @throws CheckpointError where a block is not distilled to the end.
 */
export async function rateChainsOf(
  supernets: Supernets,
  chains: readonly Chain[],
  context: RunContext,
): Promise<ChainRating[]> {
  const { config, space } = supernets;
  const features = await openFeatures(supernets, context);
  const loaded: DistilledBlock[] = [];
  try {
    const checkpoints = statesOf(supernets, features.calibration, context);
    for (const block of space.blocks.keys()) {
      loaded.push(loadBlock(space, block, features.calibration, distillOptions(config), checkpoints));
    }
    const blocks = loaded.map(({ supernet }) => supernet);
    return await rateChains(blocks, chains, features, rateOptions(config), context);
  } finally {
    for (const { supernet } of loaded) supernet.dispose();
    features.calibration.close();
    features.rating.close();
  }
}

/** Blocks fed by the teacher are independent: all that are still to be distilled are, at once. */
async function ahead(
  supernets: Supernets,
  missing: readonly number[],
  features: FeatureStore,
  context: RunContext,
): Promise<void> {
  const { config, run, space } = supernets;
  const blocks = missing.filter((block) => !run.result(`distill/block${block}`));
  if (blocks.length < 2) return;
  const options = distillOptions(config);
  const checkpoints = statesOf(supernets, features, context);
  // No step of the record: what it did lies in the checkpoints, and with a single thread it does nothing.
  await distillAhead(space, blocks, features, options, { ...context, checkpoints });
}

/**
 * A retraining that starts from the supernets' states reads them again after their blocks are rated, long after for a run
 * that asks for it later: a block that lost one is distilled again.
 */
function distilLostAgain({ run, space }: Supernets, context: RunContext): void {
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

function distillOptions({ seed, distill: { images: _, ...given } }: ExperimentConfig): DistillOptions {
  return resolveDistillOptions({ ...given, seed });
}

/**
 * Where the supernets' states are. Those in the run's own folder that are damaged, or of a distillation with another
 * configuration, count as none: they are the run's, and are replaced.
 */
function statesOf(
  { config, run, space, states }: Supernets,
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
        if (!state || (state.fingerprint === wanted && state.history.length <= blockEpochs(options, block)))
          return state;
      } catch (error) {
        if (!isDamage(error)) throw error;
        context.onWarning?.(`${place} is damaged: distilled from the start`);
      }
      return undefined;
    },
  };
}

async function openFeatures(
  { config, run, data, teacher, blocks, features: directory = run.file("features") }: Supernets,
  context: RunContext,
): Promise<Features> {
  const { seed, distill, rate } = config;
  const calibration = await distillFeatures(
    teacher,
    blocks,
    data,
    { seed, images: distill.images, directory },
    context,
  );
  try {
    const rating = await ratingFeatures(teacher, blocks, data, { seed, images: rate.images, directory }, context);
    // The teacher's rest takes longer than a candidate: only where the score asks for it.
    const asked = rate.score === "divergence";
    return { calibration, rating, ...(asked && { rest: (y, block) => teacher.logitsAfter(blocks[block], y) }) };
  } catch (error) {
    calibration.close();
    throw error;
  }
}

/** All blocks one after another, each fed with what the best candidates of those before make of the image. */
async function inSequence(
  supernets: Supernets,
  file: (block: number) => string,
  teacherFeatures: Features,
  context: RunContext,
): Promise<void> {
  const options = rateOptions(supernets.config);
  let features: RatingFeatures = teacherFeatures;
  for (const block of supernets.space.blocks.keys()) {
    await distillAndRate(supernets, block, file(block), features, context, async ({ supernet }) => {
      if (block + 1 === supernets.space.blocks.length) return;
      const { candidates } = readRatings(file(block));
      features = await studentFeatures(supernet, candidates, features, options, context);
    });
  }
}

function rateOptions({ seed, rate: { images: _, ...given } }: ExperimentConfig): Partial<RateOptions> {
  return { ...given, seed };
}

async function distillAndRate(
  supernets: Supernets,
  block: number,
  file: string,
  features: RatingFeatures,
  context: RunContext,
  afterwards?: (distilled: DistilledBlock) => Promise<void>,
): Promise<void> {
  const { config, run, space, asTheyAre } = supernets;
  const { seed } = config;
  const options = distillOptions(config);
  const checkpoints = statesOf(supernets, features.calibration, context);
  const distil = () =>
    asTheyAre
      ? loadBlock(space, block, features.calibration, options, checkpoints)
      : distillBlock(space, block, features.calibration, options, { ...context, checkpoints });
  let distilled: DistilledBlock | undefined;
  await run.step(
    `distill/block${block}`,
    async () => {
      distilled = await distil();
      return { history: distilled.history };
    },
    { output: () => fingerprint(distilled!.supernet.cells.map(saveState)) },
  );
  // Recorded by an earlier sitting: its weights are in the checkpoints.
  distilled ??= await distil();
  const { supernet } = distilled;
  try {
    await run.step(`rate/block${block}`, async () => {
      const candidates = await rateBlock(supernet, features, rateOptions(config), context);
      writeRatings(file, { space: space.name, block, seed, images: features.rating.count, candidates });
      return { candidates: candidates.length, best: Math.min(...candidates.map(({ score }) => score)) };
    });
    await afterwards?.(distilled);
  } finally {
    supernet.dispose();
  }
}
