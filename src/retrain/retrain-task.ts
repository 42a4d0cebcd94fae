import { z } from "zod";
import { type ProgressEvent, Rng } from "../core";
import type { Dataset } from "../data";
import { engine } from "../engine";
import { loadState, Network, type StoredTensor, saveState } from "../nn";
import type { Architecture } from "../space";
import { BLOB, type Task } from "../tasks";
import { Teacher, type TeacherRecord } from "../teacher";
import { type Retrained, type RetrainOptions, retrain, type WarmStart } from "./retrain";

/** A teacher as plain data. */
export interface SharedTeacher {
  readonly record: TeacherRecord;
  readonly state: Map<string, StoredTensor>;
}

const retrainInput = z.object({
  architecture: z.custom<Architecture>(
    (given) => Array.isArray((given as Architecture | null)?.blocks),
    "an architecture",
  ),
  /** A {@link Dataset}. */
  dataset: BLOB,
  options: z.custom<Omit<RetrainOptions, "distillation" | "warmStart">>(
    (given) => typeof given === "object" && given !== null,
    "options of a training",
  ),
  /** With the {@link SharedTeacher}. */
  distillation: z
    .looseObject({ weight: z.custom<number>(), temperature: z.custom<number>(), teacher: BLOB })
    .optional(),
  /** A {@link WarmStart}. */
  warmStart: BLOB.optional(),
});

/** A training as plain data, whose options the training itself checks: any thread does it and gets the same bytes. */
export type RetrainInput = z.infer<typeof retrainInput>;

/** What is told of a training before it ends. */
export type RetrainNote =
  | { readonly kind: "progress"; readonly event: ProgressEvent }
  | { readonly kind: "warning"; readonly message: string };

/** A trained network as plain data. */
export interface TrainedState extends Pick<Retrained, "dataset" | "preprocessing" | "history" | "training"> {
  readonly state: Map<string, StoredTensor>;
}

/** Trains one network, on a thread with one thread of the native engine. */
export const retrainTask: Task<RetrainInput, TrainedState, RetrainNote> = {
  name: "retrain",
  unit: "networks",
  module: __filename,
  input: retrainInput,
  async run({ architecture, dataset, options, distillation, warmStart }, { signal, blobs, progress }) {
    engine.useForTask();
    const teacher = distillation && teacherOf(blobs.get<SharedTeacher>(distillation.teacher));
    try {
      const retrained = await retrain(
        architecture,
        blobs.get<Dataset>(dataset),
        {
          ...options,
          ...(distillation && teacher && { distillation: { ...distillation, teacher } }),
          ...(warmStart && { warmStart: blobs.get<WarmStart>(warmStart) }),
        },
        {
          signal,
          onProgress: (event) => progress({ kind: "progress", event }),
          onWarning: (message) => progress({ kind: "warning", message }),
        },
      );
      const { dataset: data, preprocessing, history, training, network } = retrained;
      const state = saveState(network);
      retrained.dispose();
      return { dataset: data, preprocessing, history, training, state };
    } finally {
      teacher?.dispose();
    }
  },
};

/** A teacher as plain data, for {@link retrainTask}. */
export function shareTeacher(teacher: Teacher): SharedTeacher {
  const { architecture, preprocessing, classes, dataset, history, network } = teacher;
  return { record: { architecture, preprocessing, classes, dataset, history }, state: saveState(network) };
}

function teacherOf({ record, state }: SharedTeacher): Teacher {
  const network = new Network(record.architecture, new Rng(0));
  loadState(network, state);
  return new Teacher(network, record);
}
