import { join } from "node:path";
import { Progress, type ProgressEvent, Rng, readyThreads, runJobs, type StepContext, warn } from "../core";
import { networkCost } from "../cost";
import { type Dataset, shareDataset } from "../data";
import { engine } from "../engine";
import { loadState, Network } from "../nn";
import type { Architecture } from "../space";
import { Retrained, retrain, type Training } from "./retrain";
import {
  type RetrainJob,
  type RetrainMessage,
  type SharedTeacher,
  shareTeacher,
  type TrainedState,
} from "./retrain-job";
import type { TrainingsProgress } from "./trainings-progress";

export interface RetrainAllOptions {
  /** Networks that train at once; as many as the engine has threads unless given, 0: one after another. */
  readonly workers?: number;
  /** Told of each network as soon as it is trained: what is complete is kept where others are stopped. */
  readonly onTrained?: (index: number, retrained: Retrained) => void;
  /** One report over all trainings, in place of one for each; the tasks must differ then. */
  readonly progress?: TrainingsProgress;
}

const RETRAIN_JOB = join(__dirname, "retrain-job");
/** Images that take longer to learn from than starting threads. */
const WORTH_WORKERS = 12_000;

/**
 * Trains networks on one data set as {@link retrain} does, several side by side, each with one thread of the native engine
 * whether beside others or not: the bytes are those of one after another. Engines without job threads train one by one.
 * @returns In the order given.
 * @throws What a training throws; the others stop then.
 */
export async function retrainAll(
  trainings: readonly Training[],
  dataset: Dataset,
  { workers, onTrained, progress }: RetrainAllOptions = {},
  given: StepContext = {},
): Promise<Retrained[]> {
  const trained: Retrained[] = [];
  const keep = (index: number, retrained: Retrained) => {
    trained[index] = retrained;
    onTrained?.(index, retrained);
    progress?.finish(trainings[index], retrained.accuracy);
  };
  progress?.begin(trainings);
  const context = progress ? { ...given, onProgress: (event: ProgressEvent) => progress.follow(event) } : given;
  const threads = engine.workers();
  const images = trainings.reduce((sum, { options }) => sum + options.epochs * dataset.train.count, 0);
  const hired = Math.min(workers ?? (images >= WORTH_WORKERS ? threads : 0), threads > 0 ? trainings.length : 0);
  if (hired > 1) {
    await bySide(trainings, dataset, hired, keep, context);
    return trained;
  }
  const { threads: usual } = engine.info();
  try {
    if (threads > 0) engine.setThreads(1);
    for (const [index, { architecture, options }] of trainings.entries()) {
      keep(index, await retrain(architecture, dataset, options, context));
    }
  } finally {
    if (threads > 0) engine.setThreads(usual);
  }
  return trained;
}

async function bySide(
  trainings: readonly Training[],
  dataset: Dataset,
  workers: number,
  keep: (index: number, retrained: Retrained) => void,
  context: StepContext,
): Promise<void> {
  readyThreads(RETRAIN_JOB, workers);
  const shared = shareDataset(dataset);
  const teachers = new Map<unknown, SharedTeacher>();
  const jobs = trainings.map(({ architecture, options: { distillation, ...options } }, index): RetrainJob => {
    if (!distillation) return { index, architecture, dataset: shared, options };
    const teacher = teachers.get(distillation.teacher) ?? shareTeacher(distillation.teacher);
    teachers.set(distillation.teacher, teacher);
    return { index, architecture, dataset: shared, options, distillation: { ...distillation, teacher } };
  });
  // The longest first, so that no thread is left with it at the end.
  jobs.sort((a, b) => effort(b) - effort(a));
  let done = 0;
  const onMessage = ({ index, architecture }: RetrainJob, message: RetrainMessage) => {
    if (message.kind === "progress") context.onProgress?.(message.event);
    else if (message.kind === "warning") warn(context, message.message);
    else {
      keep(index, retrainedOf(architecture, message.trained));
      done += 1;
    }
  };
  const complete = await runJobs(RETRAIN_JOB, jobs, workers, onMessage, context.signal);
  if (!complete) new Progress(context, "retrain", trainings.length, "networks", done).throwIfStopped();
}

function effort({ architecture, options }: RetrainJob): number {
  return networkCost(architecture).macs * options.epochs;
}

function retrainedOf(
  architecture: Architecture,
  { state, dataset, preprocessing, history, training }: TrainedState,
): Retrained {
  const network = new Network(architecture, new Rng(0));
  loadState(network, state);
  return new Retrained(network, dataset, preprocessing, history, training);
}
