import { closeSync, ftruncateSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import {
  CheckpointError,
  keepBytes,
  type Lock,
  readFailure,
  readShared,
  type SharedBytes,
  sha256,
  systemCode,
  writeFailure,
  writeFully,
} from "../core";

/** Where a feature store keeps the bytes of its boundaries, chunk by chunk (a chunk is one batch of the teacher). */
export interface FeatureStorage {
  /** Chunks that are complete already. */
  readonly done: number;
  /** Adds the next chunk: the bytes of each boundary for images `[start, ...)`. */
  append(start: number, parts: readonly Uint8Array[]): void;
  /** Reads one image's bytes of a boundary. */
  read(boundary: number, image: number, into: Uint8Array): void;
  /** A boundary's bytes, image after image, for all threads of the process until it is closed. */
  share(boundary: number): SharedBytes;
  close(): void;
}

/** Keeps features for this process: of as many boundaries as fit in memory, of the others on the disk; see `keepBytes`. */
export function passingStorage(count: number, bytesPerImage: readonly number[]): FeatureStorage {
  const boundaries = bytesPerImage.map((bytes) => keepBytes(count * bytes));
  return {
    done: 0,
    append(start, parts) {
      for (const [i, part] of parts.entries()) boundaries[i].write(start * bytesPerImage[i], part);
    },
    read(boundary, image, into) {
      readShared(boundaries[boundary].bytes, image * into.length, into);
    },
    share: (boundary) => boundaries[boundary].bytes,
    close() {
      for (const boundary of boundaries) boundary.release();
    },
  };
}

/** The files of one store: `<name>.<boundary>.bin`, and `<name>.jsonl` with each complete chunk's SHA-256s. */
export interface FeatureFiles {
  readonly directory: string;
  readonly name: string;
  /** Images of each chunk. */
  readonly chunks: readonly number[];
  /** Of each boundary. */
  readonly bytesPerImage: readonly number[];
}

/**
 * Opens files that are complete, for reading only.
 * @returns undefined when chunks are missing or do not have their checksums.
 * @throws CheckpointError when a file is there and cannot be read.
 */
export function completeFiles(files: FeatureFiles): FeatureStorage | undefined {
  const { chunks } = files;
  if (linesOf(journalOf(files)).length !== chunks.length) return undefined;
  const opened = openAll(files, "r");
  if (!opened) return undefined;
  let whole = false;
  try {
    const { sound } = soundChunks(files, opened, linesOf(journalOf(files)));
    whole = sound === chunks.length;
  } finally {
    if (!whole) for (const file of opened) closeSync(file);
  }
  return whole ? storage(files, opened, chunks.length, () => {}) : undefined;
}

/**
 * Opens or makes files to go on with. What a killed pass left incomplete is cut off, and so is everything from the first
 * damaged chunk on; the chunks before stay.
 * @param lock Held by the caller; asked before each chunk whether it still is.
 * @param onDamage Told in words what was damaged.
 * @throws CheckpointError when they cannot be written.
 */
export function growingFiles(files: FeatureFiles, lock: Lock, onDamage: (what: string) => void): FeatureStorage {
  const path = journalOf(files);
  let journal: number;
  const opened: number[] = [];
  try {
    journal = openSync(path, "a+");
    closeSync(journal);
    journal = openSync(path, "r+");
    for (const bin of binsOf(files)) {
      closeSync(openSync(bin, "a+"));
      opened.push(openSync(bin, "r+"));
    }
  } catch (error) {
    for (const file of opened) closeSync(file);
    throw writeFailure(path, error);
  }
  const lines = linesOf(path);
  const { sound, damage } = soundChunks(files, opened, lines);
  if (damage) onDamage(damage);
  let end = Buffer.byteLength(
    lines
      .slice(0, sound)
      .map((line) => `${line}\n`)
      .join(""),
  );
  ftruncateSync(journal, end);
  const { bytesPerImage } = files;
  return storage(
    files,
    opened,
    sound,
    () => closeSync(journal),
    (start, parts) => {
      lock.check();
      try {
        for (const [i, part] of parts.entries()) writeFully(opened[i], part, start * bytesPerImage[i]);
        const line = Buffer.from(`${JSON.stringify(parts.map(sha256))}\n`);
        writeFully(journal, line, end);
        end += line.length;
      } catch (error) {
        cutBack(journal, end);
        throw writeFailure(binsOf(files)[0], error);
      }
    },
  );
}

/** A half line must not stay before the next; where even that fails, it is cut off when the files are opened again. */
function cutBack(journal: number, end: number): void {
  try {
    ftruncateSync(journal, end);
  } catch {
    // The first failure is what is told.
  }
}

function storage(
  files: FeatureFiles,
  opened: readonly number[],
  done: number,
  close: () => void,
  append: FeatureStorage["append"] = () => {
    throw new TypeError("feature storage: it is complete");
  },
): FeatureStorage {
  return {
    done,
    append,
    read(boundary, image, into) {
      if (!readShared({ file: opened[boundary] }, image * into.length, into)) {
        throw new CheckpointError(
          `teacherFeatures: ${binsOf(files)[boundary]} must hold image ${image}, and ends before; run the same command again, which computes what is missing`,
          { path: binsOf(files)[boundary], image },
        );
      }
    },
    share: (boundary) => ({ file: opened[boundary] }),
    close() {
      for (const file of opened) closeSync(file);
      close();
    },
  };
}

/** How many chunks from the first on have their checksums, and what is wrong with the next one that was recorded. */
function soundChunks(
  files: FeatureFiles,
  opened: readonly number[],
  lines: readonly string[],
): { sound: number; damage?: string } {
  const { chunks, bytesPerImage } = files;
  let start = 0;
  for (const [chunk, line] of lines.entries()) {
    if (chunk === chunks.length) return { sound: chunk };
    const sums = checksums(line);
    if (sums?.length !== bytesPerImage.length) {
      return {
        sound: chunk,
        damage: `line ${chunk + 1} of ${journalOf(files)} must have ${bytesPerImage.length} checksums, got ${JSON.stringify(line.slice(0, 40))}`,
      };
    }
    for (const [i, file] of opened.entries()) {
      const bytes = new Uint8Array(chunks[chunk] * bytesPerImage[i]);
      const got = readOr(binsOf(files)[i], () => readSync(file, bytes, 0, bytes.length, start * bytesPerImage[i]));
      if (got === bytes.length && sha256(bytes) === sums[i]) continue;
      const images = `images ${start}..${start + chunks[chunk] - 1}`;
      return {
        sound: chunk,
        damage: `${binsOf(files)[i]} must have SHA-256 ${sums[i].slice(0, 16)}... in ${images}, got other or fewer bytes`,
      };
    }
    start += chunks[chunk];
  }
  return { sound: lines.length };
}

function checksums(line: string): string[] | undefined {
  try {
    const sums = JSON.parse(line);
    return Array.isArray(sums) && sums.every((sum) => typeof sum === "string") ? sums : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The journal's whole lines, none where there is no journal; a torn last one does not count.
 * @throws CheckpointError when it cannot be read: features that are there must not be taken for absent.
 */
function linesOf(journal: string): string[] {
  try {
    return readFileSync(journal, "utf8").split("\n").slice(0, -1);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw unreadable(journal, cause);
  }
}

function readOr<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): CheckpointError {
  return new CheckpointError(
    `teacherFeatures: ${path} must be readable, and ${readFailure(cause)}; mend that and run the same command again, or delete the file to compute its features anew`,
    { path, system: systemCode(cause) },
    { cause },
  );
}

function openAll(files: FeatureFiles, mode: "r"): number[] | undefined {
  const opened: number[] = [];
  try {
    for (const bin of binsOf(files)) opened.push(openSync(bin, mode));
    return opened;
  } catch (cause) {
    for (const file of opened) closeSync(file);
    if (systemCode(cause) === "ENOENT") return undefined;
    throw unreadable(binsOf(files)[opened.length], cause);
  }
}

function journalOf({ directory, name }: FeatureFiles): string {
  return join(directory, `${name}.jsonl`);
}

function binsOf({ directory, name, bytesPerImage }: FeatureFiles): string[] {
  return bytesPerImage.map((_, i) => join(directory, `${name}.${i + 1}.bin`));
}
