import { meanPathMacs } from "../../../cost";
import { batchesPerEpoch, blockEpochs, resolveDistillOptions } from "../../../distill";
import type { SearchSpace } from "../../../space";
import { FINE_TUNING } from "../../../teacher";
import type { ExperimentConfig } from "../config";
import type { ImageCounts } from "./smoke-config";

/** How much there is to do in an experiment, in units that are the same at any scale. */
export interface ExperimentWork {
  /** Batches of the teacher's training; 0 for a teacher that is there. */
  readonly teacherBatches: number;
  readonly teacherBatchSize: number;
  /** Images that the teacher is measured on while it is trained. */
  readonly teacherValidation: number;
  readonly featureImages: number;
  /** Of each block: batches of all cells, and the multiply-adds that an image of them costs in the mean. */
  readonly blocks: readonly { readonly batches: number; readonly macs: number }[];
  /** Images through each candidate. */
  readonly ratingImages: number;
  /** Networks that are trained briefly, and the images that each sees. */
  readonly brief: { readonly networks: number; readonly images: number; readonly rounds: number };
  /** Networks that are retrained, each training counted, and the images that each sees. */
  readonly retrained: { readonly networks: number; readonly images: number };
  readonly testImages: number;
}

/** Counts the work of an experiment from its configuration alone. */
export function experimentWork(config: ExperimentConfig, space: SearchSpace, images: ImageCounts): ExperimentWork {
  const { seed, teacher, distill, rate, improve, retrain } = config;
  const { images: _, ...given } = distill;
  const options = resolveDistillOptions({ ...given, seed });
  const learnt = Math.min(distill.images, images.train);
  const perEpoch = batchesPerEpoch(learnt, options);
  const teacherEpochs = epochsOfTeacher(teacher);
  const batchSize = Math.min(teacher.fineTune?.batchSize ?? teacher.batchSize, images.train);
  const rated = Math.min(rate.images, images.validation);
  const budgets = 1 + (config.search.also?.length ?? 0);
  const found = retrain.alongFront + budgets - 1;
  const rivals = budgets * (retrain.random + (retrain.shrunk?.length ?? 0));
  return {
    teacherBatches: teacherEpochs * Math.floor(images.train / batchSize),
    teacherBatchSize: batchSize,
    teacherValidation: teacherEpochs * images.validation,
    featureImages: learnt + rated,
    blocks: space.blocks.map(({ cells }, block) => ({
      batches: cells.length * blockEpochs(options, block) * perEpoch,
      macs: cells.reduce((sum, _, cell) => sum + meanPathMacs(space, block, cell), 0) / cells.length,
    })),
    ratingImages: rated + (rate.recalibrate ? Math.min(rate.calibrationImages, learnt) : 0),
    brief: improve
      ? {
          networks: improve.networks,
          images: improve.epochs * Math.min(improve.images ?? images.train, images.train),
          rounds: improve.rounds,
        }
      : { networks: 0, images: 0, rounds: 0 },
    retrained: { networks: (found + rivals) * (retrain.trainings ?? 1), images: retrain.epochs * images.train },
    testImages: images.test,
  };
}

/** 0 for a teacher that is only read. */
function epochsOfTeacher({ file, fineTune, epochs }: ExperimentConfig["teacher"]): number {
  if (file === undefined) return epochs;
  if (!fineTune) return 0;
  return (fineTune.epochs ?? FINE_TUNING.epochs) + (fineTune.headEpochs ?? FINE_TUNING.headEpochs);
}
