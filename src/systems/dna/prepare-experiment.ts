import { ConfigError } from "../../core";
import { type LatencyTable, readLatencyTable } from "../../cost";
import { checkAugmentation, checkDatasetName, type Dataset, loadDataset } from "../../data";
import { checkTeaches, type NamedTeacher, nameTeacher } from "../../retrain";
import { checkLimits, type Limits, resolveLimits, wholeCosts } from "../../search";
import { type Architecture, checkCandidates, type SearchSpace } from "../../space";
import {
  checkFits,
  checkInput,
  splitArchitecture,
  studentSpace,
  type TeacherBlock,
  teacherArchitecture,
  teacherParts,
} from "../../teacher";
import { checkClassWeights } from "../../train";
import type { ExperimentConfig } from "./config";

/** All of an experiment that is known before anything is trained. */
export interface PreparedExperiment {
  readonly architecture: Architecture;
  /** Of a teacher that is there already. */
  readonly file?: NamedTeacher;
  readonly blocks: readonly TeacherBlock[];
  readonly space: SearchSpace;
  readonly limits: Limits;
  /** Of the further budgets. */
  readonly further: readonly Limits[];
  readonly latencies?: LatencyTable;
}

/**
 * Follows an experiment through to its search without training anything, so that every mistake that can be known is told
 * before the first image is seen: data set, teacher, cut points, space, lists by block, latencies and limits.
 * @throws DataError for an unknown data set; ConfigError, SpaceError, CheckpointError naming the key; BudgetInfeasibleError when no network meets the limits.
 */
export async function prepareExperiment(config: ExperimentConfig): Promise<PreparedExperiment> {
  const { architecture, file, blocks, space } = await prepareSpace(config);
  const latencies = latenciesOf(config);
  const whole = wholeCosts(architecture, latencies);
  const { macsOfTeacher, also = [], ...given } = config.search;
  const macs = given.macs ?? Math.floor(macsOfTeacher * whole.macs!);
  const limits = resolveLimits("experiment: search", { ...given, macs }, whole);
  const further = also.map((budget, i) => resolveLimits(`experiment: search.also[${i}]`, budget, whole));
  for (const each of [limits, ...further]) await checkLimits(space, each, latencies);
  checkShrunk(config);
  return { architecture, file, blocks, space, limits, further, ...(latencies && { latencies }) };
}

/**
 * The teacher's architecture and the search space around its blocks.
 * @throws as {@link prepareExperiment}, but for what concerns limits.
 */
export async function prepareSpace(
  config: ExperimentConfig,
): Promise<Omit<PreparedExperiment, "limits" | "further" | "latencies">> {
  const { name, root, ...division } = config.data;
  checkDatasetName(name, root);
  const { file: path, ofFile, featuresOnly, fineTune } = teacherParts(config.teacher);
  let loaded: Promise<Dataset> | undefined;
  const data = () => {
    loaded ??= loadDataset(name, { root, ...division, seed: config.seed });
    return loaded;
  };
  const file = path === undefined ? undefined : await nameTeacher(path, { ...ofFile, fineTune }, data);
  const architecture = file?.architecture ?? teacherArchitecture(config.teacher.architecture);
  const blocks = splitArchitecture(architecture, config.split);
  checkByBlock(config, blocks.length);
  // Students tell the data's classes apart, whatever a teacher of feature maps alone does.
  const classes = featuresOnly ? (await data()).classes.length : architecture.classes;
  const space = studentSpace({ architecture: { ...architecture, classes } }, blocks, config.space);
  for (const [block, of] of space.blocks.entries()) checkCandidates(of, `experiment: block ${block}`);
  return { architecture, file, blocks, space };
}

/**
 * Checks what follows from the images: that the teacher takes their size and tells their classes apart; of a teacher's file,
 * that it was trained on these classes, by name and in their order.
 * @returns What is worth saying: steps that ask for more images than there are take all of them.
 * @throws ConfigError naming both.
 */
export function checkImages(
  { teacher, distill, rate, improve, retrain }: ExperimentConfig,
  { architecture, file }: Pick<PreparedExperiment, "architecture" | "file">,
  data: Dataset,
): string[] {
  if (file && teacher.featuresOnly) checkInput(file, data, `teacher ${file.path}:`);
  else if (file) checkTeaches(file, data);
  else checkFits(architecture, data, "experiment");
  const trainings = { teacher, "teacher.fineTune": teacher.fineTune, improve, retrain };
  for (const [part, training] of Object.entries(trainings)) {
    checkClassWeights(training?.classWeights, data.classes.length, `experiment: ${part}`);
    if (training?.augment) checkAugmentation(training.augment, data.shape, `experiment: ${part}`);
  }
  const learnt = Math.min(distill.images, data.train.count);
  type Asked = readonly [key: string, asked: number | undefined, there: number, of: string];
  const asked: readonly Asked[] = [
    ["distill.images", distill.images, data.train.count, "training images"],
    ["distill.batchSize", distill.batchSize, learnt, "images to distil on"],
    ["improve.images", improve?.images, data.train.count, "training images"],
    ["rate.images", rate.images, data.validation.count, "validation images"],
    ["rate.calibrationImages", rate.recalibrate ? rate.calibrationImages : undefined, learnt, "images to distil on"],
  ];
  return asked
    .filter(([, count = 0, there]) => count > there)
    .map(([key, count, there, of]) => `${key} is ${count}, and there are ${there} ${of}: all of them are taken`);
}

/** Lists that have one entry a block. @throws ConfigError naming the key and both numbers. */
function checkByBlock({ space: { cells }, distill, search: { weights } }: ExperimentConfig, blocks: number): void {
  const lists = {
    "space.cells": cells,
    "distill.epochs": distill.epochs,
    "distill.learningRate": distill.learningRate,
    "search.weights": weights,
  };
  for (const [key, list] of Object.entries(lists)) {
    if (!Array.isArray(list) || list.length === blocks) continue;
    throw new ConfigError(
      `experiment: ${key} must have one entry for each of the ${blocks} blocks that split makes, got ${list.length}`,
      { key, blocks, entries: list.length },
    );
  }
}

/** @throws ConfigError when shrunk teachers could not be trained as the others. */
function checkShrunk({ retrain: { warmStart, shrunk = [] } }: ExperimentConfig): void {
  if (!warmStart || shrunk.length === 0) return;
  throw new ConfigError(
    "experiment: retrain.shrunk must be left out with retrain.warmStart: shrunk teachers come from no supernet, so they cannot start from one's weights as the others do",
  );
}

/** @throws ConfigError when there is a limit on latency and no table. */
function latenciesOf({ search: { latencyMs, latencyTable, also = [] } }: ExperimentConfig): LatencyTable | undefined {
  if (latencyTable !== undefined) return readLatencyTable(latencyTable);
  if (latencyMs === undefined && also.every((budget) => budget.latencyMs === undefined)) return undefined;
  throw new ConfigError(
    "experiment: search.latencyMs needs search.latencyTable, the file of blockwise latency <this experiment or its run> --out <file>, or the name of a table in latency/",
  );
}
