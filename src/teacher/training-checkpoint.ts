import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { CheckpointError, readOrSetAside, type StepContext } from "../core";
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

/** Identifies a training by all that decides its outcome: network, data and options. */
export function trainingFingerprint(subject: unknown, data: string, options: TrainingOptions): string {
  const { checkpoint: _file, task: _task, softTargets, ...rest } = options;
  const { name, weight, temperature } = softTargets ?? {};
  const text = JSON.stringify({ subject, data, ...rest, softTargets: { name, weight, temperature } });
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
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
  writeSafetensors(path, tensors, { format: FORMAT, fingerprint, history: JSON.stringify(history) });
}

/**
 * Puts a kept state back, if there is one. A damaged file is put aside with a warning: the training begins anew.
 * @returns The epochs done so far.
 * @throws CheckpointError when the file is of another kind or belongs to another training.
 */
export function resumeTraining<Epoch>(
  path: string,
  fingerprint: string,
  network: Module,
  optimizer: Optimizer,
  context: StepContext,
): Epoch[] {
  if (!existsSync(path)) return [];
  const kept = readOrSetAside(path, () => readSafetensors(path), "the training begins anew", context);
  if (!kept) return [];
  const { tensors, metadata } = kept;
  if (metadata.format !== FORMAT || metadata.fingerprint !== fingerprint) {
    throw new CheckpointError(
      `resumeTraining: ${path} must belong to this training (${fingerprint}), got ${metadata.fingerprint ?? "another kind of file"}: network, data or options differ; delete the file or name another`,
      { path, expected: fingerprint, got: metadata.fingerprint },
    );
  }
  const part = (prefix: string) =>
    new Map(
      [...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, t]) => [name.slice(prefix.length), t]),
    );
  const history = parseHistory<Epoch>(path, metadata.history);
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
