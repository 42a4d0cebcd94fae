import { rmSync } from "node:fs";
import { fingerprint, writeJson } from "../../core";
import { type DataIdentity, identifyData, loadDataset } from "../../data";
import { ratedTable } from "../../rate";
import { designsOf, type MeasuredFront, measureDesigns, type Retrained } from "../../retrain";
import { withLatency } from "../../search";
import {
  adoptPlan,
  completeResult,
  dropMeasuredBeside,
  dropStaleNetworks,
  improvedTable,
  joinedTable,
  type ProgressFile,
  type RunContext,
  type RunDirectory,
  rateBlocks,
  recordImages,
  retrainDesigns,
  searchStep,
  TEACHER_FILE,
  teacherState,
  teacherStep,
  tellingProgress,
  trainingSeeds,
  type WantedPlan,
  watching,
} from "../../study";
import { type ExperimentConfig, parseExperiment } from "./config";
import { plannedSteps } from "./planned-steps";
import { checkImages, type PreparedExperiment, prepareExperiment } from "./prepare-experiment";

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
  return tellingProgress(run, context, (telling, told) => runSteps(config, run, telling, told, given));
}

async function runSteps(
  config: ExperimentConfig,
  run: RunDirectory,
  context: RunContext,
  told: ProgressFile,
  given?: PreparedExperiment,
): Promise<MeasuredFront> {
  const prepared = given ?? (await prepareExperiment(config));
  const { name, ...division } = config.data;
  const data = await loadDataset(name, { ...division, seed: config.seed }, context);
  const images = identifyData(data);
  const wanted = wantedPlan(config, prepared, images);
  const complete = await completeResult<MeasuredFront>(run, "front", wanted, ["retrain"]);
  if (complete) return complete;
  told.plan(wanted.plan);
  const notes = checkImages(config, prepared, data);
  if (run.damagedRecords > 0) notes.push(`${run.damagedRecords} lines of the journal were damaged: their steps again`);
  const note = (text: string) => void notes.push(text);
  await adoptPlan(run, wanted, note, (outcomes) => {
    // A training that is none of the wanted one any more: what it left would only be refused.
    if (outcomes.some(({ step, changed }) => changed && step.name === "teacher"))
      rmSync(teacherState(run), { force: true });
  });
  await recordImages(run, images, dataReads(config), () => dropMeasuredBeside({ run }, { onNote: note }));
  for (const text of notes) context.onNote?.(text);
  const watched = watching(run, context);
  const { architecture, blocks, space, limits, further, latencies } = prepared;
  const { seed, retrain, search } = config;
  const teacher = await teacherStep(run, { architecture, seed, teacher: config.teacher }, data, watched);
  const retrained: Retrained[] = [];
  try {
    await run.step("space", () => ({ blocks, space }));
    const sources = { config, run, data, teacher, blocks, space };
    const joined = joinedTable(ratedTable(space, await rateBlocks(sources, watched)), search);
    const priced = latencies ? withLatency(joined, space, latencies) : joined;
    const budgets = [limits, ...further];
    const searched = await improvedTable(sources, priced, budgets, watched);
    const { table, rated } = searched;
    const { difference } = search;
    const searches = await searchStep(run, searched, budgets, { networks: retrain.alongFront, difference });
    // Steps before it may have been done again for their files alone, and have come out as they were.
    const done = run.result<MeasuredFront>("front");
    if (done) return done;
    const designs = designsOf({ seed, retrain, space, table, teacher: teacher.architecture }, searches, context.onNote);
    const students = await retrainDesigns(sources, designs, watched);
    retrained.push(...students.flat());
    dropStaleNetworks(sources, table, new Set(designs.map(({ label }) => label)), context);
    await run.step("retrain", () => ({ networks: designs.map(({ label }) => label) }));
    return await run.step("front", async () => {
      const place = { directory: run.path, space: space.name, seed };
      const front = await measureDesigns(
        {
          ...place,
          data,
          teacher,
          teacherFile: TEACHER_FILE,
          featuresOnly: config.teacher.featuresOnly,
          seeds: trainingSeeds(sources),
        },
        { searches, rated, designs, retrained: students },
        watched,
      );
      writeJson(run.file("front.json"), front);
      return front;
    });
  } finally {
    for (const network of new Set([teacher, ...retrained])) network.dispose();
  }
}

function wantedPlan(config: ExperimentConfig, prepared: PreparedExperiment, images: DataIdentity): WantedPlan {
  return {
    plan: plannedSteps(config, prepared, images),
    async planOf(configBefore) {
      const before = parseExperiment(configBefore);
      const sameImages = fingerprint(dataReads(before)) === fingerprint(dataReads(config));
      const others = { training: "others", test: "others" };
      return plannedSteps(before, await prepareExperiment(before), sameImages ? images : others);
    },
  };
}

/** What of the configuration decides which images there are. */
function dataReads({ seed, data }: ExperimentConfig) {
  return { seed, data };
}
