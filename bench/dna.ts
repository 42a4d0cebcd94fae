import type { Dataset } from "../src/data";
import type { BlockSupernet, DistillOptions } from "../src/distill";
import type { CandidateRating } from "../src/rate";
import type { SearchSpace } from "../src/space";
import type { FeatureStore, Teacher } from "../src/teacher";
import { built } from "./built";
import { stored } from "./contest";
import { machine, median, round } from "./numbers";
import type { PyTorch, Rivals } from "./pytorch";
import { storedWeights } from "./training";

const { batchValues, loadDataset } = built<typeof import("../src/data")>("data");
const { distillAhead, distillBlock, memoryCheckpoints } = built<typeof import("../src/distill")>("distill");
const { engine } = built<typeof import("../src/engine")>("engine");
const { saveState } = built<typeof import("../src/nn")>("nn");
const { rateBlock, ratedTable, rateNaive } = built<typeof import("../src/rate")>("rate");
const { exactFront } = built<typeof import("../src/search")>("search");
const { architecturePreset, dnaCells, supernetInput, supernetLayers } = built<typeof import("../src/space")>("space");
const { studentSpace, teacherFeatures, trainTeacher } = built<typeof import("../src/teacher")>("teacher");

/** The paper's ops, and cells without adapters as in the released code, which PyTorch's side builds. */
const STUDENT = { kernels: [3, 5, 7], expansions: [6, 3], adapter: false };

/** About a tenth of the images of a quickstart in every step. */
const OPTIONS = {
  trainImages: 1000,
  ratingImages: 64,
  calibrationImages: 32,
  ratingBatch: 64,
  batchSize: 32,
  epochs: 3,
  learningRate: 0.005,
  weightDecay: 1e-4,
};
type Options = typeof OPTIONS & Pick<DnaRequest, "initialWeights">;
const SEED = 1;
const BLOCKS = 4;
const RELEASED = "PyTorch, released";
const CACHED = "PyTorch, cached";
const EQUAL = ", our malloc";
/** Of those that are close: each does a search a round. */
const ROUNDS = 5;

export interface DnaRequest {
  readonly threads: number;
  /** What both sides draw their kernels from, see `DistillOptions`. */
  readonly initialWeights: DistillOptions["initialWeights"];
}

/** Where the time of a search goes, seconds. */
interface Seconds {
  readonly features: number;
  readonly distill: number;
  readonly rate: number;
}

/** One way to do the search, and how good its supernets are. */
export interface Searched {
  readonly seconds: Seconds;
  /** Mean squared error to the teacher in the last epoch, mean over a block's cells, by block. */
  readonly losses: readonly number[];
  /** Best rating of each block. */
  readonly best: readonly number[];
  readonly candidates: number;
}

export interface DnaBench {
  /** Plain PyTorch over ours, medians. */
  readonly speedup: number | null;
  /** PyTorch with cached features and shared rating over ours: median of the rounds' ratios. */
  readonly speedup_vs_cached: number | null;
  /** The same two with our allocator settings for PyTorch. */
  readonly speedup_equal_malloc: number | null;
  readonly speedup_vs_cached_equal_malloc: number | null;
  /** The least and the largest of the rounds' ratios to the cached one. */
  readonly speedup_vs_cached_range: readonly [number, number] | null;
  /** Factors whose product is the speedup, and the share of each in its logarithm. */
  readonly factors: Readonly<Record<string, number>> | null;
  readonly shares: Readonly<Record<string, number>> | null;
  /** Ours over PyTorch's, by block: 1 is equal. */
  readonly quality_losses: readonly number[] | null;
  readonly quality_best_ratings: readonly number[] | null;
  /** Rating by feature sharing against one candidate at a time: six ops, four layers, ours both. */
  readonly sharing_depth_4: number;
  /** Medians. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly runs: Readonly<Record<string, readonly Searched[]>>;
  readonly options: Options;
  readonly threads: number;
  readonly cpu: string;
  /** The width of our kernels. */
  readonly isa?: string;
  readonly torch: string | null;
}

const total = ({ seconds }: Searched) => seconds.features + seconds.distill + seconds.rate;

/**
 * The whole search of the quickstart's space (distil all blocks, rate all candidates, find the front) at a tenth of its
 * images: ours, ours with one block after another, and PyTorch's two.
 */
