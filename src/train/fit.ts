import { breathe, CheckpointError, InterruptedError, type Progress, TrainingError } from "../core";
import { checkRounding, roundingClass, tf } from "../engine";
import {
  allFinite,
  type LossAndGradients,
  loadState,
  lossAndGradients,
  type Optimizer,
  type ParameterContainer,
  type Schedule,
  saveState,
} from "../nn";
import { checkBelongs, type KeptState, type StateStore, tensorsUnder, type WithinEpoch } from "./state-file";
import { StateClock } from "./state-interval";

/** One differentiation within a step: of this loss, for these parameters. */
export interface TrainingPass {
  readonly parameters: Map<string, tf.Variable>;
  /** Runs the network; losses of several parts are put together by `mixedLoss`. */
  loss(): tf.Scalar;
  /** Loss and gradients that are not those of differentiating `loss`, such as a bilevel problem's; the caller frees them. */
  differentiate?(): LossAndGradients;
}

/** What one step learns from. */
export interface TrainingStep {
  /** Their gradients are added up before anything moves: one, or as many as a round of sampled paths has. */
  readonly passes: readonly TrainingPass[];
  /** The batch's tensors: freed after the step. */
  readonly tensors: readonly tf.Tensor[];
}

/** What an epoch came to. */
export interface EpochTotals {
  /** From 1. */
  readonly epoch: number;
  /** Mean over all passes of the epoch. */
  readonly loss: number;
  /** The first optimizer's at the last step. */
  readonly learningRate: number;
  /** Training alone, without validation. */
  readonly durationMs: number;
  /** What the epoch's `validate` gave. */
  readonly validation?: number;
}

/** What a training knows of an epoch at work: its number from 1, the mean loss so far, the learning rate. */
export interface SoFar extends Record<string, number> {
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
}

/**
 * One epoch at work. All of its draws must depend on seed, epoch and step alone, or be drawn again by `resume`: then a pause
 * changes nothing.
 */
export interface EpochWork<Epoch> {
  /** What a step, from 0, learns from. A teacher may be another from epoch to epoch. */
  step(index: number): TrainingStep;
  /** After the parameters have moved in a step. */
  moved?(index: number): void;
  /** What progress shows after so many steps; {@link SoFar} when left out. */
  figures?(soFar: SoFar, steps: number): Record<string, number>;
  /** What it has summed up over its steps, for `resume`. */
  sums?(): Record<string, number>;
  /** Goes on after so many steps of the epoch, which another process did, with what its sums were then. */
  resume?(steps: number, sums: Readonly<Record<string, number>>): void;
  /** After the last step. A TrainingError is told as what diverged there. */
  validate?(): Promise<number>;
  /** What the history keeps, as plain JSON. */
  record(totals: EpochTotals): Epoch;
}

/** Moves parameters by a schedule over the steps of all epochs, which a pause does not restart. */
export interface ScheduledOptimizer {
  readonly optimizer: Optimizer;
  readonly schedule: Schedule;
  /** Which parameters are its own, where there is more than one optimizer; all when left out. */
  readonly moves?: (parameter: string) => boolean;
}

/** A training as {@link fit} runs it. */
export interface TrainingPlan<Epoch> {
  /** Begins messages. */
  readonly task: string;
  /** Where in a larger work it stands, e.g. `{ block: 1, cell: 0 }`; for messages. */
  readonly part?: Readonly<Record<string, number>>;
  /** Names it in progress that is of several trainings. */
  readonly within?: string;
  readonly epochs: number;
  /** An epoch's. */
  readonly steps: number;
  /** What learns; its tensors are kept under these names. */
  readonly modules: Readonly<Record<string, ParameterContainer>>;
  /** Freed in the end; their state is kept under these names. */
  readonly optimizers: Readonly<Record<string, ScheduledOptimizer>>;
  /** Where states are kept, if at all. */
  readonly states?: StateStore<Epoch>;
  /** Names all that decides the outcome: only a state of that name is taken up. */
  readonly fingerprint?: string;
  /** What to do about a loss that is not finite. */
  readonly advice: string;
  /** Counts batches, from so many. */
  progress(stepsDone: number): Progress;
  /** @param before What was recorded of the epochs before it. */
  epoch(index: number, before: readonly Epoch[]): EpochWork<Epoch>;
  /** Whether the training ends after these epochs, before it has had all. */
  ends?(history: readonly Epoch[]): boolean;
}

