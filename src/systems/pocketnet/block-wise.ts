import { join } from "node:path";
import { Rng, type StepContext } from "../../core";
import { networkCost } from "../../cost";
import { fileCheckpoints, SupernetDistillation } from "../../distill";
import { loadState, Network, readSafetensors } from "../../nn";
import { ratedTable, SupernetRatings } from "../../rate";
import { searchBest } from "../../search";
import { type Architecture, assemble, blockSpace } from "../../space";
import { Teacher } from "../../teacher";
import type { FaceData } from "./face-data";
import type { PocketNetSettings } from "./settings";
import type { FaceTeacher } from "./train-students";

/** A student found block by block (DNA, CVPR 2020) around a face teacher. */
export interface BlockwiseStudent {
  readonly architecture: Architecture;
  /** Sum of its candidates' ratings; lower is better. */
  readonly score: number;
  readonly macs: number;
  /** Candidates of each block that were rated. */
  readonly candidates: readonly number[];
}

/**
 * Distils every block of the face teacher into supernets, rates all candidates and takes the best network within the limit.
 * @param macs Most multiply-adds of the network.
 * @throws BudgetInfeasibleError when no network has so few; InterruptedError when stopped.
 */
export async function searchBlockwise(
  { architecture, files }: FaceTeacher,
  { known }: FaceData,
  { blockwise, embedding }: PocketNetSettings,
  macs: number,
  folder: string,
  context: StepContext,
): Promise<BlockwiseStudent> {
  const network = new Network(architecture, new Rng(0));
  loadState(network, readSafetensors(files[files.length - 1]).tensors);
  const teacher = new Teacher(network, {
    architecture,
    preprocessing: known.preprocessing,
    classes: Array.from({ length: embedding }, (_, i) => `feature ${i + 1}`),
    dataset: known.name,
    // Its classes are features: it has no accuracy.
    history: { epochs: [], validationImages: 0, imagesPerSecond: 0 },
  });
  const { seed, epochs, images } = blockwise;
  const blocks = teacher.split(blockwise.blocks);
  const space = blockSpace(blocks, { name: "faces, block by block", classes: embedding });
  const checkpoints = fileCheckpoints(join(folder, "blocks"), { onWarning: context.onWarning });
  const distillation = new SupernetDistillation(
    { space, teacher, blocks, data: known },
    { distill: { seed, epochs }, images, checkpoints: () => checkpoints },
  );
  const ratings = new SupernetRatings(distillation, { seed }, "teacher");
  try {
    for (const block of space.blocks.keys()) {
      await distillation.block(block, context);
      await ratings.block(block, context);
    }
    const [found] = searchBest(ratedTable(space, ratings.ratings), { macs });
    const student = assemble(space, found.choice);
    return {
      architecture: student,
      score: found.score,
      macs: networkCost(student).macs,
      candidates: ratings.ratings.map((rated) => rated.length),
    };
  } finally {
    distillation.close();
    ratings.release();
    teacher.dispose();
  }
}