export async function measureDna(
  rivals: Rivals | undefined,
  { threads, initialWeights }: DnaRequest,
  seen: (line: string) => void,
): Promise<DnaBench> {
  const options: Options = { ...OPTIONS, initialWeights };
  engine.use("native", { threads });
  const data = await loadDataset("fashion-mnist", {
    seed: SEED,
    trainCount: OPTIONS.trainImages,
    validationCount: OPTIONS.ratingImages,
  });
  // PyTorch pads evenly; a teacher of two epochs has features worth imitating.
  const architecture = { ...architecturePreset("efficientnet-b0@28px"), padding: "symmetric" as const };
  const teacher = await trainTeacher(architecture, data, { seed: SEED, epochs: 2 });
  const blocks = teacher.split(BLOCKS);
  const cells = blocks.map((block, i) => dnaCells(i, block, block.stride));
  const space = studentSpace(teacher, blocks, { ...STUDENT, cells });
  const runs: Record<string, Searched[]> = {};
  const keep = async (name: string, running: Promise<Searched>) => {
    const run = await running;
    runs[name] = [...(runs[name] ?? []), run];
    seen(`${name}: ${total(run).toFixed(1)} s ${JSON.stringify(run.seconds)}`);
  };
  // As installed, and with our allocator settings.
  const torches = rivals
    ? [
        { child: rivals.plain, malloc: "" },
        { child: rivals.equal, malloc: EQUAL },
      ]
    : [];
  const cuts = blocks.map(({ lastLayer }) => lastLayer);
  const payload = payloadOf(teacher, data, space, cuts, options);
  for (const { child, malloc } of torches) {
    await child.ask({ do: "set up", task: "dna", payload, layouts: ["nhwc"], threads });
    await keep(RELEASED + malloc, torchSearch(child, "released"));
  }
  await keep("ours, one block after another", ourSearch(teacher, data, space, options, 0));
  // The machine's speed wanders: those that are close take turns. The first of each side starts threads and compiles code.
  await ourSearch(teacher, data, space, options, threads);
  for (const { child } of torches) await torchSearch(child, "cached");
  for (let round = 0; round < ROUNDS; round++) {
    await keep("ours", ourSearch(teacher, data, space, options, threads));
    for (const { child, malloc } of torches) await keep(CACHED + malloc, torchSearch(child, "cached"));
  }
  const sharing = await sharingAtDepthFour(teacher, data);
  teacher.dispose();
  return {
    ...compare(runs),
    sharing_depth_4: sharing,
    runs,
    options,
    threads,
    cpu: machine().cpu,
    isa: engine.info().isa,
    torch: rivals?.version ?? null,
  };
}

type Compared = Omit<DnaBench, "sharing_depth_4" | "runs" | "options" | "threads" | "cpu" | "isa" | "torch">;

function compare(runs: Readonly<Record<string, readonly Searched[]>>): Compared {
  const middle = (of: readonly Searched[]) => median(of.map(total));
  const seconds = Object.fromEntries(Object.entries(runs).map(([name, of]) => [name, round(middle(of), 2)]));
  const [released] = runs[RELEASED] ?? [];
  const cached = runs[CACHED];
  if (!released || !cached) {
    return {
      speedup: null,
      speedup_vs_cached: null,
      speedup_equal_malloc: null,
      speedup_vs_cached_equal_malloc: null,
      speedup_vs_cached_range: null,
      factors: null,
      shares: null,
      quality_losses: null,
      quality_best_ratings: null,
      seconds,
    };
  }
  const ours = middle(runs.ours);
  const sequential = middle(runs["ours, one block after another"]);
  // Between the two: features cached, candidates still rated one by one.
  const naive = median(cached.map((run) => run.seconds.features + run.seconds.distill)) + released.seconds.rate;
  const speedup = total(released) / ours;
  const rounds = (name: string) => runs[name].map((run, round) => total(run) / total(runs.ours[round]));
  const factors = {
    "feature cache": total(released) / naive,
    "shared rating": naive / middle(cached),
    engine: middle(cached) / sequential,
    "parallel blocks": sequential / ours,
  };
  const rounded = (of: Record<string, number>) =>
    Object.fromEntries(Object.entries(of).map(([name, value]) => [name, round(value, 3)]));
  // Every run of a side does the same steps, with the same outcome.
  const ratio = (of: (run: Searched) => readonly number[]) =>
    of(runs.ours[0]).map((value, block) => round(value / of(cached[0])[block], 3));
  return {
    speedup: round(speedup, 2),
    speedup_vs_cached: round(median(rounds(CACHED)), 2),
    speedup_vs_cached_range: [round(Math.min(...rounds(CACHED)), 2), round(Math.max(...rounds(CACHED)), 2)],
    speedup_equal_malloc: round(middle(runs[RELEASED + EQUAL]) / ours, 2),
    speedup_vs_cached_equal_malloc: round(median(rounds(CACHED + EQUAL)), 2),
    factors: rounded(factors),
    shares: rounded(
      Object.fromEntries(Object.entries(factors).map(([name, factor]) => [name, Math.log(factor) / Math.log(speedup)])),
    ),
    quality_losses: ratio(({ losses }) => losses),
    quality_best_ratings: ratio(({ best }) => best),
    seconds,
  };
}

