import { ConfigError, fingerprint, type StepContext } from "../core";
import type { ImageShape, Preprocessing, Split } from "../data";
import { tf } from "../engine";
import { loadState, readSafetensors } from "../nn";
import { embed } from "./embed";
import type { TrainableClassifier } from "./train-classifier";

/** A network whose embeddings are learnt beside the identities; it may be another from epoch to epoch. */
export interface EmbeddingTeacher {
  /** Names all that its embeddings depend on, so that a kept state of another training is not taken up. */
  readonly name: string;
  /** What the mean squared difference is multiplied by in the loss. */
  readonly weight: number;
  /** Whether it knows only the training images as they are, and none that are augmented. */
  readonly plainImages?: boolean;
  /** Makes embeddings `[batch, features]` in an epoch, from 0, of training images and of their places in the split. */
  at(epoch: number): (images: tf.Tensor4D, places: Uint32Array) => tf.Tensor2D;
}

export interface TeacherStates {
  /** Its weights: one file for all epochs, or one for each (multi-step distillation, PocketNet section 3.3). */
  readonly files: readonly string[];
  readonly weight: number;
}

/**
 * A teacher that looks at each batch: with one file as it is at its end, with several as it was at the end of the same epoch.
 * @param network Gets the weights of the files; its preprocessing is the student's.
 * @throws CheckpointError when a file is absent, damaged or of another network.
 */
export function embeddingTeacher(network: TrainableClassifier, states: TeacherStates): EmbeddingTeacher {
  let loaded: string | undefined;
  return {
    name: nameOf(network, states),
    weight: states.weight,
    at(epoch) {
      const file = fileAt(states, epoch);
      if (file !== loaded) loadState(network, readSafetensors(file).tensors);
      loaded = file;
      return (images) => network.logits(images, { mode: "eval" });
    },
  };
}

/**
 * The same, its embeddings of all training images computed once, for as many students as there are: where images are not
 * augmented a student's training costs no pass of the teacher.
 * @throws CheckpointError as {@link embeddingTeacher}, InterruptedError when stopped.
 */
export async function rememberedTeacher(
  network: TrainableClassifier,
  states: TeacherStates,
  data: { readonly train: Split; readonly shape: ImageShape; readonly preprocessing: Preprocessing },
  context: StepContext = {},
): Promise<EmbeddingTeacher> {
  const tables = new Map<string, { readonly values: Float32Array; readonly features: number }>();
  for (const [i, file] of states.files.entries()) {
    loadState(network, readSafetensors(file).tensors);
    tables.set(
      file,
      await embed(network, data.train, data, context, `teacher's embeddings ${i + 1}/${states.files.length}`),
    );
  }
  return {
    name: nameOf(network, states),
    weight: states.weight,
    plainImages: true,
    at(epoch) {
      const { values, features } = tables.get(fileAt(states, epoch))!;
      return (_, places) => {
        const rows = new Float32Array(places.length * features);
        places.forEach((place, i) => {
          rows.set(values.subarray(place * features, (place + 1) * features), i * features);
        });
        return tf.tensor2d(rows, [places.length, features]);
      };
    },
  };
}

function nameOf({ architecture }: TrainableClassifier, { files }: TeacherStates): string {
  if (files.length === 0) throw new ConfigError("embeddingTeacher: files must be at least one, got none");
  return fingerprint({ architecture, weights: files.map((file) => readSafetensors(file).tensors) });
}

function fileAt({ files }: TeacherStates, epoch: number): string {
  const file = files.length === 1 ? files[0] : files[epoch];
  if (file !== undefined) return file;
  throw new ConfigError(
    `embeddingTeacher: a file must be there for each epoch, got ${files.length} for epoch ${epoch + 1}; train the teacher for as many epochs as the student, or give its last file alone`,
    { epoch: epoch + 1, files: files.length },
  );
}
