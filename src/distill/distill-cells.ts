import { Progress, Rng, type StepContext } from "../core";
import type { tf } from "../engine";
import { adam, cosine, type PathCellNetwork } from "../nn";
import type { CellGraph } from "../space";
import { type EpochWork, fit, type TrainingStep } from "../train";
import { type CellTeacherMaps, imitationLoss } from "./cell-imitation";

export interface CellsDistillation {
  /** Of order and paths. */
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Adam's at first; falls along half a cosine. */
  readonly learningRate: number;
  /** What progress is reported as. */
  readonly task: string;
}

/** Mean loss over the batches and blocks of an epoch. */
export interface CellsDistillEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
}

/**
 * Block-wise distillation of a supernet of cells (DNA, section 3.2, for cells): each block, a cell, is fed with the teacher's maps
 * before it and learns to imitate those after it; for every batch and block a cell is drawn, of which alone the weights learn.
 * Blocks share nothing: to train them side by side is to train each alone.
 * @param draw A cell of the supernet's mixture.
 * @throws TrainingError when a loss or a weight is not finite, InterruptedError when stopped.
 */
export async function distillCells(
  supernet: PathCellNetwork,
  teacher: CellTeacherMaps,
  draw: (rng: Rng) => CellGraph,
  options: CellsDistillation,
  context: StepContext = {},
): Promise<CellsDistillEpoch[]> {
  const { seed, epochs, learningRate, task } = options;
  const batchSize = Math.min(options.batchSize, teacher.count);
  const steps = Math.floor(teacher.count / batchSize);
  const rng = new Rng(seed).fork("distill-cells");
  return fit<CellsDistillEpoch>({
    task,
    epochs,
    steps,
    modules: { supernet },
    optimizers: { optimizer: { optimizer: adam({}), schedule: cosine({ base: learningRate, total: epochs * steps }) } },
    advice: "Lower the learning rate",
    progress: () => new Progress(context, task, epochs * steps, "batches"),
    epoch: (epoch) => new ImitationEpoch({ supernet, teacher, draw, batchSize }, rng.fork(`epoch${epoch}`)),
  });
}

interface Work {
  readonly supernet: PathCellNetwork;
  readonly teacher: CellTeacherMaps;
  readonly draw: (rng: Rng) => CellGraph;
  readonly batchSize: number;
}

class ImitationEpoch implements EpochWork<CellsDistillEpoch> {
  private readonly order: Uint32Array;
  private readonly paths: Rng;

  constructor(
    private readonly work: Work,
    rng: Rng,
  ) {
    this.order = rng.fork("order").permutation(work.teacher.count);
    this.paths = rng.fork("paths");
  }

  step(index: number): TrainingStep {
    const { supernet, teacher, draw, batchSize } = this.work;
    const places = this.order.subarray(index * batchSize, (index + 1) * batchSize);
    const parameters = supernet.parameters();
    const tensors: tf.Tensor[] = [];
    const passes = Array.from({ length: teacher.blocks }, (_, block) => {
      const batch = teacher.batch(block, places);
      tensors.push(...batch.inputs, batch.target, batch.scale);
      const path = draw(this.paths);
      return {
        parameters,
        loss: () => {
          supernet.take(path);
          return imitationLoss(supernet, block, batch, { mode: "train" });
        },
      };
    });
    return { passes, tensors };
  }

  record({ epoch, loss }: Parameters<EpochWork<CellsDistillEpoch>["record"]>[0]): CellsDistillEpoch {
    return { epoch, loss };
  }
}
