import { join } from "node:path";
import { z } from "zod";
import {
  ConfigError,
  checkOptions,
  fingerprint,
  makeFolder,
  type OptionRules,
  Progress,
  Rng,
  rule,
  type StepContext,
} from "../core";
import {
  AUGMENTATION_RULES,
  type Augmentation,
  checkAugmentation,
  epochOrder,
  imageSize,
  readAhead,
  splitFingerprint,
  takeBatch,
} from "../data";
import { fused, type tf } from "../engine";
import { type ArcFace, clipped, cosine, saveState, sgd, writeSafetensors } from "../nn";
import type { EmbeddingTeacher } from "./embedding-teacher";
import { type EpochWork, fit, type TrainingPass, type TrainingStep } from "./fit";
import { embeddingDistance, mixedLoss } from "./losses";
import { stateFile } from "./state-file";
import type { TrainableClassifier } from "./train-classifier";
import { type TrainingData, trainingState } from "./training-checkpoint";

export interface EmbeddingOptions {
  /** Decides order and augmentation. */
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Peak of the schedule: linear warm-up, then half a cosine to 0. */
  readonly learningRate: number;
  /** May be a fraction of an epoch. */
  readonly warmupEpochs: number;
  readonly momentum: number;
  /** L2 penalty; kernels and identities only. */
  readonly weightDecay: number;
  /** Longest gradient of all parameters together. */
  readonly clip: number;
  readonly augment: Augmentation;
  readonly teacher?: EmbeddingTeacher;
  /** Folder for the network as it is after each epoch, see {@link epochFile}: what multi-step distillation learns from. */
  readonly keepEpochs?: string;
  /** File to keep the last complete epoch in; a training that finds it there goes on from it. */
  readonly checkpoint?: string;
  /** What progress is reported as. */
  readonly task: string;
}

/** PocketNet's optimizer; its rate falls by steps there, over 26 epochs. */
export const EMBEDDING_DEFAULTS: Omit<EmbeddingOptions, "seed" | "epochs"> = {
  batchSize: 64,
  learningRate: 0.1,
  warmupEpochs: 0.5,
  momentum: 0.9,
  weightDecay: 5e-4,
  clip: 5,
  augment: {},
  task: "train embedding",
};

const RULES: OptionRules<EmbeddingOptions> = {
  seed: rule.whole,
  epochs: rule.wholeFrom(1),
  batchSize: rule.wholeFrom(2),
  learningRate: rule.above(0),
  warmupEpochs: rule.from(0),
  momentum: rule.below(0, 1),
  weightDecay: rule.from(0),
  clip: rule.above(0),
  augment: rule.options<Augmentation>(AUGMENTATION_RULES),
  teacher: rule.options<EmbeddingTeacher>({
    name: rule.text,
    weight: rule.above(0),
    plainImages: rule.boolean,
    at: rule.any,
  }),
  keepEpochs: rule.text,
  checkpoint: rule.text,
  task: rule.text,
};

/** What one epoch did; means over its batches. */
export interface EmbeddingEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  /** ArcFace's cross-entropy in nats. */
  readonly identityLoss: number;
  /** Mean squared difference, a component, to the teacher's embeddings of this epoch; absent without a teacher. */
  readonly distance?: number;
  /** At the epoch's last step. */
  readonly learningRate: number;
  readonly durationMs: number;
}

const epochSchema: z.ZodType<EmbeddingEpoch> = z.object({
  epoch: z.number(),
  loss: z.number(),
  identityLoss: z.number(),
  distance: z.number().optional(),
  learningRate: z.number(),
  durationMs: z.number(),
});

/** The file in which a network is kept after an epoch, from 1. */
export function epochFile(folder: string, epoch: number): string {
  return join(folder, `epoch${epoch}.safetensors`);
}

/**
 * Trains a network to embed faces: by ArcFace on identities and, with a teacher, by the distance to its embeddings. The last,
 * incomplete batch of an epoch is left out. A training that was killed and finds its checkpoint ends with the same numbers.
 * @param network Its `logits` are the features.
 * @param head The identities' directions, which learn with it.
 * @throws ConfigError when an option is not known or cannot be, or images are augmented that a teacher does not know.
 * @throws TrainingError when the loss or a parameter is not finite; InterruptedError when stopped.
 */
export async function trainEmbedding(
  network: TrainableClassifier,
  head: ArcFace,
  data: Pick<TrainingData, "train" | "shape" | "preprocessing" | "classes">,
  given: Partial<EmbeddingOptions> & Pick<EmbeddingOptions, "seed" | "epochs">,
  context: StepContext = {},
): Promise<EmbeddingEpoch[]> {
  const options = resolved(given, head, data);
  const { task, epochs, seed, momentum, weightDecay, clip, checkpoint } = options;
  const steps = Math.max(1, Math.floor(data.train.count / options.batchSize));
  checkAugmentation(options.augment, data.shape, task);
  const total = epochs * steps;
  const rng = new Rng(seed).fork("embedding");
  return fit({
    task,
    epochs,
    steps,
    modules: { network, head },
    optimizers: {
      optimizer: {
        optimizer: clipped(sgd({ momentum, weightDecay }), clip),
        schedule: cosine({ base: options.learningRate, total, warmup: Math.round(options.warmupEpochs * steps) }),
      },
    },
    ...(checkpoint !== undefined && {
      states: stateFile(checkpoint, trainingState(epochSchema), context),
      fingerprint: trainingName(network, head, data, options),
    }),
    advice: "Lower the learning rate or lengthen the warm-up",
    progress: (done) => new Progress(context, task, total, "batches", done),
    epoch: (epoch) => new EmbeddingWork({ network, head, data, options }, epoch, rng.fork(`epoch${epoch}`)),
  });
}

