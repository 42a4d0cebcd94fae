import { ConfigError, readJson, type StepContext, writeJson } from "../../core";
import { type LatencyTable, parseLatencyTable } from "../../cost";
import { type Dataset, loadDataset } from "../../data";
import { type RatedSpace, ratedTable } from "../../rate";
import type { Retrained } from "../../retrain";
import { type FoundNetwork, flatLimits, type Limits, productTable, weightedTable, withLatency } from "../../search";
import { type Architecture, architecturePreset, networkId, parseArchitecture } from "../../space";
import type { RunDirectory } from "../../study";
import { Teacher, trainTeacher } from "../../teacher";
import type { ExperimentConfig } from "./config";
import { loadTeacher } from "./load-teacher";
import type { MeasuredFront } from "./measured-front";
import { rateBlocks, type Supernets } from "./rate-blocks";
import { designsOf, measureDesigns, retrainDesign } from "./retrain-designs";
import { checkLimits, type SearchResult, searchLimits, studentSpace } from "./steps";

/**
 * The whole way of DNA (Li et al., CVPR 2020), from images to a front of measured accuracies, in a run directory:
 * teacher, blocks, distillation and rating of each block, search, retraining, measuring.
 *
 * Every step is recorded when it is complete. Called again with the same directory it goes on where it stopped and ends
 * with the same numbers, whether it was interrupted or killed. The engine must be in use already.
 * @throws BudgetInfeasibleError before any distillation when no network meets the budget.
 * @throws InterruptedError when stopped; what was complete stays.
 */
export async function runExperiment(
  config: ExperimentConfig,
  run: RunDirectory,
  context: StepContext = {},
): Promise<MeasuredFront> {
  const done = run.result<MeasuredFront>("front");
  if (done) return done;
  const data = await loadDataset(config.data.name, { ...config.data, seed: config.seed }, context);
  const teacher = await trainedTeacher(config, data, run, context);
  const retrained: Retrained[] = [];
  try {
    const supernets = await around(teacher, data, config, run);
    const { space } = supernets;
    const limits = limitsOf(config, teacher);
    const budget = flatLimits(limits);
    const latencies = latenciesOf(config);
    await checkLimits(space, limits, latencies);
    const rated = ratedTable(space, await rateBlocks(supernets, context));
    const { weights, join } = config.search;
    const joined = join === "product" ? productTable(rated) : rated;
    const weighted = weights ? weightedTable(joined, weights) : joined;
    const table = latencies ? withLatency(weighted, space, latencies) : weighted;
    const found = await search(config, limits, table, run);
    const designs = designsOf(config, table, found);
    for (const design of designs) retrained.push(await retrainDesign(supernets, design, context));
    return await run.step("front", async () => {
      const front = await measureDesigns(supernets, { budget, found, designs, retrained }, context);
      writeJson(run.file("front.json"), front);
      return front;
    });
  } finally {
    for (const network of [teacher, ...retrained]) network.dispose();
  }
}

async function trainedTeacher(
  { seed, teacher: { architecture, file, ...options } }: ExperimentConfig,
  data: Dataset,
  run: RunDirectory,
  context: StepContext,
): Promise<Teacher> {
  const path = run.file("teacher.safetensors");
  let trained: Teacher | undefined;
  await run.step("teacher", async () => {
    const checkpoint = run.file("checkpoints", "teacher.safetensors");
    trained = file
      ? loadTeacher(file, data)
      : await trainTeacher(teacherArchitecture(architecture), data, { ...options, seed, checkpoint }, context);
    trained.save(path);
    const { macs, params } = trained.cost;
    return { architecture: trained.architecture.name, file, macs, params, history: trained.history };
  });
  return trained ?? Teacher.load(path);
}

function teacherArchitecture(given: ExperimentConfig["teacher"]["architecture"]): Architecture {
  return typeof given === "string" ? architecturePreset(given) : parseArchitecture(given, "teacher.architecture");
}

async function around(
  teacher: Teacher,
  data: Dataset,
  config: ExperimentConfig,
  run: RunDirectory,
): Promise<Supernets> {
  const blocks = teacher.split(config.split);
  const space = studentSpace(teacher, blocks, config.space);
  await run.step("space", () => ({ blocks, space }));
  return { config, run, data, teacher, blocks, space };
}

function limitsOf(
  { search: { macsOfTeacher, macs, params, activationBytes, latencyMs } }: ExperimentConfig,
  teacher: Teacher,
): Limits {
  return {
    macs: macs ?? Math.floor(macsOfTeacher * teacher.cost.macs),
    ...(params !== undefined && { params }),
    ...(activationBytes !== undefined && { activationBytes }),
    ...(latencyMs !== undefined && { latencyMs }),
  };
}

/** @throws ConfigError when there is a limit on latency and no table. */
function latenciesOf({ search: { latencyMs, latencyTable } }: ExperimentConfig): LatencyTable | undefined {
  if (latencyTable !== undefined) return parseLatencyTable(readJson(latencyTable), latencyTable);
  if (latencyMs === undefined) return undefined;
  throw new ConfigError(
    "experiment: search.latencyMs needs search.latencyTable, the file of blockwise latency <space> --out <file>",
  );
}

async function search(
  { search: { difference }, retrain: { alongFront } }: ExperimentConfig,
  limits: Limits,
  table: RatedSpace,
  run: RunDirectory,
): Promise<SearchResult> {
  const found = await searchLimits(table, limits, { networks: alongFront, difference });
  await run.step("search", () => {
    writeJson(run.file("ratings", "table.json"), table);
    const { best, front, traversalScore } = found;
    return { budget: flatLimits(limits), best: point(best), traversalScore, networksOnFront: front.length };
  });
  return found;
}

function point({ choice, score, cost: { macs, params } }: FoundNetwork) {
  return { id: networkId(choice), score, macs, params };
}
