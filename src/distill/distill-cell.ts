import { breathe, type Progress, Rng, TrainingError } from "../core";
import { checkRounding, fused, roundingClass, tf } from "../engine";
import { adam, loadState, lossAndGradients, type Optimizer, type Schedule, type StoredTensor, saveState } from "../nn";
import {
  type CellCheckpoints,
  type CellState,
  checkBelongs,
  type DistillEpoch,
  distillFingerprint,
} from "./cell-checkpoint";
import type { CellSupernet } from "./cell-supernet";
import { blockEpochs, blockSchedule, type DistillOptions } from "./distill-options";
import type { FeatureSource } from "./feature-source";
import { LabelLoss } from "./label-loss";
import { type Path, type PathSampler, pathSampler } from "./path-sampler";

/** Batches of one epoch; the last, incomplete one is left out. */
export function batchesPerEpoch(count: number, { batchSize }: DistillOptions): number {
  return Math.max(1, Math.floor(count / batchSize));
}

/** Epochs of a cell that are complete already. */
export function epochsDone(checkpoints: CellCheckpoints, block: number, cell: number): number {
  return checkpoints.read(block, cell)?.history.length ?? 0;
}

/**
 * Trains a cell to imitate the teacher's block, from its last checkpoint or from the start, and keeps its state after
 * each epoch. Counts one unit of progress a batch.
 * @throws TrainingError when loss or weights are not finite; the last good state stays.
 * @throws InterruptedError when stopped; the last complete epoch stays.
 */
export async function distillCell(
  cell: CellSupernet,
  features: FeatureSource,
  options: DistillOptions,
  checkpoints: CellCheckpoints,
  progress: Progress,
): Promise<DistillEpoch[]> {
  const { block, cell: index, space } = cell;
  const optimizer = adam({ weightDecay: options.weightDecay });
  const rng = new Rng(options.seed).fork("distill").fork(`block${block}/cell${index}`);
  const labels =
    options.labelLoss > 0 ? new LabelLoss(options.labelLoss, cell, features, rng.fork("labels")) : undefined;
  const training = new CellTraining(cell, features, options, { optimizer, labels, rng, progress });
  try {
    const fingerprint = distillFingerprint(space, block, index, features, options);
    const state = checkpoints.read(block, index);
    if (state) {
      checkBelongs(state, fingerprint, checkpoints.place(block, index));
      if (state.history.length < blockEpochs(options, block)) {
        checkRounding(state.engine, checkpoints.place(block, index));
      }
      loadState(cell, weightsOf(state));
      if (labels) loadState(labels, part(state.tensors, "labels."));
      training.resume(part(state.tensors, "optimizer."));
    }
    const history = [...(state?.history ?? [])];
    for (let epoch = history.length; epoch < blockEpochs(options, block); epoch++) {
      history.push(await training.epoch(epoch));
      const tensors = new Map([
        ...named(saveState(cell), "cell."),
        ...(labels ? named(saveState(labels), "labels.") : []),
        ...named(optimizer.state(), "optimizer."),
      ]);
      checkpoints.write(block, index, { fingerprint, engine: roundingClass(), history: [...history], tensors });
    }
    return history;
  } catch (error) {
    if (error instanceof TrainingError) throw withState(error, cell, checkpoints);
    throw error;
  } finally {
    training.dispose();
    optimizer.dispose();
    labels?.dispose();
  }
}

/** Images whose spread stands for all. */
const SCALE_IMAGES = 512;

/** One over each channel's standard deviation in the teacher's maps at a boundary; a channel that never changes stays. */
function channelScale(features: FeatureSource, boundary: number): tf.Tensor1D {
  const count = Math.min(SCALE_IMAGES, features.count);
  const maps = features.batch(
    boundary,
    Uint32Array.from({ length: count }, (_, i) => i),
  );
  return tf.tidy(() => {
    const deviation = tf.sqrt(tf.moments(maps, [0, 1, 2]).variance);
    maps.dispose();
    return tf.div(1, tf.where(tf.greater(deviation, 1e-6), deviation, tf.onesLike(deviation))) as tf.Tensor1D;
  });
}

