import { readJson, type StepContext, writeJson } from "../../core";
import type { Dataset } from "../../data";
import { type DistilledBlock, distillBlock, fileCheckpoints } from "../../distill";
import { type CandidateRating, rateBlock } from "../../rate";
import type { SearchSpace } from "../../space";
import type { RunDirectory } from "../../study";
import type { FeatureStore, Teacher, TeacherBlock } from "../../teacher";
import type { ExperimentConfig } from "./config";
import { distillFeatures, ratingFeatures } from "./steps";

/** A run with its teacher and the search space around it. */
export interface Supernets {
  readonly config: ExperimentConfig;
  readonly run: RunDirectory;
  readonly data: Dataset;
  readonly teacher: Teacher;
  readonly blocks: readonly TeacherBlock[];
  readonly space: SearchSpace;
}

interface Features {
  readonly calibration: FeatureStore;
  readonly rating: FeatureStore;
}

/**
 * Distils and rates block after block, each recorded apart; a block's weights are freed once its candidates are rated.
 * Leaves `ratings/block<i>.json`.
 */
export async function rateBlocks(supernets: Supernets, context: StepContext): Promise<CandidateRating[][]> {
  const { run, space } = supernets;
  const file = (block: number) => run.file("ratings", `block${block}.json`);
  const missing = [...space.blocks.keys()].filter((block) => !run.result(`rate/block${block}`));
  if (missing.length > 0) {
    const features = await openFeatures(supernets, context);
    try {
      for (const block of missing) await distillAndRate(supernets, block, file(block), features, context);
    } finally {
      features.calibration.close();
      features.rating.close();
    }
  }
  return space.blocks.map((_, block) => (readJson(file(block)) as { candidates: CandidateRating[] }).candidates);
}

async function openFeatures(
  { config, run, data, teacher, blocks }: Supernets,
  context: StepContext,
): Promise<Features> {
  const { seed, distill, rate } = config;
  const directory = run.file("features");
  const calibration = await distillFeatures(
    teacher,
    blocks,
    data,
    { seed, images: distill.images, directory },
    context,
  );
  try {
    const rating = await ratingFeatures(teacher, blocks, data, { seed, images: rate.images, directory }, context);
    return { calibration, rating };
  } catch (error) {
    calibration.close();
    throw error;
  }
}

async function distillAndRate(
  { config, run, space }: Supernets,
  block: number,
  file: string,
  features: Features,
  context: StepContext,
): Promise<void> {
  const { seed } = config;
  const { images: _, ...options } = config.distill;
  const checkpoints = fileCheckpoints(run.file("checkpoints"));
  const distil = () =>
    distillBlock(space, block, features.calibration, { ...options, seed }, { ...context, checkpoints });
  let distilled: DistilledBlock | undefined;
  await run.step(`distill/block${block}`, async () => {
    distilled = await distil();
    return { history: distilled.history };
  });
  // Recorded by an earlier sitting: its weights are in the checkpoints.
  distilled ??= await distil();
  const { supernet } = distilled;
  try {
    await run.step(`rate/block${block}`, async () => {
      const { images: _, ...given } = config.rate;
      const candidates = await rateBlock(supernet, features, { ...given, seed }, context);
      writeJson(file, { space: space.name, block, seed, images: features.rating.count, candidates });
      return { candidates: candidates.length, best: Math.min(...candidates.map(({ score }) => score)) };
    });
  } finally {
    supernet.dispose();
  }
}
