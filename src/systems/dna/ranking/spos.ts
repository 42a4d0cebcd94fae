import { existsSync } from "node:fs";
import { breathe, Progress, Rng, readJson, type StepContext, writeJson } from "../../../core";
import { batchValues, type Dataset, epochOrder, loadDataset, takeBatch } from "../../../data";
import { CellSupernet, uniformSampler } from "../../../distill";
import { fused, tf } from "../../../engine";
import { ConvNorm, cosine, type ForwardContext, linearKernel, lossAndGradients, Module, sgd } from "../../../nn";
import { type ConvLayer, nasBenchMacroSpace, type SearchSpace } from "../../../space";
import { drawImages } from "../steps";
import type { Provenance } from "./provenance";
import type { RatingJob } from "./study-config";

/** Ratings of whole networks by one weight-sharing supernet: a sample of the space. */
export interface SposRatings {
  readonly study: string;
  readonly seed: number;
  /** Validation cross-entropy by key; lower is better. */
  readonly scores: Readonly<Record<string, number>>;
  readonly trainMs: number;
  readonly rateMs: number;
  readonly epochs: number;
  readonly images: number;
  readonly provenance: Provenance;
}

export interface SposOptions {
  readonly result: string;
  /** Passes over the distillation's images: as many as take the same time as all blocks' distillation. */
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Validation images that a network is rated on, and training images that calibrate its batch norms. */
  readonly ratingImages: number;
  readonly calibrationImages: number;
  /** Networks to rate. */
  readonly keys: readonly string[];
  /** The images, see `cifar10`; the usual places when undefined. */
  readonly images: string | undefined;
  readonly provenance: () => Provenance;
}

/** The whole network space as one supernet with a classifier on top. */
class GlobalSupernet extends Module {
  readonly cell: CellSupernet;
  private readonly head: ConvNorm;
  private readonly kernel: tf.Variable<tf.Rank.R2>;
  private readonly bias: tf.Variable<tf.Rank.R1>;

  constructor(space: SearchSpace, rng: Rng) {
    super();
    this.cell = this.child("cell", new CellSupernet(space, 0, 0, rng.fork("cell")));
    const [head] = space.head as [ConvLayer];
    const { channels } = space.blocks[0].output;
    this.head = this.child("head", new ConvNorm(head, channels, space, rng.fork("head")));
    this.kernel = this.parameter("kernel", linearKernel(head.outChannels, space.classes, rng.fork("classifier")));
    this.bias = this.parameter("bias", tf.zeros<tf.Rank.R1>([space.classes]));
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return x.clone();
  }

  logits(x: tf.Tensor4D, path: readonly number[], mode: ForwardContext["mode"]): tf.Tensor2D {
    return tf.tidy(() => {
      const map = this.head.forward(this.cell.forward(x, { mode, path }), { mode });
      return tf.add(tf.matMul(tf.mean(map, [1, 2]) as tf.Tensor2D, this.kernel), this.bias) as tf.Tensor2D;
    });
  }

  used(path: readonly number[]): Map<string, tf.Variable> {
    const own = [...this.parameters()].filter(([name]) => !name.startsWith("cell."));
    const cell = [...this.cell.pathParameters(path)].map(([name, variable]) => [`cell.${name}`, variable] as const);
    return new Map([...own, ...cell]);
  }
}

/**
 * Single Path One-Shot (Guo et al., ECCV 2020): one global supernet trained on the labels, a uniformly drawn path a batch;
 * a network is rated by its cross-entropy on validation images after its batch norms are recalibrated.
 */
