import { closeSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { writeFully } from "./atomic-file";
import { CheckpointError, ConfigError } from "./errors";
import { systemCode } from "./file-error";
import { makeFolder } from "./make-folder";
import { temporaryName } from "./temporary-files";
import { formatCount, parseCount } from "./units";

/** Bytes as plain data that every thread of the process can read: in memory, or in a file that is open. */
export type SharedBytes = { readonly memory: SharedArrayBuffer } | { readonly file: number };

/** Bytes that one thread fills, and that all may read. */
export interface KeptBytes {
  readonly bytes: SharedBytes;
  write(at: number, part: Uint8Array): void;
  /** Frees memory or disk; nobody may read any more. */
  release(): void;
}

/** Reads into the whole of an array; false where the bytes end before. */
export function readShared(bytes: SharedBytes, at: number, into: Uint8Array): boolean {
  if ("memory" in bytes) {
    const { memory } = bytes;
    if (at + into.length > memory.byteLength) return false;
    into.set(new Uint8Array(memory, at, into.length));
    return true;
  }
  for (let done = 0; done < into.length; ) {
    const got = readSync(bytes.file, into, done, into.length - done, at + done);
    if (got === 0) return false;
    done += got;
  }
  return true;
}

/** What {@link keepBytes} holds in memory now. */
let inMemory = 0;

/**
 * Bytes that feature maps may take in memory, all together; what is more goes to the disk: `BLOCKWISE_FEATURE_MEMORY`
 * ("4G"), or a quarter of the memory that there is.
 * @throws ConfigError when the variable is no count.
 */
export function featureMemory(): number {
  const asked = process.env.BLOCKWISE_FEATURE_MEMORY;
  if (asked === undefined || asked === "") return quarterOfMemory();
  try {
    return parseCount(asked);
  } catch {
    throw new ConfigError(
      `BLOCKWISE_FEATURE_MEMORY: must be a number of bytes such as "4G" or "500M", got ${JSON.stringify(asked)}`,
    );
  }
}

/**
 * Has feature maps take at most so many bytes in memory, and never more than {@link featureMemory} allows now. Threads that
 * start afterwards keep to it, too.
 * @returns What they may take.
 */
export function limitFeatureMemory(bytes: number): number {
  const limit = Math.min(featureMemory(), Math.floor(bytes));
  // Threads begin with a copy of it.
  process.env.BLOCKWISE_FEATURE_MEMORY = `${limit}`;
  return limit;
}

/** A quarter of the memory that this process may take, in bytes. */
export function quarterOfMemory(): number {
  // What a container allows; 0 or more than there is where nothing is limited.
  const allowed = process.constrainedMemory?.() || Number.POSITIVE_INFINITY;
  return Math.floor(Math.min(allowed, totalmem()) / 4);
}

/** How many of so many bytes would be kept in memory now, where stores of the given sizes are made one after another. */
export function fitsInMemory(sizes: readonly number[]): number {
  const limit = featureMemory();
  let taken = inMemory;
  for (const size of sizes) if (taken + size <= limit) taken += size;
  return taken - inMemory;
}

/** Frees what nobody released, once nobody can read it any more. */
const forgotten = new FinalizationRegistry<() => void>((free) => free());

/**
 * Room for so many bytes: in memory within the limit of {@link featureMemory}, beyond it in a temporary file that is gone
 * when the process ends, however it does.
 * @throws CheckpointError when the disk has no room for the file.
 */
export function keepBytes(size: number): KeptBytes {
  const { bytes, write, free } = inMemory + size <= featureMemory() ? memoryBytes(size) : fileBytes(size);
  forgotten.register(bytes, free, bytes);
  const release = () => {
    if (forgotten.unregister(bytes)) free();
  };
  return { bytes, write, release };
}

function memoryBytes(size: number) {
  const memory = new SharedArrayBuffer(size);
  const all = new Uint8Array(memory);
  inMemory += size;
  return { bytes: { memory }, write: (at: number, part: Uint8Array) => all.set(part, at), free: freeing(size) };
}

/** A function of its own: what frees the memory must not hold it. */
function freeing(size: number): () => void {
  return () => {
    inMemory -= size;
  };
}

function fileBytes(size: number) {
  const folder = temporaryFolder();
  const path = join(folder, temporaryName("blockwise-features"));
  const fail = (error: unknown) => {
    const code = systemCode(error) ?? String(error);
    return new CheckpointError(
      `features: ${formatCount(size)}B of feature maps are more than the memory they may take (${formatCount(featureMemory())}B) and must be kept in ${folder}, which fails (${code}); free space there, set TMPDIR to a folder on another disk, allow more by BLOCKWISE_FEATURE_MEMORY, or take fewer images`,
      { folder, size, limit: featureMemory() },
      { cause: error },
    );
  };
  let file: number;
  try {
    makeFolder(folder);
    file = openSync(path, "wx+", 0o600);
    // Without a name it is freed with the process, also where that is killed.
    rmSync(path);
  } catch (error) {
    throw fail(error);
  }
  const write = (at: number, part: Uint8Array) => {
    try {
      writeFully(file, part, at);
    } catch (error) {
      throw fail(error);
    }
  };
  return { bytes: { file }, write, free: closing(file) };
}

function closing(file: number): () => void {
  return () => closeSync(file);
}

/** On a disk: `/tmp` may be memory. */
function temporaryFolder(): string {
  if (process.env.TMPDIR) return process.env.TMPDIR;
  return statSync("/var/tmp", { throwIfNoEntry: false })?.isDirectory() ? "/var/tmp" : tmpdir();
}
