import { rmSync } from "node:fs";
import { BlockwiseError, engineLabel, fingerprint, writeJson } from "../../core";
import { type Dataset, loadDataset } from "../../data";
import { engine } from "../../engine";
import { ratedTable } from "../../rate";
import type { MeasuredFront, Retrained } from "../../retrain";
import { type FileOptions, loadTeacher, openTeacherFile } from "../../retrain";
import { type FoundNetwork, flatLimits, type Limits, withLatency } from "../../search";
import { networkId } from "../../space";
import {
  describeOutcomes,
  freshIfForeign,
  joinedTable,
  type PlannedStep,
  type RunContext,
  type RunDirectory,
  type StepOutcome,
} from "../../study";
import { type FineTuneOptions, fineTune, Teacher, trainTeacher } from "../../teacher";
import { type ExperimentConfig, parseExperiment } from "./config";
import { type BudgetSearch, designsOf } from "./designs";
import { improvedTable, type SearchedTable } from "./improve-step";
import { measureDesigns } from "./measure-designs";
import { type DataIdentity, identifyData, plannedSteps } from "./planned-steps";
import { checkImages, type PreparedExperiment, prepareExperiment, teacherFileOptions } from "./prepare-experiment";
import { rateBlocks, type Supernets } from "./rate-blocks";
import { retrainDesigns } from "./retrain-designs";
import { dropMeasuredBeside, dropStaleNetworks } from "./stale-networks";
import { searchLimits } from "./steps";

/**
 * The whole way of DNA (Li et al., CVPR 2020), from images to a front of measured accuracies, in a run directory:
 * teacher, blocks, distillation and rating of each block, brief trainings that make the ratings true where they are asked
 * for, search, retraining, measuring.
 *
 * Every step is recorded when it is complete. Called again with the same directory it goes on where it stopped and ends
 * with the same numbers, whether it was interrupted or killed; called with another configuration (see
 * {@link OpenOptions.mayChange}) it does again what reads what changed. The engine must be in use already.
 * @param given What `prepareExperiment` made of the configuration, where it was asked before.
 * @throws ConfigError, SpaceError before anything is trained for what can be known then; BudgetInfeasibleError likewise when
 *   no network meets the budget.
 * @throws InterruptedError when stopped; what was complete stays.
 */
export async function runExperiment(
  config: ExperimentConfig,
  run: RunDirectory,
  context: RunContext = {},
  given?: PreparedExperiment,
): Promise<MeasuredFront> {
  const prepared = given ?? (await prepareExperiment(config));
  const { name, ...division } = config.data;
  const data = await loadDataset(name, { ...division, seed: config.seed }, context);
  const images = identifyData(data);
  const complete = await completeFront(config, prepared, images, run);
  if (complete) return complete;
  const notes = checkImages(config, prepared, data);
  if (run.damagedRecords > 0) notes.push(`${run.damagedRecords} lines of the journal were damaged: their steps again`);
  await adoptPlan(config, prepared, images, run, (text) => notes.push(text));
  for (const note of notes) context.onNote?.(note);
  const watched = watching(run, context);
  const teacher = await trainedTeacher(config, prepared, data, run, watched);
  const retrained: Retrained[] = [];
  try {
    const { blocks, space, limits, further, latencies } = prepared;
    await run.step("space", () => ({ blocks, space }));
    const supernets: Supernets = { config, run, data, teacher, blocks, space };
    const ratings = ratedTable(space, await rateBlocks(supernets, watched));
    const joined = joinedTable(ratings, config.search);
    const priced = latencies ? withLatency(joined, space, latencies) : joined;
    const searched = await improvedTable(supernets, priced, [limits, ...further], watched);
    const { table, rated } = searched;
    const searches = await search(config, [limits, ...further], searched, run);
    // Steps before it may have been done again for their files alone, and have come out as they were.
    const done = run.result<MeasuredFront>("front");
    if (done) return done;
    const designs = designsOf({ config, space, table, teacher: teacher.architecture }, searches, context.onNote);
    const students = await retrainDesigns(supernets, designs, watched);
    retrained.push(...students.flat());
    dropStaleNetworks(supernets, table, new Set(designs.map(({ label }) => label)), context);
    await run.step("retrain", () => ({ networks: designs.map(({ label }) => label) }));
    return await run.step("front", async () => {
      const front = await measureDesigns(supernets, { searches, rated, designs, retrained: students }, watched);
      writeJson(run.file("front.json"), front);
      return front;
    });
  } finally {
    for (const network of new Set([teacher, ...retrained])) network.dispose();
  }
}

