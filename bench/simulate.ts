import { readFileSync } from "node:fs";
import { join } from "node:path";
import { layerCost, meanPathMacs, networkCost, stemCost } from "../src/cost";
import { dnaSpace, efficientNets, layerOutput, type SearchSpace, supernetInput, supernetLayers } from "../src/space";

/** DNA's setting on ImageNet (Li et al., CVPR 2020, and its released code). */
export const SETTING = {
  /** 1,281,167 without the 50,000 that candidates are rated on. */
  images: 1_231_167,
  /** Of each cell. */
  epochs: 20,
  /** 19 batches of 64 a candidate. */
  ratingImages: 1216,
} as const;

/** What was not measured, and is said to be assumed wherever it is used. */
export const ASSUMED = {
  /** Of the store to all workers together: 10 Gbit/s. */
  storeBytesPerSecond: 1.25e9,
  redisCommandsPerSecond: 50_000,
  /** Notes go at most every 100 ms (`queue/note-sender.ts`); worker and caller need six commands for each sending. */
  redisCommandsPerBusyWorker: 60,
} as const;

export const WORKERS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] as const;

/** Work in operations done in a second by one thread of the engine (two a multiply-add), from the rows of `bench/README.md`. */
export interface Rates {
  /** Training where maps are 56 pixels wide; narrower ones; a forward pass. */
  readonly wide: number;
  readonly narrow: number;
  readonly forward: number;
}

const ROWS = {
  wide: "MBConv 56x56x24 k5 batch 32",
  narrow: "MBConv 14x14x112 k5 batch 64",
  forward: "inference nas-bench-macro/11111111 batch 100",
} as const satisfies Record<keyof Rates, string>;

/** The rates of one thread as they were measured last. */
export function measuredRates(): Rates {
  const text = readFileSync(join(__dirname, "README.md"), "utf8");
  const of = (row: string) => {
    // The first table is of one thread.
    const cells = text
      .split("\n")
      .find((line) => line.startsWith(`| ${row} `))
      ?.split("|")
      .map((cell) => cell.trim());
    const [ms, gflop] = [Number(cells?.[2]), Number(cells?.[7])];
    if (!(ms > 0 && gflop > 0))
      throw new Error(`bench/README.md must have the row ${JSON.stringify(row)} with its times`);
    return (gflop * 1e9) / (ms / 1e3);
  };
  return { wide: of(ROWS.wide), narrow: of(ROWS.narrow), forward: of(ROWS.forward) };
}

export interface SimulatedBlock {
  /** Multiply-adds of the teacher from the image to this block's target, for one image. */
  readonly prefixMacs: number;
  /** Multiply-adds of a path's forward pass, the mean, by cell. */
  readonly cellMacs: readonly number[];
  /** Of one thread, by cell, in seconds; features are there. */
  readonly cellSeconds: readonly number[];
  /** Of what a cell is fed with and imitates, for all images, in float32; block 1 is fed with pictures of one byte a value. */
  readonly featureBytes: number;
  /** Above so many bytes a second and worker, reading features is faster than computing them again. */
  readonly breakEvenBytesPerSecond: number;
}

export interface SimulatedRun {
  readonly workers: number;
  /** In seconds. The teacher's pass is the coordinator's alone, as it is today; cells are the smallest tasks. */
  readonly teacher: number;
  readonly transfer: number;
  readonly distil: number;
  readonly rate: number;
  readonly total: number;
  /** If the teacher's pass were tasks as well. */
  readonly dividedTeacherTotal: number;
  /** If each cell computed the teacher's features at every step, as the released code does. */
  readonly recomputingTotal: number;
}

export interface Simulation {
  readonly rates: Rates;
  readonly blocks: readonly SimulatedBlock[];
  /** All features of all images once, in bytes. */
  readonly allFeatureBytes: number;
  /** Teacher passes over all images: one for the cache, and in all cells' epochs without it, in multiply-adds. */
  readonly cachedTeacherMacs: number;
  readonly recomputedTeacherMacs: number;
  readonly runs: readonly SimulatedRun[];
  /** Tasks of distillation; more workers wait. */
  readonly cells: number;
  /** Workers that one Redis serves. */
  readonly redisWorkers: number;
  /** What one worker that distils reads, were features read from the store at every step, at most. */
  readonly readBytesPerSecond: number;
}

/** Greedy: the longest first, each to whoever is free first, as the queue does it. In seconds. */
export function makespan(tasks: readonly number[], workers: number): number {
  const busy = new Array<number>(workers).fill(0);
  for (const task of [...tasks].sort((a, b) => b - a)) busy[busy.indexOf(Math.min(...busy))] += task;
  return Math.max(...busy);
}

