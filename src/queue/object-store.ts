import { createHash } from "node:crypto";
import { breathe, StudyError } from "../core";

/** Bytes that need not be in memory at once; read twice, to name and to keep them. */
export interface Content {
  /** In bytes. */
  readonly size: number;
  /** The bytes in order. */
  pieces(): Iterable<Uint8Array>;
}

/**
 * Where a queue's tasks and their callers keep what is too large for Redis: bytes under their own SHA-256, so that nothing is
 * kept twice, nothing is ever changed, and whoever reads can tell damage.
 */
export interface ObjectStore {
  /** For messages; without secrets. */
  readonly name: string;
  /**
   * Keeps bytes, whole or not at all; those that are there already are not written again.
   * @returns Their name: 64 hexadecimal digits.
   * @throws CheckpointError when the place cannot be written.
   */
  put(content: Content): Promise<string>;
  /**
   * A file on this machine with the bytes of that name, checked against it; nobody may change it.
   * @throws StudyError when it is missing or damaged.
   */
  file(hash: string): Promise<string>;
}

/** What an object is called: no path is ever made of anything else. */
export const OBJECT_NAME = /^[0-9a-f]{64}$/;

/** Bytes handled between two breaths: a lock's renewal and progress go on meanwhile. */
export const PIECE = 4 * 2 ** 20;

/** Name of the bytes, see {@link OBJECT_NAME}. */
export async function nameOf(pieces: Iterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += PIECE) {
      hash.update(piece.subarray(at, at + PIECE));
      if (piece.length >= PIECE) await breathe();
    }
  }
  return hash.digest("hex");
}

/** Where an object lies in its store. */
export function objectPath(hash: string): string {
  return `objects/${hash.slice(0, 2)}/${hash}`;
}

/** @throws StudyError for what is no object's name. */
export function checkName(hash: string, store: string): void {
  if (OBJECT_NAME.test(hash)) return;
  throw new StudyError(
    `store: an object of ${store} must be named by 64 hexadecimal digits, got ${JSON.stringify(hash).slice(0, 120)}; nothing else is read`,
  );
}

export function missing(hash: string, store: string): StudyError {
  return new StudyError(
    `store: ${store} must hold the object ${hash}, and does not; give all workers and whoever calls them the same --store, and run the same command again`,
    { store, object: hash },
  );
}
