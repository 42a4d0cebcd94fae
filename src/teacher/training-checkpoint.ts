import { existsSync } from "node:fs";
import { CheckpointError, fingerprint as fingerprintOf, readOrSetAside, type StepContext } from "../core";
import { type Dataset, splitFingerprint } from "../data";
import { checkRounding, roundingClass } from "../engine";
import {
  loadState,
  type Module,
  type Optimizer,
  readSafetensors,
  type StoredTensor,
  saveState,
  writeSafetensors,
} from "../nn";
import type { TrainingOptions } from "./training-options";

const FORMAT = "blockwise-training-1";

/** The parts of a data set that a training touches: never the test split. */
export type TrainingData = Pick<Dataset, "train" | "validation" | "shape" | "preprocessing" | "classes">;

/**
 * Identifies a training by all that decides its outcome: network, images as it sees them, classes and options. Left out is
 * what decides nothing: where the state is kept, what progress is called, and what names the data set.
 */
export function trainingFingerprint(
  subject: unknown,
  { train, validation, shape, preprocessing, classes }: TrainingData,
  { checkpoint: _file, task: _task, softTargets, ...options }: TrainingOptions,
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

/** Keeps the state after a complete epoch: network, optimizer and history (plain JSON), whole or not at all. */
export function saveTraining<Epoch>(
  path: string,
  fingerprint: string,
  network: Module,
  optimizer: Optimizer,
  history: readonly Epoch[],
): void {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of saveState(network)) tensors.set(`network.${name}`, tensor);
  for (const [name, tensor] of optimizer.state()) tensors.set(`optimizer.${name}`, tensor);
  writeSafetensors(path, tensors, {
    format: FORMAT,
    fingerprint,
    engine: roundingClass(),
    history: JSON.stringify(history),
  });
}

/**
 * Puts a kept state back, if there is one. A damaged file is put aside with a warning: the training begins anew.
 * @param epochs How many the training will have: a complete one is loaded by any engine, another is continued only by the
 *   one that began it.
 * @returns The epochs done so far.
 * @throws CheckpointError when the file is of another kind, belongs to another training or was begun with another engine.
 */
export function resumeTraining<Epoch>(
  path: string,
  fingerprint: string,
  network: Module,
  optimizer: Optimizer,
  epochs: number,
  context: StepContext,
): Epoch[] {
  if (!existsSync(path)) return [];
  const kept = readOrSetAside(path, () => readSafetensors(path), "the training begins anew", context);
  if (!kept) return [];
  const { tensors, metadata } = kept;
  if (metadata.format !== FORMAT || metadata.fingerprint !== fingerprint) {
    throw new CheckpointError(
      `resumeTraining: ${path} must belong to this training (${fingerprint}), got ${metadata.fingerprint ?? "another kind of file"}: network, images, preprocessing, classes or options differ; delete the file or name another`,
      { path, expected: fingerprint, got: metadata.fingerprint },
    );
  }
  const part = (prefix: string) =>
    new Map(
      [...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, t]) => [name.slice(prefix.length), t]),
    );
  const history = parseHistory<Epoch>(path, metadata.history);
  if (history.length < epochs) checkRounding(metadata.engine, path);
  loadState(network, part("network."));
  optimizer.restore(part("optimizer."));
  return history;
}

function parseHistory<Epoch>(path: string, text: string): Epoch[] {
  try {
    const history = JSON.parse(text);
    if (Array.isArray(history)) return history;
  } catch {
    // Named below.
  }
  throw new CheckpointError(
    `resumeTraining: ${path} must have the history of its epochs as a list, got ${JSON.stringify(text?.slice(0, 40))}; delete the file and train anew`,
    { path },
  );
}

/** Name of the first parameter or buffer that is not finite, if any. */
export function firstNotFinite(network: Module): string | undefined {
  for (const [name, { data }] of saveState(network)) if (!data.every(Number.isFinite)) return name;
  return undefined;
}
