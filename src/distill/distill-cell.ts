import { type Progress, Rng } from "../core";
import { fused, tf } from "../engine";
import { adam } from "../nn";
import { type EpochTotals, type EpochWork, fit, type SoFar, type TrainingStep } from "../train";
import { type CellCheckpoints, cellStates, type DistillEpoch, distillFingerprint } from "./cell-checkpoint";
import { placesFrom } from "./cell-imitation";
import type { CellSupernet } from "./cell-supernet";
import { channelScale } from "./channel-scale";
import { blockEpochs, blockSchedule, type DistillOptions } from "./distill-options";
import type { FeatureSource } from "./feature-source";
import { LabelLoss } from "./label-loss";
import { type Path, pathSampler } from "./path-sampler";
import { movingVisited } from "./visited-parameters";

/** Batches of one epoch; the last, incomplete one is left out. */
export function batchesPerEpoch(count: number, { batchSize }: DistillOptions): number {
  return Math.max(1, Math.floor(count / batchSize));
}

/** A cell among others that are distilled beside it, for people. */
export function cellBeside(block: number, cell: number): string {
  return `block ${block + 1}, cell ${cell + 1}`;
}

/** Epochs of a cell that are complete already, and steps of the next. */
export function epochsDone(
  checkpoints: CellCheckpoints,
  block: number,
  cell: number,
): { epochs: number; steps: number } {
  const state = checkpoints.read(block, cell);
  return { epochs: state?.history.length ?? 0, steps: state?.within?.steps ?? 0 };
}

/**
 * Trains a cell to imitate the teacher's block, from its last checkpoint or from the start, and keeps its state as
 * {@link fit} does. Counts one unit of progress a batch.
 * @throws TrainingError when loss or weights are not finite; the last good state stays.
 * @throws InterruptedError when stopped; the last state stays.
 */
export async function distillCell(
  cell: CellSupernet,
  features: FeatureSource,
  options: DistillOptions,
  checkpoints: CellCheckpoints,
  progress: Progress,
): Promise<DistillEpoch[]> {
  const { block, cell: index, space } = cell;
  const rng = new Rng(options.seed).fork("distill").fork(`block${block}/cell${index}`);
  const labels =
    options.labelLoss > 0 ? new LabelLoss(options.labelLoss, cell, features, rng.fork("labels")) : undefined;
  const ofLabels = new Map([...(labels?.parameters() ?? [])].map(([name, value]) => [`labels.${name}`, value]));
  const scale = options.targetScale === "channel" ? channelScale(spreadSample(features, block + 1)) : undefined;
  const work: CellWork = { cell, features, options, labels, ofLabels, scale };
  const steps = batchesPerEpoch(features.count, options);
  const byPath = adam({ weightDecay: options.weightDecay });
  const all = new Map([...cell.parameters(), ...ofLabels]);
  try {
    return await fit({
      task: "distill",
      part: { block, cell: index },
      within: cellBeside(block, index),
      epochs: blockEpochs(options, block),
      steps,
      modules: { cell, ...(labels && { labels }) },
      optimizers: {
        optimizer: {
          optimizer: options.optimizerScope === "block" ? movingVisited(byPath, all) : byPath,
          schedule: blockSchedule(options, block, steps),
        },
      },
      states: cellStates(checkpoints, block, index),
      fingerprint: distillFingerprint(space, block, index, features, options),
      advice: "Lower the learning rate, or look for broken features",
      progress: () => progress,
      epoch: (epoch) => new CellEpoch(work, rng.fork(`epoch${epoch}`)),
    });
  } finally {
    scale?.dispose();
    labels?.dispose();
  }
}

/** What stays the same from epoch to epoch. */
interface CellWork {
  readonly cell: CellSupernet;
  readonly features: FeatureSource;
  readonly options: DistillOptions;
  readonly labels: LabelLoss | undefined;
  /** The label loss's own parameters, by the names of the state. */
  readonly ofLabels: ReadonlyMap<string, tf.Variable>;
  /** `[channels]`: what feature maps are multiplied by before they are compared. */
  readonly scale: tf.Tensor1D | undefined;
}

class CellEpoch implements EpochWork<DistillEpoch> {
  private readonly batchSize: number;
  private readonly order: Uint32Array;
  private readonly nextRound: () => Path[];

  constructor(
    private readonly work: CellWork,
    rng: Rng,
  ) {
    const { cell, features, options } = work;
    this.batchSize = Math.min(options.batchSize, features.count);
    this.order = rng.fork("order").permutation(features.count);
    this.nextRound = pathSampler(options.sampler).rounds(cell, rng.fork("paths"));
  }

  /** One batch through the paths of a round. */
  step(index: number): TrainingStep {
    const { cell, features, labels, ofLabels } = this.work;
    const positions = this.order.subarray(index * this.batchSize, (index + 1) * this.batchSize);
    const x = features.batch(cell.block, positions);
    const target = features.batch(cell.block + 1, positions);
    const scaledTarget = this.scaled(target);
    const answers = labels?.labelsOf(positions);
    const passes = this.nextRound().map((path) => ({
      parameters: new Map([...cell.pathParameters(path), ...ofLabels]),
      loss: () => {
        // The running statistics of a shared op mix paths: only a rating without recalibration looks at them.
        const y = cell.forward(x, { mode: "train", path });
        const imitation = fused.meanSquaredError(this.scaled(y), scaledTarget) as tf.Scalar;
        return labels && answers ? labels.mixed(imitation, y, answers) : imitation;
      },
    }));
    return { passes, tensors: [x, target, scaledTarget, ...(answers ? [answers] : [])] };
  }

  resume(steps: number): void {
    for (let i = 0; i < steps; i++) this.nextRound();
  }

  figures(soFar: SoFar) {
    return { cell: this.work.cell.cell, ...soFar };
  }

  record({ epoch, loss, learningRate, durationMs }: EpochTotals): DistillEpoch {
    const { block, cell } = this.work.cell;
    return { block, cell, epoch, loss, learningRate, durationMs };
  }

  private scaled(y: tf.Tensor4D): tf.Tensor4D {
    const { scale } = this.work;
    return scale ? (tf.mul(y, scale) as tf.Tensor4D) : y;
  }
}

/** Images whose spread stands for all. */
const SCALE_IMAGES = 512;

/** The teacher's maps of some images at a boundary. */
function spreadSample(features: FeatureSource, boundary: number): tf.Tensor4D {
  const count = Math.min(SCALE_IMAGES, features.count);
  return features.batch(boundary, placesFrom(0, count));
}
