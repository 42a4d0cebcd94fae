import { Rng, ZeroRng } from "../core";
import { tf } from "../engine";
import { blockAt, type SearchSpace } from "../space";
import { CellSupernet } from "./cell-supernet";
import { DISTILL_DEFAULTS, type DistillOptions } from "./distill-options";

/** All candidates of one block: its cells, which share the teacher's features but no weights. */
export class BlockSupernet {
  readonly cells: readonly CellSupernet[];

  /** Builds the cells with weights drawn from the seed, block and cell alone; without a seed, for states to be loaded. */
  constructor(
    readonly space: SearchSpace,
    readonly block: number,
    seed?: number,
    initialWeights?: DistillOptions["initialWeights"],
  ) {
    this.cells = blockAt(space, block).cells.map((_, cell) => buildCell(space, block, cell, seed, initialWeights));
  }

  /** Frees the weights of all cells. */
  dispose(): void {
    for (const cell of this.cells) cell.dispose();
  }
}

/** A cell as it is before any training; without a seed its kernels are zero, for a state to be loaded. */
export function buildCell(
  space: SearchSpace,
  block: number,
  cell: number,
  seed?: number,
  initialWeights: DistillOptions["initialWeights"] = DISTILL_DEFAULTS.initialWeights,
): CellSupernet {
  const rng = seed === undefined ? new ZeroRng() : new Rng(seed).fork(`distill/block${block}/cell${cell}/weights`);
  const built = new CellSupernet(space, block, cell, rng);
  if (seed !== undefined && initialWeights === "fan-in") {
    for (const [name, variable] of built.parameters())
      if (variable.rank > 1) drawByFanIn(name, variable, rng.fork(name));
  }
  return built;
}

/** Uniform values within 1 / sqrt(fan-in) for a kernel `[..., in, out]`, or a depthwise one `[height, width, channels, 1]`. */
function drawByFanIn(name: string, kernel: tf.Variable, rng: Rng): void {
  const fanIn = kernel.size / kernel.shape[name.endsWith("depthwise.kernel") ? 2 : kernel.rank - 1];
  const bound = 1 / Math.sqrt(fanIn);
  const values = Float32Array.from({ length: kernel.size }, () => (2 * rng.uniform() - 1) * bound);
  tf.tidy(() => kernel.assign(tf.tensor(values, kernel.shape)));
}