/**
 * The one training loop: teachers, students, block supernets and whole ones learn by it.
 *
 * After each epoch, and within a long one every fifteen seconds and when it is stopped, the state is kept; a training that finds
 * its state goes on from there and ends with the same bytes as one that was never stopped. Nothing moves by a loss that is not
 * finite.
 * @returns What was recorded of each epoch.
 * @throws TrainingError when the loss or a parameter is not finite; the last good state stays.
 * @throws CheckpointError when the kept state is of another training, of a longer one, or was begun by another engine.
 * @throws InterruptedError when stopped; the last state stays.
 */
export async function fit<Epoch>(training: TrainingPlan<Epoch>): Promise<Epoch[]> {
  try {
    const { states } = training;
    const clock = new StateClock();
    const kept = resume(training);
    const { history } = kept;
    let { within } = kept;
    const progress = training.progress(history.length * training.steps + (within?.steps ?? 0));
    while (!isComplete(training, history)) {
      history.push(await runEpoch(training, history, within, progress, clock));
      within = undefined;
      if (states) clock.write(() => states.write(stateOf(training, history)));
    }
    if (history.length < training.epochs) progress.endEarly();
    return history;
  } finally {
    for (const { optimizer } of Object.values(training.optimizers)) optimizer.dispose();
  }
}

function isComplete<Epoch>({ epochs, ends }: TrainingPlan<Epoch>, history: readonly Epoch[]): boolean {
  return history.length >= epochs || (ends?.(history) ?? false);
}

/** How far a training is. */
interface Reached<Epoch> {
  readonly history: Epoch[];
  readonly within?: WithinEpoch;
}

function resume<Epoch>(training: TrainingPlan<Epoch>): Reached<Epoch> {
  const { states, fingerprint = "", modules, optimizers } = training;
  const state = states?.read();
  if (!states || !state) return { history: [] };
  checkBelongs(state, fingerprint, states);
  if (state.within && isComplete(training, state.history)) {
    const epoch = state.history.length;
    throw new CheckpointError(
      `${training.task}: the state in ${states.place} must be that after epoch ${epoch}, and is of a training that went ${state.within.steps} step${state.within.steps === 1 ? "" : "s"} beyond; delete it, and it is trained anew`,
      { path: states.place, epoch },
    );
  }
  // What is complete is only loaded, by any engine, and moves no more.
  const complete = isComplete(training, state.history);
  if (!complete) checkRounding(state.engine, states.place);
  for (const [name, module] of Object.entries(modules)) loadState(module, tensorsUnder(name, state.tensors));
  for (const [name, { optimizer }] of complete ? [] : Object.entries(optimizers)) {
    optimizer.restore(tensorsUnder(name, state.tensors));
  }
  return { history: [...state.history], within: state.within };
}

function stateOf<Epoch>(
  { fingerprint = "", modules, optimizers }: TrainingPlan<Epoch>,
  history: readonly Epoch[],
  within?: WithinEpoch,
): KeptState<Epoch> {
  const kept = [
    ...Object.entries(modules).map(([name, module]) => [name, saveState(module)] as const),
    ...Object.entries(optimizers).map(([name, { optimizer }]) => [name, optimizer.state()] as const),
  ];
  const tensors = new Map(kept.flatMap(([name, own]) => [...own].map(([key, tensor]) => [`${name}.${key}`, tensor])));
  return { fingerprint, engine: roundingClass(), history: [...history], ...(within && { within }), tensors };
}

async function runEpoch<Epoch>(
  training: TrainingPlan<Epoch>,
  before: readonly Epoch[],
  begun: WithinEpoch | undefined,
  progress: Progress,
  clock: StateClock,
): Promise<Epoch> {
  const { steps, states } = training;
  const epoch = before.length;
  const work = training.epoch(epoch, before);
  const optimizers = Object.values(training.optimizers);
  const [started, spentMs] = [performance.now(), clock.spentMs];
  const durationMs = () => (begun?.durationMs ?? 0) + performance.now() - started - (clock.spentMs - spentMs);
  let learningRate = begun ? optimizers[0].schedule(epoch * steps + begun.steps - 1) : 0;
  let lossSum = begun?.lossSum ?? 0;
  /** Steps of this epoch in the state that is kept. */
  let keptSteps = begun?.steps ?? 0;
  if (begun) work.resume?.(begun.steps, begun.sums);
  const diverged = (what: string, got: number, step: number) =>
    divergence(training, { what, got, epoch, step, learningRate, keptSteps });
  const checkModules = (step: number) => {
    for (const module of Object.values(training.modules)) {
      const broken = firstNotFinite(module);
      if (broken) throw diverged(broken, Number.NaN, step);
    }
  };
  for (let i = keptSteps; i < steps; i++) {
    const rates = optimizers.map(({ schedule }) => schedule(epoch * steps + i));
    learningRate = rates[0];
    const loss = runStep(work.step(i), optimizers, rates);
    if (!Number.isFinite(loss)) throw diverged("the loss", loss, i);
    work.moved?.(i);
    lossSum += loss;
    const soFar = { epoch: epoch + 1, loss: lossSum / (i + 1), learningRate };
    const metrics = work.figures?.(soFar, i + 1) ?? soFar;
    const keep = () => {
      if (!states || keptSteps === i + 1) return;
      checkModules(i);
      const within = { steps: i + 1, lossSum, durationMs: durationMs(), sums: work.sums?.() ?? {} };
      clock.write(() => states.write(stateOf(training, before, within)));
      keptSteps = i + 1;
    };
    if (i + 1 < steps && clock.isDue) keep();
    try {
      progress.advance(1, metrics, withinOf(training, epoch * steps + i + 1, metrics));
    } catch (error) {
      if (error instanceof InterruptedError) keep();
      throw error;
    }
    await breathe();
  }
  const trainedMs = durationMs();
  checkModules(steps - 1);
  const validation = await work.validate?.().catch((error: unknown) => {
    throw error instanceof TrainingError ? diverged("logits of validation images", Number.NaN, steps - 1) : error;
  });
  return work.record({ epoch: epoch + 1, loss: lossSum / steps, learningRate, durationMs: trainedMs, validation });
}