/** Our search, through what `blockwise run` calls. @param workers 0: one cell after another. */
async function ourSearch(
  teacher: Teacher,
  data: Dataset,
  space: SearchSpace,
  given: Options,
  workers: number,
): Promise<Searched> {
  const started = performance.now();
  const blocks = teacher.split(BLOCKS);
  const calibration = await teacherFeatures(teacher, blocks, data.train);
  const rating = await teacherFeatures(teacher, blocks, data.validation);
  const featured = performance.now();
  const checkpoints = memoryCheckpoints();
  const { batchSize, epochs, learningRate, weightDecay, calibrationImages, ratingBatch, initialWeights } = given;
  const options = { seed: SEED, batchSize, epochs, learningRate, weightDecay, initialWeights };
  const indices = [...space.blocks.keys()];
  if (workers > 0) await distillAhead(space, indices, calibration, options, { checkpoints, workers });
  const losses: number[] = [];
  const supernets: BlockSupernet[] = [];
  for (const block of indices) {
    const { supernet, history } = await distillBlock(space, block, calibration, options, { checkpoints, workers: 0 });
    supernets.push(supernet);
    losses.push(history.reduce((sum, cell) => sum + cell[cell.length - 1].loss, 0) / history.length);
  }
  const distilled = performance.now();
  const ratings: CandidateRating[][] = [];
  for (const supernet of supernets) {
    ratings.push(
      await rateBlock(
        supernet,
        { calibration, rating },
        { seed: SEED, calibrationImages, batchSize: ratingBatch },
        { workers },
      ),
    );
    supernet.dispose();
  }
  exactFront(ratedTable(space, ratings));
  for (const store of [calibration, rating]) store.close();
  const since = (from: number, to: number) => round((to - from) / 1000, 3);
  return {
    seconds: {
      features: since(started, featured),
      distill: since(featured, distilled),
      rate: since(distilled, performance.now()),
    },
    losses,
    best: ratings.map((block) => Math.min(...block.map(({ score }) => score))),
    candidates: ratings.reduce((sum, block) => sum + block.length, 0),
  };
}

function torchSearch(child: PyTorch, mode: "cached" | "released"): Promise<Searched> {
  return child.ask<Searched>({ do: "run", layout: "nhwc", arguments: { mode } });
}

function payloadOf(
  teacher: Teacher,
  data: Dataset,
  space: SearchSpace,
  cuts: readonly number[],
  options: Options,
): object {
  const { height, width, channels } = data.shape;
  const all = (split: Dataset["train"]) => {
    const indices = Array.from({ length: split.count }, (_, i) => i);
    return stored({
      shape: [split.count, height, width, channels],
      data: batchValues(split, indices, data.shape, data.preprocessing),
    });
  };
  return {
    options,
    teacher: teacher.architecture,
    weights: storedWeights(saveState(teacher.network)),
    cuts,
    epsilon: space.batchNormEpsilon,
    train: all(data.train),
    rating: all(data.validation),
    cells: space.blocks.map(({ cells }, block) =>
      cells.map((_, cell) => ({
        stem: block === 0 ? space.stem : [],
        channels: block === 0 ? space.input.channels : supernetInput(space, block).channels,
        layers: supernetLayers(space, block, cell),
      })),
    ),
  };
}

/**
 * Naive over shared rating, for one cell of four layers and six ops in the place of the teacher's second block, 14x14 to
 * 7x7. Both in this thread with one engine thread; median of ratios to the mean of the shared ratings before and after.
 */
async function sharingAtDepthFour(teacher: Teacher, data: Dataset): Promise<number> {
  const blocks = teacher.split(BLOCKS);
  const cells = blocks.map(({ output }) => [{ depth: 4, width: output.channels }]);
  const space = studentSpace(teacher, blocks, { ...STUDENT, cells });
  const store: FeatureStore = await teacherFeatures(teacher, blocks, data.validation);
  const features = { calibration: store, rating: store };
  const options = { seed: SEED, calibrationImages: 64, batchSize: 64 };
  const { supernet } = await distillBlock(space, 1, store, { seed: SEED, epochs: 1 }, { workers: 0 });
  const { threads } = engine.info();
  engine.setThreads(1);
  const timed = async (rate: () => unknown) => {
    const started = performance.now();
    await rate();
    return performance.now() - started;
  };
  const sharing = () => timed(() => rateBlock(supernet, features, options, { workers: 0 }));
  const ratios: number[] = [];
  let before = await sharing();
  for (let round = 0; round < ROUNDS; round++) {
    const naive = await timed(() => rateNaive(supernet, features, options));
    const after = await sharing();
    ratios.push((2 * naive) / (before + after));
    before = after;
  }
  engine.setThreads(threads);
  supernet.dispose();
  store.close();
  return round(median(ratios), 2);
}
