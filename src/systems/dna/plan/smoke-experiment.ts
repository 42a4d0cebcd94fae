import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Progress, type ProgressEvent, type StepContext } from "../../../core";
import { type Dataset, loadDataset } from "../../../data";
import { cellTask } from "../../../distill";
import { engine } from "../../../engine";
import { RunDirectory } from "../../../study";
import { threadExecutor, threadsFor } from "../../../tasks";
import type { ExperimentConfig } from "../config";
import { plannedSteps } from "../planned-steps";
import { prepareExperiment } from "../prepare-experiment";
import { runExperiment } from "../run-experiment";
import { Paces } from "./pace";
import { countsOf, smokeConfig } from "./smoke-config";
import type { ProbedStudy } from "./step-times";
import { type ExperimentWork, experimentWork } from "./work";

/**
 * An experiment from end to end at a tiny scale, in a folder that is gone afterwards: see {@link smokeConfig}.
 * @param data All images of the experiment itself.
 * @returns What was measured of it.
 * @throws What would make the experiment itself fail.
 */
export async function smokeExperiment(
  config: ExperimentConfig,
  data: Dataset,
  context: StepContext = {},
): Promise<ProbedStudy> {
  const counts = countsOf(data);
  const tiny = smokeConfig(config, counts, data.classes.length);
  const prepared = await prepareExperiment(tiny);
  const { name, ...division } = tiny.data;
  const work = experimentWork(
    tiny,
    prepared.space,
    countsOf(await loadDataset(name, { ...division, seed: tiny.seed }, context)),
  );
  const executor = executorOf(experimentWork(config, prepared.space, counts));
  const folder = mkdtempSync(join(tmpdir(), "blockwise-smoke-"));
  const run = RunDirectory.open(join(folder, "run"), tiny);
  const paces = new Paces();
  const steps = plannedSteps(tiny, prepared, undefined).map((step) => step.name);
  const progress = new Progress(context, "the same study at a tiny scale", steps.length, "steps");
  let told = 0;
  const tell = () => {
    const done = steps.filter((step) => run.result(step) !== undefined).length;
    progress.advance(done - told);
    told = done;
  };
  const onProgress = (event: ProgressEvent) => {
    paces.report(event);
    tell();
  };
  const started = performance.now();
  try {
    const { signal, onWarning } = context;
    await runExperiment(tiny, run, { signal, onWarning, onProgress, ...(executor && { executor }) }, prepared);
    const ms = performance.now() - started;
    tell();
    const durations = new Map(run.records.map(({ step, durationMs }) => [step, Number(durationMs)]));
    return { ms, work, paces, durations, ...bytesOf(run.path) };
  } finally {
    run.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Threads as the experiment itself will have them, although so little work is not worth their start. */
function executorOf({ blocks }: ExperimentWork) {
  const batches = blocks.reduce((sum, one) => sum + one.batches, 0);
  const threads = threadsFor(cellTask, { free: engine.workers(), work: batches });
  return threads > 1 ? threadExecutor(threads) : undefined;
}

function bytesOf(path: string): Pick<ProbedStudy, "stateBytes" | "networkBytes" | "resultBytes"> {
  const bytes = { stateBytes: 0, networkBytes: 0, resultBytes: 0 };
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const kind = kindOf(file.slice(path.length + 1));
    if (kind) bytes[kind] += statSync(file).size;
  }
  return bytes;
}

/** Undefined of features, of which there are more at the whole scale. */
function kindOf(file: string): keyof ReturnType<typeof bytesOf> | undefined {
  if (file.startsWith("features/")) return undefined;
  if (/^found\/|^checkpoints\/(retrain|brief)-/.test(file)) return "networkBytes";
  return /\.safetensors$/.test(file) ? "stateBytes" : "resultBytes";
}