export async function rateBySpos(
  { study, seed, teacherSeed, experiment }: RatingJob,
  options: SposOptions,
  context: StepContext,
): Promise<SposRatings> {
  if (existsSync(options.result)) return readJson(options.result) as SposRatings;
  const data = await loadDataset(
    experiment.data.name,
    { ...experiment.data, root: options.images, seed: teacherSeed },
    context,
  );
  const space = nasBenchMacroSpace([]);
  const rng = new Rng(seed).fork("spos");
  const supernet = new GlobalSupernet(space, rng.fork("weights"));
  try {
    const started = performance.now();
    const { images } = experiment.distill;
    await train(supernet, data, options, { images, seed }, rng, context);
    const trained = performance.now();
    const scores = await rate(supernet, data, options, rng, context);
    const ratings: SposRatings = {
      study,
      seed,
      scores,
      trainMs: Math.round(trained - started),
      rateMs: Math.round(performance.now() - trained),
      epochs: options.epochs,
      images: Math.min(images, data.train.count),
      provenance: options.provenance(),
    };
    writeJson(options.result, ratings);
    return ratings;
  } finally {
    supernet.dispose();
  }
}

async function train(
  supernet: GlobalSupernet,
  data: Dataset,
  { epochs, batchSize, learningRate }: SposOptions,
  { images, seed }: { readonly images: number; readonly seed: number },
  rng: Rng,
  context: StepContext,
): Promise<void> {
  // The same images as the blocks' distillation.
  const drawn =
    drawImages(data.train, images, seed, "distill") ?? Uint32Array.from({ length: data.train.count }, (_, i) => i);
  const steps = Math.floor(drawn.length / batchSize);
  const schedule = cosine({ base: learningRate, total: epochs * steps, warmup: Math.round(steps / 2) });
  const progress = new Progress(context, "train global supernet (SPOS)", epochs * steps, "batches");
  const optimizer = sgd({ momentum: 0.9, weightDecay: 5e-4, nesterov: true });
  try {
    for (let epoch = 0; epoch < epochs; epoch++) {
      const draws = rng.fork(`epoch${epoch}`);
      const order = epochOrder(drawn.length, draws.fork("order")).map((i) => drawn[i]);
      const paths = draws.fork("paths");
      let lossSum = 0;
      for (let i = 0; i < steps; i++) {
        const [path] = uniformSampler.round(supernet.cell, paths);
        const batch = takeBatch(data.train, order.subarray(i * batchSize, (i + 1) * batchSize), data, {
          flip: true,
          rng: draws.fork(`augment${i}`),
        });
        const used = supernet.used(path);
        const { loss, gradients } = lossAndGradients(
          () => fused.softmaxCrossEntropy(supernet.logits(batch.images, path, "batch"), batch.labels, { smoothing: 0 }),
          used,
        );
        optimizer.step(gradients, used, schedule(epoch * steps + i));
        lossSum += loss.dataSync()[0];
        tf.dispose([batch.images, batch.labels, loss, ...gradients.values()]);
        progress.advance(1, { epoch: epoch + 1, loss: lossSum / (i + 1) });
        await breathe();
      }
    }
  } finally {
    optimizer.dispose();
  }
}

async function rate(
  supernet: GlobalSupernet,
  data: Dataset,
  { keys, ratingImages, calibrationImages }: SposOptions,
  rng: Rng,
  context: StepContext,
): Promise<Record<string, number>> {
  const images = (split: Dataset["train"], count: number, name: string) => {
    const indices = rng.fork(name).permutation(split.count).subarray(0, count);
    const { height, width, channels } = data.shape;
    const values = batchValues(split, indices, data.shape, data.preprocessing);
    return { indices, x: tf.tensor4d(values, [indices.length, height, width, channels]) };
  };
  const calibration = images(data.train, calibrationImages, "calibration");
  const validation = images(data.validation, ratingImages, "validation");
  const labels = tf.tensor1d(
    Int32Array.from(validation.indices, (i) => data.validation.labels[i]),
    "int32",
  );
  const progress = new Progress(context, "rate networks (SPOS)", keys.length, "networks");
  const scores: Record<string, number> = {};
  try {
    for (const key of keys) {
      const path = [...key].map(Number);
      supernet.logits(calibration.x, path, "recalibrate").dispose();
      scores[key] = tf.tidy(
        () =>
          fused
            .softmaxCrossEntropy(supernet.logits(validation.x, path, "eval"), labels, { smoothing: 0 })
            .dataSync()[0],
      );
      progress.advance();
      await breathe();
    }
    return scores;
  } finally {
    tf.dispose([calibration.x, validation.x, labels]);
  }
}
