import { createHash } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../core";

/** Where a feature store keeps the bytes of its boundaries, chunk by chunk (a chunk is one batch of the teacher). */
export interface FeatureStorage {
  /** Chunks that are complete already. */
  readonly done: number;
  /** Adds the next chunk: the bytes of each boundary for images `[start, ...)`. */
  append(start: number, parts: readonly Uint8Array[]): void;
  /** Reads one image's bytes of a boundary. */
  read(boundary: number, image: number, into: Uint8Array): void;
  close(): void;
}

/** Keeps everything in memory. */
export function memoryStorage(count: number, bytesPerImage: readonly number[]): FeatureStorage {
  const boundaries = bytesPerImage.map((bytes) => new Uint8Array(count * bytes));
  return {
    done: 0,
    append(start, parts) {
      for (const [i, part] of parts.entries()) boundaries[i].set(part, start * bytesPerImage[i]);
    },
    read(boundary, image, into) {
      const bytes = bytesPerImage[boundary];
      into.set(boundaries[boundary].subarray(image * bytes, (image + 1) * bytes));
    },
    close() {},
  };
}

/**
 * Keeps one file a boundary, `<name>.<boundary>.bin`, and a journal `<name>.jsonl` with each complete chunk's SHA-256s.
 * What a killed pass left incomplete is cut off; the chunks before stay.
 * @throws CheckpointError when a complete chunk does not have its checksum any more.
 */
export function fileStorage(
  directory: string,
  name: string,
  chunks: readonly number[],
  bytesPerImage: readonly number[],
): FeatureStorage {
  mkdirSync(directory, { recursive: true });
  const journal = join(directory, `${name}.jsonl`);
  const paths = bytesPerImage.map((_, i) => join(directory, `${name}.${i + 1}.bin`));
  const kept = completeLines(journal);
  const files = paths.map((path) => openSync(path, existsSync(path) ? "r+" : "w+"));
  let start = 0;
  for (const [chunk, sums] of kept.entries()) {
    for (const [i, file] of files.entries()) {
      const bytes = new Uint8Array(chunks[chunk] * bytesPerImage[i]);
      const got = readSync(file, bytes, 0, bytes.length, start * bytesPerImage[i]);
      if (got !== bytes.length || digest(bytes) !== sums[i]) {
        for (const open of files) closeSync(open);
        throw new CheckpointError(
          `teacherFeatures: ${paths[i]} must have SHA-256 ${sums[i]?.slice(0, 16)}... in images ${start}..${start + chunks[chunk] - 1}, got other or fewer bytes: it is damaged; delete ${journal} and the features are computed anew`,
          { path: paths[i], chunk, journal },
        );
      }
    }
    start += chunks[chunk];
  }
  return {
    done: kept.length,
    append(at, parts) {
      for (const [i, part] of parts.entries()) writeSync(files[i], part, 0, part.length, at * bytesPerImage[i]);
      appendFileSync(journal, `${JSON.stringify(parts.map(digest))}\n`);
    },
    read(boundary, image, into) {
      const got = readSync(files[boundary], into, 0, into.length, image * into.length);
      if (got !== into.length) {
        throw new CheckpointError(
          `teacherFeatures: ${paths[boundary]} must hold image ${image}, and ends before; delete ${journal} and the features are computed anew`,
          { path: paths[boundary], image },
        );
      }
    },
    close() {
      for (const file of files) closeSync(file);
    },
  };
}

/** The journal's whole lines; a torn last one is cut off. */
function completeLines(journal: string): string[][] {
  if (!existsSync(journal)) return [];
  const text = readFileSync(journal, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) truncateSync(journal, Buffer.byteLength(whole));
  return whole
    .split("\n")
    .slice(0, -1)
    .map((line, i) => {
      try {
        return JSON.parse(line);
      } catch (cause) {
        throw new CheckpointError(
          `teacherFeatures: ${journal} must hold JSON, got ${JSON.stringify(line.slice(0, 40))} in line ${i + 1}; delete it and the features are computed anew`,
          { path: journal, line: i + 1 },
          { cause },
        );
      }
    });
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
