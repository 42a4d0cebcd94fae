import { ConfigError, parseCountOf } from "../../core";
import { type LatencyTable, networkCost, readLatencyTable } from "../../cost";
import { checkDatasetName, type Dataset } from "../../data";
import type { Limit, Limits } from "../../search";
import {
  type Architecture,
  architecturePreset,
  checkCandidates,
  parseArchitecture,
  type SearchSpace,
} from "../../space";
import { checkFits, splitArchitecture, type TeacherBlock } from "../../teacher";
import type { Amount, ExperimentConfig } from "./config";
import { checkTeaches, type NamedTeacher, nameTeacher } from "./load-teacher";
import { checkLimits, studentSpace } from "./steps";

/** All of an experiment that is known before anything is trained. */
export interface PreparedExperiment {
  readonly architecture: Architecture;
  /** Of a teacher that is there already. */
  readonly file?: NamedTeacher;
  readonly blocks: readonly TeacherBlock[];
  readonly space: SearchSpace;
  readonly limits: Limits;
  readonly latencies?: LatencyTable;
}

/**
 * Follows an experiment through to its search without training anything, so that every mistake that can be known is told
 * before the first image is seen: data set, teacher, cut points, space, lists by block, latencies and limits.
 * @throws DataError for an unknown data set; ConfigError, SpaceError, CheckpointError naming the key; BudgetInfeasibleError when no network meets the limits.
 */
export async function prepareExperiment(config: ExperimentConfig): Promise<PreparedExperiment> {
  checkDatasetName(config.data.name, config.data.root);
  const file = config.teacher.file === undefined ? undefined : nameTeacher(config.teacher.file);
  const architecture = file?.architecture ?? teacherArchitecture(config.teacher.architecture);
  const blocks = splitArchitecture(architecture, config.split);
  checkByBlock(config, blocks.length);
  const space = studentSpace({ architecture }, blocks, config.space);
  for (const [block, of] of space.blocks.entries()) checkCandidates(of, `experiment: block ${block}`);
  const limits = limitsOf(config, architecture);
  const latencies = latenciesOf(config);
  await checkLimits(space, limits, latencies);
  return { architecture, file, blocks, space, limits, ...(latencies && { latencies }) };
}

/**
 * Checks what follows from the images: that the teacher takes their size and tells their classes apart; of a teacher's file,
 * that it was trained on these classes, by name and in their order.
 * @returns What is worth saying: steps that ask for more images than there are take all of them.
 * @throws ConfigError naming both.
 */
export function checkImages(
  { distill, rate }: ExperimentConfig,
  { architecture, file }: Pick<PreparedExperiment, "architecture" | "file">,
  data: Dataset,
): string[] {
  if (file) checkTeaches(file, data);
  else checkFits(architecture, data, "experiment");
  const learnt = Math.min(distill.images, data.train.count);
  const asked: readonly (readonly [key: string, asked: number, there: number, of: string])[] = [
    ["distill.images", distill.images, data.train.count, "training images"],
    ["distill.batchSize", distill.batchSize, learnt, "images to distil on"],
    ["rate.images", rate.images, data.validation.count, "validation images"],
    ...(rate.recalibrate
      ? [["rate.calibrationImages", rate.calibrationImages, learnt, "images to distil on"] as const]
      : []),
  ];
  return asked
    .filter(([, count, there]) => count > there)
    .map(([key, count, there, of]) => `${key} is ${count}, and there are ${there} ${of}: all of them are taken`);
}

function teacherArchitecture(given: ExperimentConfig["teacher"]["architecture"]): Architecture {
  return typeof given === "string" ? architecturePreset(given) : parseArchitecture(given, "teacher.architecture");
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

function limitsOf(
  { search: { macsOfTeacher, macs, params, activationBytes, latencyMs } }: ExperimentConfig,
  architecture: Architecture,
): Limits {
  const cost = networkCost(architecture);
  return {
    macs: macs === undefined ? Math.floor(macsOfTeacher * cost.macs) : resolved(macs, cost.macs),
    ...(params !== undefined && { params: resolved(params, cost.params) }),
    ...(activationBytes !== undefined && { activationBytes: resolved(activationBytes, cost.activationBytes) }),
    ...(latencyMs !== undefined && { latencyMs }),
  };
}

/** Limits in counts; a share of the teacher's seldom is whole. */
function resolved(limit: Amount | readonly [Amount, Amount], whole: number): Limit {
  const down = (amount: Amount) => (typeof amount === "number" ? amount : Math.floor(parseCountOf(amount, whole)));
  if (!isInterval(limit)) return down(limit);
  const [low, high] = limit;
  return [typeof low === "number" ? low : Math.ceil(parseCountOf(low, whole)), down(high)];
}

function isInterval(limit: Amount | readonly [Amount, Amount]): limit is readonly [Amount, Amount] {
  return Array.isArray(limit);
}

/** @throws ConfigError when there is a limit on latency and no table. */
function latenciesOf({ search: { latencyMs, latencyTable } }: ExperimentConfig): LatencyTable | undefined {
  if (latencyTable !== undefined) return readLatencyTable(latencyTable);
  if (latencyMs === undefined) return undefined;
  throw new ConfigError(
    "experiment: search.latencyMs needs search.latencyTable, the file of blockwise latency <space> --out <file>",
  );
}
