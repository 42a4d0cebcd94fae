import { join } from "node:path";
import { Rng, type StepContext } from "../../core";
import type { Dataset } from "../../data";
import { ArcFace, CellNetwork, Network } from "../../nn";
import type { Architecture, CellArchitecture } from "../../space";
import {
  type EmbeddingEpoch,
  type Embeddings,
  type EmbeddingTeacher,
  embed,
  epochFile,
  meanDistance,
  pairCosines,
  rememberedTeacher,
  type TrainableClassifier,
  trainEmbedding,
} from "../../train";
import type { FaceData } from "./face-data";
import type { PocketNetSettings } from "./settings";

/** A trained network, measured on strangers. */
export interface MeasuredEmbedding {
  readonly history: readonly EmbeddingEpoch[];
  /** Cosines of the pairs. */
  readonly cosines: Float64Array;
  /** Of all strangers. */
  readonly embeddings: Embeddings;
}

export function buildNetwork(architecture: Architecture | CellArchitecture, seed: number): TrainableClassifier {
  const rng = new Rng(seed).fork("pocketnet/weights");
  return "kind" in architecture ? new CellNetwork(architecture, rng) : new Network(architecture, rng);
}

/** What a training depends on beside the settings; batch and learning rate are the students' unless given. */
interface Training {
  readonly name: string;
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize?: number;
  readonly learningRate?: number;
  readonly teacher?: EmbeddingTeacher;
  readonly keepEpochs?: string;
}

/**
 * Trains a network on the known identities and measures it on strangers; a training that was done before is read.
 * @param folder Where the training's state is kept.
 * @throws TrainingError, InterruptedError as `trainEmbedding`.
 */
export async function trainMeasured(
  architecture: Architecture | CellArchitecture,
  { known, strangers, pairs }: FaceData,
  { arcface, embedding, training }: PocketNetSettings,
  { name, ...own }: Training,
  folder: string,
  context: StepContext,
): Promise<MeasuredEmbedding> {
  const network = buildNetwork(architecture, own.seed);
  const head = new ArcFace({ ...arcface, features: embedding, classes: known.classes.length }, new Rng(own.seed));
  try {
    const checkpoint = join(folder, `${name}-seed${own.seed}.safetensors`);
    const options = { ...training, ...own, checkpoint, task: `train ${name}, seed ${own.seed}` };
    const history = await trainEmbedding(network, head, known, options, context);
    const embeddings = await embed(network, strangers.faces, known, context);
    return { history, embeddings, cosines: pairCosines(embeddings, pairs.pairs) };
  } finally {
    network.dispose();
    head.dispose();
  }
}

/** The teacher after each of its epochs, and what it makes of strangers in the end. */
export interface FaceTeacher extends MeasuredEmbedding {
  readonly architecture: Architecture;
  /** Its weights after each epoch. */
  readonly files: readonly string[];
}

export async function trainFaceTeacher(
  architecture: Architecture,
  data: FaceData,
  settings: PocketNetSettings,
  folder: string,
  context: StepContext,
): Promise<FaceTeacher> {
  const keepEpochs = join(folder, "teacher");
  const training = { name: "teacher", ...settings.teacher, keepEpochs };
  const measured = await trainMeasured(architecture, data, settings, training, folder, context);
  const files = Array.from({ length: settings.teacher.epochs }, (_, i) => epochFile(keepEpochs, i + 1));
  return { ...measured, architecture, files };
}

/**
 * The teacher's embeddings of all training images, by its last weights and by those of each epoch: the one in which the teacher was
 * as far in its training as the student is in its own.
 */
export async function teachersOf(
  { architecture, files }: FaceTeacher,
  known: Dataset,
  { distillationWeight: weight, training: { epochs } }: PocketNetSettings,
  context: StepContext,
): Promise<Readonly<Record<"final" | "each epoch's", EmbeddingTeacher>>> {
  const network = buildNetwork(architecture, 0);
  try {
    const alike = Array.from({ length: epochs }, (_, i) => files[sameProgress(i + 1, epochs, files.length) - 1]);
    const all = await rememberedTeacher(network, { files: alike, weight }, known, context);
    const final = await rememberedTeacher(network, { files: files.slice(-1), weight }, known, context);
    return { final, "each epoch's": all };
  } finally {
    network.dispose();
  }
}

/** The teacher's epoch, from 1, that is as far in its training as a student's epoch, from 1, in its own. */
export function sameProgress(epoch: number, epochs: number, teacherEpochs: number): number {
  return Math.max(1, Math.round((epoch * teacherEpochs) / epochs));
}

/** How far a student ends from the final teacher, on strangers: mean cosine. */
export function cosineToTeacher(student: Embeddings, teacher: Embeddings): number {
  return 1 - (meanDistance(student, teacher) * teacher.features) / 2;
}