/** What a training has beside cell, features and options. */
interface Tools {
  readonly optimizer: Optimizer;
  readonly labels: LabelLoss | undefined;
  readonly rng: Rng;
  readonly progress: Progress;
}

/** One cell at work: what stays the same from step to step. */
class CellTraining {
  private readonly steps: number;
  private readonly batchSize: number;
  private readonly schedule: Schedule;
  private readonly sampler: PathSampler;
  private readonly labelParameters: ReadonlyMap<string, tf.Variable>;
  /** Parameters that ever moved, where the optimizer holds on to them. */
  private readonly visited: Map<string, tf.Variable> | undefined;
  /** `[channels]`: what feature maps are multiplied by before they are compared. */
  private readonly scale: tf.Tensor1D | undefined;

  constructor(
    private readonly cell: CellSupernet,
    private readonly features: FeatureSource,
    options: DistillOptions,
    private readonly tools: Tools,
  ) {
    this.steps = batchesPerEpoch(features.count, options);
    this.batchSize = Math.min(options.batchSize, features.count);
    this.schedule = blockSchedule(options, cell.block, this.steps);
    this.sampler = pathSampler(options.sampler);
    this.labelParameters = new Map(
      [...(tools.labels?.parameters() ?? [])].map(([name, variable]) => [`labels.${name}`, variable]),
    );
    if (options.optimizerScope === "block") this.visited = new Map();
    if (options.targetScale === "channel") this.scale = channelScale(features, cell.block + 1);
  }

  dispose(): void {
    this.scale?.dispose();
  }

  private scaled(y: tf.Tensor4D): tf.Tensor4D {
    return this.scale ? (tf.mul(y, this.scale) as tf.Tensor4D) : y;
  }

  /** Takes up a training: parameters that the optimizer already has a state of were visited. */
  resume(state: Map<string, StoredTensor>): void {
    const { visited, cell, labelParameters, tools } = this;
    tools.optimizer.restore(state);
    if (!visited) return;
    for (const [name, variable] of [...cell.parameters(), ...labelParameters]) {
      if (state.has(`m:${name}`)) visited.set(name, variable);
    }
  }

  async epoch(epoch: number): Promise<DistillEpoch> {
    const { cell, steps, batchSize } = this;
    const rng = this.tools.rng.fork(`epoch${epoch}`);
    const order = rng.fork("order").permutation(this.features.count);
    const nextRound = this.sampler.rounds(cell, rng.fork("paths"));
    const started = performance.now();
    let lossSum = 0;
    let learningRate = 0;
    for (let i = 0; i < steps; i++) {
      learningRate = this.schedule(epoch * steps + i);
      const paths = nextRound();
      const loss = this.step(order.subarray(i * batchSize, (i + 1) * batchSize), paths, learningRate);
      if (!Number.isFinite(loss)) throw notFinite(cell, "the loss", loss, epoch, i, learningRate);
      lossSum += loss;
      this.tools.progress.advance(1, { cell: cell.cell, epoch: epoch + 1, loss: lossSum / (i + 1), learningRate });
      await breathe();
    }
    const broken = firstNotFinite(cell);
    if (broken) throw notFinite(cell, broken, Number.NaN, epoch, steps - 1, learningRate);
    const durationMs = performance.now() - started;
    const { block, cell: index } = cell;
    return { block, cell: index, epoch: epoch + 1, loss: lossSum / steps, learningRate, durationMs };
  }