/** The result of a run that is complete as it is wanted, on the images that there are now. */
async function completeFront(
  config: ExperimentConfig,
  prepared: PreparedExperiment,
  images: DataIdentity,
  run: RunDirectory,
): Promise<MeasuredFront | undefined> {
  const front = run.result<MeasuredFront>("front");
  if (!front) return undefined;
  const plan = plannedSteps(config, prepared, images);
  const outcomes = run.compare(plan, await planBefore(config, run, images));
  // Older versions did not record it.
  if (!outcomes.every(({ step, state }) => state === "reused" || step.name === "retrain")) return undefined;
  run.adopt(plan, outcomes);
  return front;
}

async function adoptPlan(
  config: ExperimentConfig,
  prepared: PreparedExperiment,
  images: DataIdentity,
  run: RunDirectory,
  note: (text: string) => void,
): Promise<void> {
  const plan = plannedSteps(config, prepared, images);
  const outcomes = run.compare(plan, await planBefore(config, run, images));
  tell(run, outcomes, note);
  // A training that is none of the wanted one any more: what it left would only be refused.
  if (outcomes.some(({ step, changed }) => changed && step.name === "teacher"))
    rmSync(teacherState(run), { force: true });
  run.adopt(plan, outcomes);
  const measuredOn = run.result<DataIdentity>("data");
  if (measuredOn && measuredOn.test !== images.test) dropMeasuredBeside({ run }, { onNote: note });
  const known = run.resultOf<DataIdentity>("data", dataReads(config));
  if (known && (known.training !== images.training || known.test !== images.test)) run.drop("data", ["images changed"]);
  await run.step("data", () => images, { reads: dataReads(config) });
}

/** What of the configuration decides which images there are. */
function dataReads({ seed, data }: ExperimentConfig) {
  return { seed, data };
}

interface UsedEngine {
  backend?: string;
  isa?: string;
}

function tell(run: RunDirectory, outcomes: readonly StepOutcome[], note: (text: string) => void): void {
  if (outcomes.some(({ state }) => state === "again")) for (const line of describeOutcomes(outcomes)) note(line);
  else if (run.changes.length > 0) note(`changed, and nothing done so far depends on it: ${run.changes.join("; ")}`);
  // Any number of threads gives the same bytes.
  const now = engineLabel(engine.info());
  const engines = run.records.flatMap(({ engine: of }) => {
    const used = of as UsedEngine | undefined;
    return used ? [engineLabel(used)] : [];
  });
  const others = [...new Set(engines)].filter((engine) => engine !== now);
  if (others.length === 0) return;
  note(
    `steps done so far were computed by ${others.join(" and ")}, the rest is by ${now}: last digits may differ from a run by one of them alone`,
  );
}

/** The plan of the configuration that the directory had, for steps that older versions recorded without fingerprints. */
async function planBefore(config: ExperimentConfig, run: RunDirectory, images: DataIdentity): Promise<PlannedStep[]> {
  const { configBefore } = run;
  if (configBefore === undefined || run.records.every(({ fingerprint }) => fingerprint !== undefined)) return [];
  try {
    const before = parseExperiment(configBefore);
    const sameImages = fingerprint(dataReads(before)) === fingerprint(dataReads(config));
    const others = { training: "others", test: "others" };
    return plannedSteps(before, await prepareExperiment(before), sameImages ? images : others);
  } catch (error) {
    // Nobody can say any more what they were made by: they are done again.
    if (error instanceof BlockwiseError) return [];
    throw error;
  }
}

