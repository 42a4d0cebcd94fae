import type { z } from "zod";
import { fingerprint as fingerprintOf, type StepContext } from "../core";
import { type Dataset, splitFingerprint } from "../data";
import { type StateKind, type StateStore, stateFile } from "./state-file";
import { type EpochRecord, epochRecordSchema } from "./training-history";
import type { TrainingOptions } from "./training-options";

/** The parts of a data set that a training touches: never the test split. */
export type TrainingData = Pick<Dataset, "train" | "validation" | "shape" | "preprocessing" | "classes">;

/**
 * Identifies a training by all that decides its outcome: network, images as it sees them, classes and options. Left out is
 * what decides nothing: where the state is kept, what progress is called, what names the data set, and how far it goes for now.
 */
export function trainingFingerprint(
  subject: unknown,
  { train, validation, shape, preprocessing, classes }: TrainingData,
  { checkpoint: _file, task: _task, stopAfter: _stop, softTargets, ...options }: TrainingOptions,
): string {
  const data = {
    train: splitFingerprint(train),
    validation: splitFingerprint(validation),
    shape,
    preprocessing,
    classes,
  };
  const { logits: _logits, ...soft } = softTargets ?? {};
  return fingerprintOf({ subject, data, options, soft });
}

/** States of whole networks' trainings, with what their histories hold of an epoch. */
export function trainingState<Epoch>(epoch: z.ZodType<Epoch>): StateKind<Epoch> {
  return {
    format: "blockwise-training-1",
    where: "training",
    is: "a training's state",
    of: "this training",
    differs: "network, images, preprocessing, classes or options differ; delete the file or name another",
    redo: "the training begins anew",
    epoch,
  };
}

/** States of a classifier's training: in a file, or where the caller keeps them. */
export function classifierStates(
  checkpoint: NonNullable<TrainingOptions["checkpoint"]>,
  context: StepContext = {},
): StateStore<EpochRecord> {
  const kind = trainingState(epochRecordSchema);
  return typeof checkpoint === "string" ? stateFile(checkpoint, kind, context) : { ...checkpoint, kind };
}
