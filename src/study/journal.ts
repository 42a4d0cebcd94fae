import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { StudyError } from "../core";

/** One line of a journal: what was done, and what came of it. Plain JSON. */
export interface JournalRecord {
  /** Names the step, e.g. "distill/block0"; a step is done when it has a record. */
  readonly step: string;
  readonly [key: string]: unknown;
}

/**
 * The whole lines of a journal's bytes, in order; a torn last line (no newline) is dropped.
 * @throws StudyError when a whole line is no record: the file was damaged otherwise than by a kill.
 */
export function replay(bytes: Buffer, path = "journal"): { records: JournalRecord[]; length: number } {
  const length = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.toString("utf8", 0, length).split("\n").slice(0, -1);
  return { records: lines.map((line, i) => parseLine(line, i, path)), length };
}

function parseLine(line: string, index: number, path: string): JournalRecord {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch (cause) {
    throw damaged(line, index, path, cause);
  }
  if (typeof (record as JournalRecord | null)?.step !== "string") throw damaged(line, index, path);
  return record as JournalRecord;
}

function damaged(line: string, index: number, path: string, cause?: unknown): StudyError {
  return new StudyError(
    `journal: line ${index + 1} of ${path} must be a record with a step, got ${JSON.stringify(line.slice(0, 60))}; the file is damaged: remove the run directory and run again`,
    { path, line: index + 1 },
    { cause },
  );
}

/** An append-only file of JSON lines: what is in it is done, all else is to be done again. */
export class Journal {
  private readonly file: number;
  private readonly kept: JournalRecord[];
  private end: number;

  /** Opens or makes a journal and cuts a torn last line off. */
  constructor(readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const { records, length } = replay(bytes, path);
    this.kept = records;
    this.file = openSync(path, existsSync(path) ? "r+" : "w+");
    ftruncateSync(this.file, length);
    this.end = length;
  }

  /** Everything recorded so far, in order. */
  get records(): readonly JournalRecord[] {
    return this.kept;
  }

  /** The last record of a step, or undefined when it was never completed. */
  find(step: string): JournalRecord | undefined {
    return this.kept.filter((record) => record.step === step).at(-1);
  }

  /** Adds a record and waits until it is on the disk. */
  append(record: JournalRecord): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    writeSync(this.file, line, 0, line.length, this.end);
    fsyncSync(this.file);
    this.end += line.length;
    this.kept.push(record);
  }

  close(): void {
    closeSync(this.file);
  }
}
