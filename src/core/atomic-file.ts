import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { CheckpointError } from "./errors";

/** Writes a file whole or not at all (temporary file, fsync, rename); makes the folders it needs. */
export function writeAtomic(path: string, data: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const bytes = typeof data === "string" ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  writeFileAtomic.sync(path, bytes);
}

/** Writes indented JSON with a final newline, whole or not at all. */
export function writeJson(path: string, value: unknown): void {
  writeAtomic(path, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * Reads a JSON file.
 * @throws CheckpointError when the file is not JSON.
 */
export function readJson(path: string): unknown {
  const text = readFileSync(path, "utf8");
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(
      `readJson: ${path} must hold JSON, got ${JSON.stringify(text.slice(0, 40))}`,
      { path },
      { cause },
    );
  }
}