/** Notices in the middle of a step that the directory is gone. */
function watching(run: RunDirectory, context: RunContext): RunContext {
  return {
    ...context,
    onProgress(event) {
      run.checkInPlace();
      context.onProgress?.(event);
    },
  };
}

async function trainedTeacher(
  { seed, teacher: given }: ExperimentConfig,
  { architecture }: PreparedExperiment,
  data: Dataset,
  run: RunDirectory,
  context: RunContext,
): Promise<Teacher> {
  const {
    architecture: _own,
    file,
    arch: _arch,
    preprocessing: _seen,
    classes: _names,
    cuts: _cuts,
    fineTune: _tuning,
    featuresOnly,
    ...options
  } = given;
  const path = run.file("teacher.safetensors");
  const checkpoint = teacherState(run);
  let trained: Teacher | undefined;
  await run.step(
    "teacher",
    async () => {
      const make = () =>
        file
          ? teacherOfFile(file, data, { seed, checkpoint, featuresOnly, ...teacherFileOptions(given) }, context)
          : trainTeacher(architecture, data, { ...options, seed, checkpoint }, context);
      trained = await freshIfForeign(checkpoint, context, make);
      for (const remark of trained.remarks) context.onNote?.(`teacher: ${remark}`);
      trained.save(path);
      const { macs, params, activationBytes } = trained.cost;
      const { history } = trained;
      return { architecture: trained.architecture.name, file, macs, params, activationBytes, history };
    },
    { output: () => trained!.fingerprint() },
  );
  return trained ?? Teacher.load(path);
}

/** A teacher from its file, taught the data where that is asked for. */
async function teacherOfFile(
  file: string,
  data: Dataset,
  { seed, checkpoint, featuresOnly, fineTune: tuning, ...pretrained }: FileOptions & Tuning,
  context: RunContext,
): Promise<Teacher> {
  if (!tuning) return loadTeacher(file, data, { pretrained, featuresOnly }, context);
  const { height, width } = data.shape;
  const before = await openTeacherFile(file, { ...pretrained, input: { height, width } }, context);
  try {
    return await fineTune(before, data, { ...tuning, seed, checkpoint }, context);
  } finally {
    before.dispose();
  }
}

interface Tuning {
  readonly seed: number;
  readonly checkpoint: string;
  readonly featuresOnly?: boolean;
  readonly fineTune?: FineTuneOptions;
}

function teacherState(run: RunDirectory): string {
  return run.file("checkpoints", "teacher.safetensors");
}

/** Searches under the run's own limits, of which networks along the front are taken, and under each further budget. */
async function search(
  { search: { difference }, retrain: { alongFront } }: ExperimentConfig,
  [limits, ...further]: readonly Limits[],
  { table, calibration }: SearchedTable,
  run: RunDirectory,
): Promise<BudgetSearch[]> {
  const result = await searchLimits(table, limits, { networks: alongFront, difference, calibration });
  const searches = [{ limits, result }];
  for (const other of further) {
    searches.push({ limits: other, result: await searchLimits(table, other, { networks: 1, calibration }) });
  }
  await run.step("search", () => {
    writeJson(run.file("ratings", "table.json"), table);
    const { best, front, traversalScore } = result;
    const also = searches.slice(1).map((one) => ({ budget: flatLimits(one.limits), best: point(one.result.best) }));
    return {
      budget: flatLimits(limits),
      best: point(best),
      traversalScore,
      networksOnFront: front.length,
      ...(also.length > 0 && { also }),
    };
  });
  return searches;
}

function point({ choice, score, cost: { macs, params } }: FoundNetwork) {
  return { id: networkId(choice), score, macs, params };
}
