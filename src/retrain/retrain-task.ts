import { z } from "zod";
import type { ProgressEvent } from "../core";
import type { Dataset } from "../data";
import { engine } from "../engine";
import { type StoredTensor, saveState } from "../nn";
import type { Architecture } from "../space";
import { BLOB, type Task } from "../tasks";
import { type SharedTeacher, Teacher } from "../teacher";
import { type EpochRecord, type KeptState, type TrainingStates, trainingStateName } from "../train";
import { type Retrained, type RetrainOptions, retrain, type WarmStart } from "./retrain";

const retrainInput = z.object({
  architecture: z.custom<Architecture>(
    (given) => Array.isArray((given as Architecture | null)?.blocks),
    "an architecture",
  ),
  /** A {@link Dataset}. */
  dataset: BLOB,
  options: z.custom<Omit<RetrainOptions, "distillation" | "warmStart" | "checkpoint">>(
    // A checkpoint would be a path to write to: whoever runs the task writes.
    (given) => typeof given === "object" && given !== null && !("checkpoint" in given),
    "options of a training",
  ),
  /** Where the training's state is kept, for messages; no state is told of without it. */
  place: z.string().optional(),
  /** As far as it is, if it was begun: a `KeptState`. */
  state: BLOB.optional(),
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
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "state"; readonly state: KeptState<EpochRecord> };

/** A trained network as plain data. */
export interface TrainedState extends Pick<Retrained, "dataset" | "preprocessing" | "history" | "training"> {
  readonly state: Map<string, StoredTensor>;
}

/** Trains one network, on a thread with one thread of the native engine. */
export const retrainTask: Task<RetrainInput, TrainedState, RetrainNote> = {
  name: "retrain",
  unit: "networks",
  // Images to learn from.
  worthThreads: 12_000,
  module: __filename,
  input: retrainInput,
  resume: (input, note, blobs) =>
    note.kind === "state" ? { ...input, state: blobs.put(note.state, trainingStateName(note.state)) } : undefined,
  async run(input, { signal, blobs, progress }) {
    const { architecture, dataset, options, distillation, warmStart, place, state: kept } = input;
    engine.useForTask();
    const checkpoint: TrainingStates | undefined =
      place === undefined
        ? undefined
        : {
            place,
            read: () => kept && blobs.get<KeptState<EpochRecord>>(kept),
            write: (state) => progress({ kind: "state", state }),
          };
    const teacher = distillation && Teacher.of(blobs.get<SharedTeacher>(distillation.teacher));
    try {
      const retrained = await retrain(
        architecture,
        blobs.get<Dataset>(dataset),
        {
          ...options,
          ...(checkpoint && { checkpoint }),
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
