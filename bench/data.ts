import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { Rng } from "../src/core";
import { type Augmentation, batchValues, type Dataset, imageFolder, loadDataset, registerDataset } from "../src/data";
import { Network } from "../src/nn";
import { architecturePreset } from "../src/space";
import { trainClassifier } from "../src/train";
import { machine, median, round } from "./numbers";

/** All in images a second. */
export interface SizeResult {
  readonly side: number;
  /** From JPEG files to bytes of the size, which are kept: once for a data set. */
  readonly decoded: number;
  /** By the usual recipe of ImageNet, on the thread that trains. */
  readonly augmented: number;
  /** The same of images that stay in a file. */
  readonly streamed: number;
  /** Learnt from by the smallest teacher of the package at this size, images as they are. */
  readonly trained: number;
  /** How many images are augmented in the time that the engine needs for one. */
  readonly feeds: number;
}

export interface DataBench {
  readonly pictures: number;
  readonly augmentation: Augmentation;
  readonly network: string;
  readonly sizes: readonly SizeResult[];
  /** Whether augmenting is faster than training at every size. */
  readonly feedsEngine: boolean;
  readonly cpu: string;
  readonly cores: number;
  readonly load: number;
}

const AUGMENTATION: Augmentation = {
  crop: {},
  flip: true,
  jitter: { brightness: 0.4, contrast: 0.4 },
  randAugment: {},
  erase: {},
};
const NETWORK = "resnet18";
const BATCH = 32;

/** Decodes, augments and trains on pictures of noise and edges that are made here. */
export async function measureData(options: {
  readonly sides: readonly number[];
  readonly pictures: number;
  readonly rounds: number;
}): Promise<DataBench> {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-bench-data-"));
  const before = process.env.BLOCKWISE_CACHE;
  try {
    const sizes: SizeResult[] = [];
    for (const side of options.sides) sizes.push(await measureSize(folder, side, options));
    const feedsEngine = sizes.every(({ feeds }) => feeds > 1);
    const { pictures } = options;
    return { pictures, augmentation: AUGMENTATION, network: NETWORK, sizes, feedsEngine, ...machine() };
  } finally {
    if (before === undefined) delete process.env.BLOCKWISE_CACHE;
    else process.env.BLOCKWISE_CACHE = before;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureSize(
  folder: string,
  side: number,
  { pictures, rounds }: { readonly pictures: number; readonly rounds: number },
): Promise<SizeResult> {
  const root = join(folder, `side${side}`);
  await writePictures(root, side, pictures);
  const name = `bench-data-${side}`;
  registerDataset(name, imageFolder(name));
  const load = (cache: string, memory?: number): Promise<Dataset> => {
    process.env.BLOCKWISE_CACHE = join(folder, cache);
    return loadDataset(name, { root, seed: 1, shape: side, memory }, { onWarning: () => {} });
  };
  const decoded = await perSecond(rounds, pictures, (round) => load(`cache${side}-${round}`));
  const data = await load(`cache${side}-0`);
  const stored = await load(`cache${side}-stored`, 1);
  const augment = (from: Dataset) =>
    perSecond(rounds, from.train.count, async (round) => {
      for (let at = 0; at < from.train.count; at += BATCH) {
        const indices = Uint32Array.from({ length: Math.min(BATCH, from.train.count - at) }, (_, i) => at + i);
        const rng = new Rng(round).fork(`batch${at}`);
        batchValues(from.train, indices, from.shape, from.preprocessing, { ...AUGMENTATION, rng });
      }
    });
  const [augmented, streamed] = [await augment(data), await augment(stored)];
  const trained = await trainingPace(data);
  return { side, decoded, augmented, streamed, trained, feeds: round(augmented / trained) };
}

async function trainingPace(data: Dataset): Promise<number> {
  const architecture = { ...architecturePreset(NETWORK), input: data.shape, classes: data.classes.length };
  const network = new Network(architecture, new Rng(1));
  try {
    const { epochs } = await trainClassifier(network, data, {
      seed: 1,
      epochs: 2,
      batchSize: BATCH,
      learningRate: 0.01,
    });
    // The first epoch pays for the start.
    const steps = Math.floor(data.train.count / BATCH);
    return Math.round((1000 * steps * BATCH) / epochs[1].durationMs);
  } finally {
    network.dispose();
  }
}

/** The median of some rounds. */
async function perSecond(rounds: number, images: number, work: (round: number) => Promise<unknown>): Promise<number> {
  const paces: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const started = performance.now();
    await work(i);
    paces.push((1000 * images) / (performance.now() - started));
  }
  return Math.round(median(paces));
}

/** JPEG pictures half as large again as they are asked for, of two classes. */
async function writePictures(root: string, side: number, pictures: number): Promise<void> {
  const rng = new Rng(side);
  const size = Math.round(1.5 * side);
  for (let i = 0; i < pictures; i++) {
    const folder = join(root, i % 2 ? "odd" : "even");
    mkdirSync(folder, { recursive: true });
    const values = Uint8Array.from({ length: size * size * 3 }, (_, at) => ((at * (i + 1)) / 40 + rng.int(40)) % 256);
    const raw = { width: size, height: size, channels: 3 } as const;
    await sharp(values, { raw })
      .jpeg({ quality: 90 })
      .toFile(join(folder, `${i}.jpg`));
  }
}
