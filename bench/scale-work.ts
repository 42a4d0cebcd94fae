import { built } from "./built";

const { fingerprint } = built<typeof import("../src/core")>("core");
const { loadDataset } = built<typeof import("../src/data")>("data");
const { distillAhead, memoryCheckpoints } = built<typeof import("../src/distill")>("distill");
const { engine } = built<typeof import("../src/engine")>("engine");
const { architecturePreset, dnaCells } = built<typeof import("../src/space")>("space");
const { studentSpace, teacherFeatures, trainTeacher } = built<typeof import("../src/teacher")>("teacher");

/** How much is distilled. */
export interface ScaleOptions {
  readonly images: number;
  readonly epochs: number;
  readonly batchSize: number;
}

/** A distillation of all blocks, and what its cells became. */
export interface Distilled {
  readonly ms: number;
  /** Of all cells' tensors: equal for any number of workers. */
  readonly weights: string;
}

const SEED = 1;
const BLOCKS = 4;

/**
 * The four blocks of the quickstart's teacher, with their features computed: what is left is to distil them, from the start at
 * each call.
 * @returns Distils by so many worker threads.
 */
export async function scaleWork({
  images,
  epochs,
  batchSize,
}: ScaleOptions): Promise<(workers: number) => Promise<Distilled>> {
  engine.use("native", { threads: 1 });
  const data = await loadDataset("fashion-mnist", { seed: SEED, trainCount: images, validationCount: 64 });
  // Whatever it has learnt, imitating it takes the same arithmetic.
  const teacher = await trainTeacher(architecturePreset("efficientnet-b0@28px"), data, { seed: SEED, epochs: 1 });
  const blocks = teacher.split(BLOCKS);
  const cells = blocks.map((block, i) => dnaCells(i, block, block.stride));
  const space = studentSpace(teacher, blocks, { kernels: [3, 5, 7], expansions: [6, 3], cells });
  const features = await teacherFeatures(teacher, blocks, data.train);
  teacher.dispose();
  const options = { seed: SEED, epochs, batchSize, learningRate: 0.005 };
  return async (workers) => {
    const checkpoints = memoryCheckpoints();
    const started = performance.now();
    await distillAhead(space, [...space.blocks.keys()], features, options, { checkpoints, workers });
    const ms = performance.now() - started;
    const states = space.blocks.map((of, block) => of.cells.map((_, cell) => checkpoints.read(block, cell)!.tensors));
    return { ms, weights: fingerprint(states) };
  };
}