function withinOf<Epoch>(
  { within, epochs, steps }: TrainingPlan<Epoch>,
  done: number,
  metrics: Record<string, number>,
) {
  return within === undefined ? undefined : { task: within, done, total: epochs * steps, unit: "batches", metrics };
}

/** One batch forward and backward; parameters move only if the loss, the mean of all passes, is finite. */
function runStep(
  { passes, tensors }: TrainingStep,
  optimizers: readonly ScheduledOptimizer[],
  rates: readonly number[],
): number {
  const parameters = new Map<string, tf.Variable>();
  const gradients = new Map<string, tf.Tensor>();
  let lossSum = 0;
  for (const pass of passes) {
    const result = pass.differentiate?.() ?? lossAndGradients(() => pass.loss(), pass.parameters);
    lossSum += result.loss.dataSync()[0];
    result.loss.dispose();
    for (const [name, variable] of pass.parameters) parameters.set(name, variable);
    for (const [name, gradient] of result.gradients) addTo(gradients, name, gradient);
  }
  const loss = lossSum / passes.length;
  if (Number.isFinite(loss)) {
    for (const [i, { optimizer, moves }] of optimizers.entries()) {
      const own = moves ? new Map([...gradients].filter(([name]) => moves(name))) : gradients;
      optimizer.step(own, parameters, rates[i]);
    }
  }
  tf.dispose([...tensors, ...gradients.values()]);
  return loss;
}

/** Adds a gradient to those of earlier passes; takes it over. */
function addTo(gradients: Map<string, tf.Tensor>, name: string, gradient: tf.Tensor): void {
  const before = gradients.get(name);
  gradients.set(name, before ? tf.add(before, gradient) : gradient);
  if (before) tf.dispose([before, gradient]);
}

/** Name of the first parameter or buffer that is not finite, if any. */
function firstNotFinite(module: ParameterContainer): string | undefined {
  for (const [name, { data }] of saveState(module)) if (!allFinite(data)) return name;
  return undefined;
}

interface Diverged {
  readonly what: string;
  readonly got: number;
  readonly epoch: number;
  readonly step: number;
  readonly learningRate: number;
  readonly keptSteps: number;
}

function divergence<Epoch>(
  { task, part = {}, steps, states, advice }: TrainingPlan<Epoch>,
  { what, got, epoch, step, learningRate, keptSteps }: Diverged,
): TrainingError {
  const checkpoint = epoch + keptSteps > 0 ? states?.place : undefined;
  const after = keptSteps > 0 ? `step ${epoch * steps + keptSteps}` : `epoch ${epoch}`;
  const kept = checkpoint ? `the state after ${after} is kept in ${checkpoint}` : "no epoch was complete";
  const stepInAll = epoch * steps + step + 1;
  const where = Object.entries({ ...part, epoch: epoch + 1, step: step + 1 }).map(([name, at]) => `${name} ${at}`);
  return new TrainingError(
    `${task}: ${what} must stay finite, got ${got} in ${where.join(", ")} (step ${stepInAll} in all) at learning rate ${learningRate.toPrecision(3)}; ${states ? kept : "no checkpoint was asked for"}. ${advice}`,
    { ...part, task, what, epoch: epoch + 1, step: step + 1, stepInAll, learningRate, checkpoint },
  );
}