/** DNA's search on 1 to 512 workers of one thread each. Deterministic. */
export function simulate(rates: Rates = measuredRates()): Simulation {
  const { images, epochs } = SETTING;
  const space = dnaSpace();
  const prefixes = teacherPrefixes();
  const rateOf = (block: number) => (block < 2 ? rates.wide : rates.narrow);
  const blocks = space.blocks.map(({ cells, input, output }, block): SimulatedBlock => {
    const cellMacs = cells.map((_, cell) => meanPathMacs(space, block, cell));
    const perImage = values(input) * (block === 0 ? 1 : 4) + values(output) * 4;
    return {
      prefixMacs: prefixes[block],
      cellMacs,
      // A step is three passes of two operations a multiply-add.
      cellSeconds: cellMacs.map((macs) => (6 * macs * images * epochs) / rateOf(block)),
      featureBytes: perImage * images,
      breakEvenBytesPerSecond: perImage / ((2 * prefixes[block]) / rates.forward),
    };
  });
  const allFeatureBytes = space.blocks.reduce((sum, { output }) => sum + 4 * values(output) * images, 0);
  const cachedTeacherMacs = Math.max(...prefixes) * images;
  const teacher = (2 * cachedTeacherMacs) / rates.forward;
  const cellTasks = blocks.flatMap(({ cellSeconds }) => cellSeconds);
  const recomputing = blocks.flatMap(({ cellSeconds, prefixMacs }) =>
    cellSeconds.map((seconds) => seconds + (2 * prefixMacs * images * epochs) / rates.forward),
  );
  // Written once, read by each cell's worker once and kept there.
  const moved =
    allFeatureBytes + blocks.reduce((sum, { featureBytes, cellMacs }) => sum + featureBytes * cellMacs.length, 0);
  const transfer = moved / ASSUMED.storeBytesPerSecond;
  const runs = WORKERS.map((workers): SimulatedRun => {
    const distil = makespan(cellTasks, workers);
    const rate = ratingTasks(space, rates).reduce((sum, tasks) => sum + makespan(tasks, workers), 0);
    const after = transfer + distil + rate;
    return {
      workers,
      teacher,
      transfer,
      distil,
      rate,
      total: teacher + after,
      dividedTeacherTotal: teacher / workers + after,
      recomputingTotal: makespan(recomputing, workers) + rate,
    };
  });
  return {
    rates,
    blocks,
    allFeatureBytes,
    cachedTeacherMacs,
    recomputedTeacherMacs:
      blocks.reduce((sum, { prefixMacs, cellMacs }) => sum + prefixMacs * cellMacs.length, 0) * images * epochs,
    runs,
    cells: cellTasks.length,
    redisWorkers: Math.floor(ASSUMED.redisCommandsPerSecond / ASSUMED.redisCommandsPerBusyWorker),
    readBytesPerSecond: Math.max(
      ...blocks.flatMap(({ featureBytes, cellSeconds }) =>
        cellSeconds.map((seconds) => (featureBytes * epochs) / seconds),
      ),
    ),
  };
}

const values = ({ height, width, channels }: { height: number; width: number; channels: number }) =>
  height * width * channels;

/** EfficientNet-B7 at 224 pixels: multiply-adds up to each block's target. Its first stage and stem are before block 1's. */
function teacherPrefixes(): number[] {
  const b7 = efficientNets()[7];
  const { layers } = networkCost(b7, { height: 224, width: 224, channels: 3 });
  return b7.blocks.slice(1).map((_, block) => {
    const last = block + 1;
    const before = layers.filter(
      ({ name }) => name.startsWith("stem.") || Number(/^block(\d+)\./.exec(name)?.[1]) <= last,
    );
    return before.reduce((sum, { macs }) => sum + macs, 0);
  });
}

/** Seconds of the parts of each block's rating, block by block: a part has all candidates with one first op. */
function ratingTasks(space: SearchSpace, { forward }: Rates): number[][] {
  return space.blocks.map(({ cells }, block) =>
    cells.flatMap((_, cell) => {
      const layers = supernetLayers(space, block, cell);
      let shape = supernetInput(space, block);
      let nodes = 1;
      let macs = block === 0 ? stemCost(space).macs : 0;
      for (const ops of layers) {
        // Every prefix of ops is computed once; all ops of a layer at each.
        macs += nodes * ops.reduce((sum, op) => sum + layerCost(op, shape).macs, 0);
        nodes *= ops.length;
        shape = layerOutput(ops[0], shape);
      }
      const parts = layers[0].length;
      // Once to calibrate batch norms, once to rate.
      return new Array<number>(parts).fill((2 * 2 * macs * SETTING.ratingImages) / forward / parts);
    }),
  );
}