  /** One batch through the paths of a round, then one update of the parameters they used. */
  private step(positions: Uint32Array, paths: readonly Path[], learningRate: number): number {
    const { cell, features } = this;
    const { labels, optimizer } = this.tools;
    const x = features.batch(cell.block, positions);
    const target = features.batch(cell.block + 1, positions);
    const scaledTarget = this.scaled(target);
    const answers = labels?.labelsOf(positions);
    const parameters = new Map<string, tf.Variable>();
    const gradients = new Map<string, tf.Tensor>();
    let lossSum = 0;
    for (const path of paths) {
      const used = new Map([...cell.pathParameters(path), ...this.labelParameters]);
      // The running statistics of a shared op mix paths: only a rating without recalibration looks at them.
      const result = lossAndGradients(() => {
        const y = cell.forward(x, { mode: "train", path });
        const imitation = fused.meanSquaredError(this.scaled(y), scaledTarget) as tf.Scalar;
        return labels && answers ? labels.mixed(imitation, y, answers) : imitation;
      }, used);
      lossSum += result.loss.dataSync()[0];
      result.loss.dispose();
      for (const [name, variable] of used) parameters.set(name, variable);
      for (const [name, gradient] of result.gradients) addTo(gradients, name, gradient);
    }
    const loss = lossSum / paths.length;
    this.addVisited(gradients, parameters);
    if (Number.isFinite(loss)) optimizer.step(gradients, parameters, learningRate);
    tf.dispose([x, target, scaledTarget, ...gradients.values()]);
    answers?.dispose();
    return loss;
  }

  /** Gives parameters that earlier paths used, and these do not, a gradient of zero: momentum and decay still move them. */
  private addVisited(gradients: Map<string, tf.Tensor>, parameters: Map<string, tf.Variable>): void {
    if (!this.visited) return;
    for (const [name, variable] of parameters) this.visited.set(name, variable);
    for (const [name, variable] of this.visited) {
      if (gradients.has(name)) continue;
      gradients.set(name, tf.zerosLike(variable));
      parameters.set(name, variable);
    }
  }
}

/** Adds a gradient to those of earlier paths; takes it over. */
function addTo(gradients: Map<string, tf.Tensor>, name: string, gradient: tf.Tensor): void {
  const before = gradients.get(name);
  gradients.set(name, before ? tf.add(before, gradient) : gradient);
  if (before) tf.dispose([before, gradient]);
}

/** A cell's own tensors of a state. */
export function weightsOf({ tensors }: CellState): Map<string, StoredTensor> {
  return part(tensors, "cell.");
}

function named(tensors: Map<string, StoredTensor>, prefix: string): [string, StoredTensor][] {
  return [...tensors].map(([name, tensor]) => [prefix + name, tensor]);
}

function part(tensors: Map<string, StoredTensor>, prefix: string): Map<string, StoredTensor> {
  const own = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

function firstNotFinite(cell: CellSupernet): string | undefined {
  for (const [name, { data }] of saveState(cell)) if (!data.every(Number.isFinite)) return name;
  return undefined;
}

function notFinite(
  { block, cell }: CellSupernet,
  what: string,
  got: number,
  epoch: number,
  step: number,
  learningRate: number,
): TrainingError {
  return new TrainingError(
    `distill: ${what} must stay finite, got ${got} in block ${block}, cell ${cell}, epoch ${epoch + 1}, step ${step + 1} at learning rate ${learningRate.toPrecision(3)}`,
    { block, cell, epoch: epoch + 1, step: step + 1, learningRate, what },
  );
}

function withState(error: TrainingError, { block, cell }: CellSupernet, checkpoints: CellCheckpoints): TrainingError {
  const { epoch } = error.details as { epoch: number };
  const place = checkpoints.place(block, cell);
  const kept = epoch > 1 ? `the state after epoch ${epoch - 1} is kept in ${place}` : "no epoch was complete";
  return new TrainingError(
    `${error.message}; ${kept}. Lower the learning rate, or look for broken features`,
    { ...error.details, checkpoint: epoch > 1 ? place : undefined },
    { cause: error },
  );
}
