import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../core";
import type { JournalRecord } from "./journal";

/** The last record of each step that is done; a later record may say that it does not count any more. */
export function doneSteps(records: readonly JournalRecord[]): Map<string, JournalRecord> {
  const done = new Map<string, JournalRecord>();
  for (const record of records) {
    done.delete(record.step);
    if (!("dropped" in record)) done.set(record.step, record);
  }
  return done;
}

/**
 * What is wrong with the files of a step, "ratings/block0.json is missing"; undefined when nothing is. Records of older
 * versions name no contents: their files must only exist.
 * @param expected Files that belong to the step, inside the directory, beside those that the record names.
 */
export function damageOf(
  directory: string,
  { files = {} }: JournalRecord,
  expected: readonly string[] = [],
): string | undefined {
  const contents = files as Readonly<Record<string, string>>;
  for (const name of new Set([...expected, ...Object.keys(contents)])) {
    const content = contentOf(join(directory, name));
    if (content === undefined) return `${name} is missing`;
    if (contents[name] !== undefined && contents[name] !== content) return `${name} is not what was written`;
  }
  return undefined;
}

/** Names a file's bytes; undefined when it does not exist. */
export function contentOf(path: string): string | undefined {
  try {
    return fingerprint(new Uint8Array(readFileSync(path)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
