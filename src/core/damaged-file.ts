import { lstatSync, renameSync } from "node:fs";
import { BlockwiseError, type CheckpointError } from "./errors";
import { failedBy } from "./file-error";
import { type StepContext, warn } from "./progress";

/**
 * Whether an error says that a file does not hold what it must. That the system could not write it, or let nobody read it
 * (a full disk, missing rights, too many open files), says nothing about what it holds.
 */
export function isDamage(error: unknown): error is CheckpointError {
  if (!(error instanceof BlockwiseError) || error.code !== "CHECKPOINT") return false;
  const system = failedBy(error);
  return system === undefined || system === "ENOENT";
}

/**
 * Reads a file whose content can be made anew. One that is damaged is renamed `<path>.damaged`, never deleted, with a warning.
 * @param redo What is done instead, e.g. "the training begins anew".
 * @returns undefined for a damaged file.
 */
export function readOrSetAside<T>(path: string, read: () => T, redo: string, context: StepContext): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isDamage(error) || !lstatSync(path, { throwIfNoEntry: false })?.isFile()) throw error;
    const aside = `${path}.damaged`;
    renameSync(path, aside);
    warn(context, `${error.message}. The file is kept as ${aside}, and ${redo}`);
    return undefined;
  }
}