function resolved(
  given: Partial<EmbeddingOptions> & Pick<EmbeddingOptions, "seed" | "epochs">,
  head: ArcFace,
  { classes }: Pick<TrainingData, "classes">,
): EmbeddingOptions {
  const task = typeof given?.task === "string" ? given.task : EMBEDDING_DEFAULTS.task;
  checkOptions(task, given, RULES);
  const { seed = null, epochs = null } = given;
  checkOptions(task, { seed, epochs }, { seed: RULES.seed, epochs: RULES.epochs });
  if (given.augment?.mixup !== undefined) {
    throw new ConfigError(`${task}: augment must come without mixup, for a mixed face has no identity; leave it out`);
  }
  if (given.teacher?.plainImages && Object.keys(given.augment ?? {}).length > 0) {
    throw new ConfigError(
      `${task}: a teacher that remembers the training images must come without augment, got both; leave out augment, or take embeddingTeacher`,
    );
  }
  if (head.weight.shape[1] !== classes.length) {
    throw new ConfigError(
      `${task}: head must have ${classes.length} classes, the data's identities, got ${head.weight.shape[1]}`,
    );
  }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...EMBEDDING_DEFAULTS, ...set } as EmbeddingOptions;
}

/** Names all that decides the outcome. */
function trainingName(
  { architecture }: TrainableClassifier,
  head: ArcFace,
  { train, shape, preprocessing, classes }: Pick<TrainingData, "train" | "shape" | "preprocessing" | "classes">,
  { checkpoint: _file, task: _task, keepEpochs: _kept, teacher, ...options }: EmbeddingOptions,
): string {
  const data = { train: splitFingerprint(train), shape, preprocessing, classes };
  const learnt = teacher && { name: teacher.name, weight: teacher.weight };
  return fingerprint({ architecture, head: head.settings, data, options, teacher: learnt ?? null });
}

interface Work {
  readonly network: TrainableClassifier;
  readonly head: ArcFace;
  readonly data: Pick<TrainingData, "train" | "shape" | "preprocessing">;
  readonly options: EmbeddingOptions;
}

class EmbeddingWork implements EpochWork<EmbeddingEpoch> {
  private readonly order: Uint32Array;
  private readonly parameters: Map<string, tf.Variable>;
  private readonly target: ReturnType<EmbeddingTeacher["at"]> | undefined;
  private readonly summed = { identity: 0, distance: 0, steps: 0 };

  constructor(
    private readonly work: Work,
    private readonly epoch: number,
    private readonly rng: Rng,
  ) {
    const { network, head, data, options } = work;
    this.order = epochOrder(data.train.count, rng.fork("order"));
    this.parameters = new Map([
      ...[...network.parameters()].map(([name, value]) => [`network.${name}`, value] as const),
      ...[...head.parameters()].map(([name, value]) => [`head.${name}`, value] as const),
    ]);
    this.target = options.teacher?.at(epoch);
  }

  step(index: number): TrainingStep {
    const { data, options } = this.work;
    const { batchSize, augment } = options;
    const rng = this.rng.fork(`step${index}`);
    const places = this.order.subarray(index * batchSize, (index + 1) * batchSize);
    readAhead(data.train, this.order.subarray((index + 1) * batchSize, (index + 2) * batchSize), imageSize(data.shape));
    const { images, labels } = takeBatch(data.train, places, data, { ...augment, rng: rng.fork("augment") });
    const target = this.target?.(images, places);
    return {
      passes: [this.pass(images, labels, target, rng)],
      tensors: [images, labels, ...(target ? [target] : [])],
    };
  }

  sums() {
    return { ...this.summed };
  }

  resume(_steps: number, sums: Record<string, number>): void {
    Object.assign(this.summed, sums);
  }

  private pass(images: tf.Tensor4D, labels: tf.Tensor1D, target: tf.Tensor2D | undefined, rng: Rng): TrainingPass {
    const { network, head, options } = this.work;
    return {
      parameters: this.parameters,
      loss: () => {
        const embeddings = network.logits(images, { mode: "train", rng: rng.fork("network") });
        const identity = fused.softmaxCrossEntropy(head.logits(embeddings, labels), labels, { smoothing: 0 });
        this.summed.steps++;
        this.summed.identity += identity.dataSync()[0];
        if (!target) return identity;
        const distance = embeddingDistance(embeddings, target);
        this.summed.distance += distance.dataSync()[0];
        return mixedLoss([
          { loss: identity, share: 1 },
          { loss: distance, share: options.teacher!.weight },
        ]);
      },
    };
  }

  record({
    epoch,
    loss,
    learningRate,
    durationMs,
  }: Parameters<EpochWork<EmbeddingEpoch>["record"]>[0]): EmbeddingEpoch {
    const { identity, distance, steps } = this.summed;
    const { keepEpochs } = this.work.options;
    if (keepEpochs !== undefined) {
      makeFolder(keepEpochs);
      writeSafetensors(epochFile(keepEpochs, this.epoch + 1), saveState(this.work.network), {});
    }
    const learnt = this.target && { distance: distance / steps };
    return { epoch, loss, identityLoss: identity / steps, ...learnt, learningRate, durationMs };
  }
}
