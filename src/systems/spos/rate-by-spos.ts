import { existsSync, rmSync } from "node:fs";
import { z } from "zod";
import { breathe, fingerprint as fingerprintOf, Progress, Rng, type StepContext, writeJson } from "../../core";
import { batchValues, type Dataset, epochOrder, loadDataset, takeBatch } from "../../data";
import { drawImages } from "../../data/draw-images";
import { uniformSampler } from "../../distill";
import { fused, tf } from "../../engine";
import { cosine, sgd } from "../../nn";
import { nasBenchMacroSpace } from "../../space";
import type { Provenance } from "../../study";
import { type EpochTotals, type EpochWork, fit, stateFile, type TrainingStep, trainingState } from "../../train";
import type { ExperimentConfig } from "../dna/config";
import { GlobalSupernet } from "./global-supernet";
import { readSposRatings, type SposRatings } from "./ratings-file";

/** What the supernet is trained on: the images of an experiment, divided by the teacher's seed. */
export interface SposWork {
  readonly study: string;
  readonly seed: number;
  readonly teacherSeed: number;
  readonly experiment: Pick<ExperimentConfig, "data"> & {
    readonly distill: Pick<ExperimentConfig["distill"], "images">;
  };
}

export interface SposOptions {
  readonly result: string;
  /** File of the state after each epoch; it is read when there, and removed in the end. */
  readonly checkpoint: string;
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

/**
 * Single Path One-Shot (Guo et al., ECCV 2020): one global supernet trained on the labels, a uniformly drawn path a batch;
 * a network is rated by its cross-entropy on validation images after its batch norms are recalibrated.
 */
export async function rateBySpos(
  { study, seed, teacherSeed, experiment }: SposWork,
  options: SposOptions,
  context: StepContext,
): Promise<SposRatings> {
  if (existsSync(options.result)) return readSposRatings(options.result);
  const { name: dataset, ...division } = experiment.data;
  const data = await loadDataset(
    dataset,
    { ...division, ...(options.images && { root: options.images }), seed: teacherSeed },
    context,
  );
  const space = nasBenchMacroSpace([]);
  const rng = new Rng(seed).fork("spos");
  const supernet = new GlobalSupernet(space, rng.fork("weights"));
  try {
    const { images } = experiment.distill;
    const { epochs, batchSize, learningRate } = options;
    const fingerprint = fingerprintOf({ seed, images, epochs, batchSize, learningRate, data: data.fingerprint });
    const trainMs = await train(supernet, data, options, { images, seed, fingerprint }, rng, context);
    const trained = performance.now();
    const scores = await rate(supernet, data, options, rng, context);
    const ratings: SposRatings = {
      study,
      seed,
      scores,
      trainMs: Math.round(trainMs),
      rateMs: Math.round(performance.now() - trained),
      epochs: options.epochs,
      images: Math.min(images, data.train.count),
      provenance: options.provenance(),
    };
    writeJson(options.result, ratings);
    rmSync(options.checkpoint, { force: true });
    return ratings;
  } finally {
    supernet.dispose();
  }
}

/** @returns Milliseconds of all epochs, those before an interruption included. */
async function train(
  supernet: GlobalSupernet,
  data: Dataset,
  { epochs, batchSize, learningRate, checkpoint }: SposOptions,
  { images, seed, fingerprint }: { readonly images: number; readonly seed: number; readonly fingerprint: string },
  rng: Rng,
  context: StepContext,
): Promise<number> {
  // The same images as the blocks' distillation.
  const drawn =
    drawImages(data.train, images, seed, "distill") ?? Uint32Array.from({ length: data.train.count }, (_, i) => i);
  const steps = Math.floor(drawn.length / batchSize);
  const schedule = cosine({ base: learningRate, total: epochs * steps, warmup: Math.round(steps / 2) });
  const durationsMs = await fit({
    task: "train global supernet (SPOS)",
    epochs,
    steps,
    modules: { network: supernet },
    optimizers: {
      optimizer: { optimizer: sgd({ momentum: 0.9, weightDecay: 5e-4, nesterov: true }), schedule },
    },
    states: stateFile(checkpoint, trainingState(z.number()), context),
    fingerprint,
    advice: "Lower the learning rate",
    progress: (done) => new Progress(context, "train global supernet (SPOS)", epochs * steps, "batches", done),
    epoch: (epoch) => new SposEpoch(supernet, data, drawn, batchSize, rng.fork(`epoch${epoch}`)),
  });
  return durationsMs.reduce((sum, ms) => sum + ms, 0);
}

/** An epoch is kept as the milliseconds that it took. */
class SposEpoch implements EpochWork<number> {
  private readonly order: Uint32Array;
  private readonly nextRound: () => (readonly number[])[];

  constructor(
    private readonly supernet: GlobalSupernet,
    private readonly data: Dataset,
    drawn: Uint32Array,
    private readonly batchSize: number,
    private readonly rng: Rng,
  ) {
    this.order = epochOrder(drawn.length, rng.fork("order")).map((i) => drawn[i]);
    this.nextRound = uniformSampler.rounds(supernet.cell, rng.fork("paths"));
  }

  step(index: number): TrainingStep {
    const { supernet, data, batchSize } = this;
    const [path] = this.nextRound();
    const indices = this.order.subarray(index * batchSize, (index + 1) * batchSize);
    const { images, labels } = takeBatch(data.train, indices, data, {
      flip: true,
      rng: this.rng.fork(`augment${index}`),
    });
    const loss = () => fused.softmaxCrossEntropy(supernet.logits(images, path, "batch"), labels, { smoothing: 0 });
    return { passes: [{ parameters: supernet.used(path), loss }], tensors: [images, labels] };
  }

  resume(steps: number): void {
    for (let i = 0; i < steps; i++) this.nextRound();
  }

  record({ durationMs }: EpochTotals): number {
    return durationMs;
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
