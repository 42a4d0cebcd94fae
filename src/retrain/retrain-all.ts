import { type ProgressEvent, Rng, warn } from "../core";
import { networkCost } from "../cost";
import { type Dataset, shareDataset } from "../data";
import { engine } from "../engine";
import { loadState, Network } from "../nn";
import type { Architecture } from "../space";
import {
  type BlobRef,
  BlobStore,
  type Executor,
  inlineExecutor,
  type TaskStepContext,
  threadExecutor,
  threadsFor,
} from "../tasks";
import type { Teacher } from "../teacher";
import { classifierStates, trainingStateName } from "../train";
import { checkDistillation, Retrained, type Training } from "./retrain";
import { type RetrainInput, type RetrainNote, retrainTask, type TrainedState } from "./retrain-task";
import type { TrainingsProgress } from "./trainings-progress";

export interface RetrainAllOptions {
  /** Networks that train at once; as many as the engine has threads unless given, 0: one after another. */
  readonly workers?: number;
  /** Told of each network as soon as it is trained: what is complete is kept where others are stopped. */
  readonly onTrained?: (index: number, retrained: Retrained) => void;
  /** One report over all trainings, in place of one for each; the tasks must differ then. */
  readonly progress?: TrainingsProgress;
}

/**
 * Trains networks on one data set as {@link retrain} does, several side by side, each with one thread of the native engine
 * whether beside others or not: the bytes are those of one after another. Engines without task threads train one by one.
 * @returns In the order given.
 * @throws What a training throws; the others stop then.
 */
export async function retrainAll(
  trainings: readonly Training[],
  dataset: Dataset,
  { workers, onTrained, progress }: RetrainAllOptions = {},
  given: TaskStepContext = {},
): Promise<Retrained[]> {
  const trained: Retrained[] = [];
  const keep = (index: number, retrained: Retrained) => {
    trained[index] = retrained;
    onTrained?.(index, retrained);
    progress?.finish(trainings[index], retrained.accuracy);
  };
  progress?.begin(trainings);
  const context = progress ? { ...given, onProgress: (event: ProgressEvent) => progress.follow(event) } : given;
  if (context.executor) {
    await trainOn(context.executor, trainings, dataset, keep, context);
    return trained;
  }
  const free = engine.workers();
  const images = trainings.reduce((sum, { options }) => sum + options.epochs * dataset.train.count, 0);
  const worth = threadsFor(retrainTask, { asked: workers, free, work: images });
  const threads = Math.min(worth, free > 0 ? trainings.length : 0);
  if (threads > 1) {
    const executor = threadExecutor(threads);
    executor.ready(retrainTask, trainings.length);
    await trainOn(executor, trainings, shareDataset(dataset), keep, context);
    return trained;
  }
  const { threads: usual } = engine.info();
  try {
    if (free > 0) engine.setThreads(1);
    await trainOn(inlineExecutor, trainings, dataset, keep, context);
  } finally {
    if (free > 0) engine.setThreads(usual);
  }
  return trained;
}

async function trainOn(
  executor: Executor,
  trainings: readonly Training[],
  dataset: Dataset,
  keep: (index: number, retrained: Retrained) => void,
  context: TaskStepContext,
): Promise<void> {
  const blobs = new BlobStore();
  const images = blobs.put(dataset, dataset.fingerprint);
  const teachers = new Map<Teacher, BlobRef>();
  const shared = (teacher: Teacher) => {
    const known = teachers.get(teacher) ?? blobs.put(teacher.share(), teacher.fingerprint());
    teachers.set(teacher, known);
    return known;
  };
  const states = trainings.map(({ options: { checkpoint } }) =>
    checkpoint === undefined ? undefined : classifierStates(checkpoint, context),
  );
  const inputs = trainings.map(({ architecture, options: given }, index): RetrainInput => {
    const { distillation, warmStart, checkpoint: _kept, ...options } = given;
    if (distillation) checkDistillation(distillation, dataset);
    const kept = states[index];
    const state = kept?.read();
    return {
      architecture,
      dataset: images,
      options,
      ...(kept && { place: kept.place }),
      ...(state && { state: blobs.put(state, trainingStateName(state)) }),
      ...(distillation && { distillation: { ...distillation, teacher: shared(distillation.teacher) } }),
      ...(warmStart && { warmStart: blobs.put(warmStart) }),
    };
  });
  // The longest first, so that no thread is left with it at the end.
  const order = [...inputs.keys()];
  if (executor !== inlineExecutor) order.sort((a, b) => effort(inputs[b]) - effort(inputs[a]));
  const onProgress = (note: RetrainNote, index: number) => {
    if (note.kind === "state") states[order[index]]?.write(note.state);
    else if (note.kind === "progress") context.onProgress?.(note.event);
    else warn(context, note.message);
  };
  const queued = order.map((index) => inputs[index]);
  const { signal } = context;
  for await (const { index, output } of executor.map(retrainTask, queued, { signal, blobs, onProgress })) {
    keep(order[index], retrainedOf(inputs[order[index]].architecture, output));
  }
}

function effort({ architecture, options }: RetrainInput): number {
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
