import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { appendSynced, checkHash, makeFolder, StudyError, withHash, writeAtomic, writeFailure } from "../core";

/** One line of a journal: what was done, and what came of it. Plain JSON. */
export interface JournalRecord {
  /** Names the step, e.g. "distill/block0"; a step is done when it has a record. */
  readonly step: string;
  readonly [key: string]: unknown;
}

/** A whole line that is no record, or not the one that was written: the file was damaged otherwise than by a kill. */
export interface DamagedLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** What is wrong with it. */
  readonly met: string;
}

/**
 * The whole lines of a journal's bytes, in order; a torn last line (no newline) is dropped. Each line has a last member
 * `sha256` over its others; older journals have none.
 * @throws StudyError at a damaged line.
 */
export function replay(bytes: Uint8Array, path = "journal"): { records: JournalRecord[]; length: number } {
  const { records, damaged, length } = readLines(bytes);
  if (damaged.length > 0) throw damagedAt(damaged[0], path);
  return { records, length };
}

/** As {@link replay}, with damaged lines beside those that can be read. */
export function readLines(bytes: Uint8Array): { records: JournalRecord[]; damaged: DamagedLine[]; length: number } {
  const length = bytes.lastIndexOf(0x0a) + 1;
  const lines = Buffer.from(bytes.subarray(0, length)).toString("utf8").split("\n").slice(0, -1);
  const records: JournalRecord[] = [];
  const damaged: DamagedLine[] = [];
  let hashed = false;
  for (const [i, text] of lines.entries()) {
    const met = (what: string) => damaged.push({ line: i + 1, text, met: what });
    const { value, verified, mismatch } = parsed(text);
    const isRecord = typeof (value as JournalRecord | null | undefined)?.step === "string";
    if (mismatch) met("has other content than its sha256 names");
    else if (!isRecord) met("is none");
    // An older Blockwise writes no hashes, and never after a newer one.
    else if (hashed && !verified) met("has lost its sha256");
    else records.push(value as JournalRecord);
    hashed ||= verified;
  }
  return { records, damaged, length };
}

function parsed(line: string): ReturnType<typeof checkHash> {
  try {
    return checkHash(JSON.parse(line));
  } catch {
    return { value: undefined, verified: false };
  }
}

function damagedAt({ line, text, met }: DamagedLine, path: string): StudyError {
  return new StudyError(
    `journal: line ${line} of ${path} must be a record with a step, and ${met}: ${JSON.stringify(text.slice(0, 60))}; the file is damaged: run the same blockwise run again, which does that step anew`,
    { path, line },
  );
}

/** An append-only file of JSON lines: what is in it is done, all else is to be done again. */
export class Journal {
  /** Lines that were dropped when it was opened: their steps are to be done again. The file as it was lies beside it. */
  readonly damaged: readonly DamagedLine[];
  private readonly file: number;
  private readonly kept: JournalRecord[];
  private end: number;

  /**
   * Opens or makes a journal; cuts a torn last line off and drops damaged ones, after a copy `<path>.damaged`.
   * @throws CheckpointError when it cannot be read or written.
   */
  constructor(readonly path: string) {
    try {
      makeFolder(dirname(path));
      const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
      const { records, damaged, length } = readLines(bytes);
      if (damaged.length > 0) {
        writeAtomic(damagedCopy(path), bytes);
        writeAtomic(path, records.map(lineOf).join(""));
      }
      this.kept = records;
      this.damaged = damaged;
      this.file = openSync(path, existsSync(path) ? "r+" : "w+");
      this.end = damaged.length > 0 ? fstatSync(this.file).size : length;
      ftruncateSync(this.file, this.end);
    } catch (error) {
      throw writeFailure(path, error);
    }
  }

  /** Everything recorded so far, in order. */
  get records(): readonly JournalRecord[] {
    return this.kept;
  }

  /** The last record of a step, or undefined when it was never completed. */
  find(step: string): JournalRecord | undefined {
    return this.kept.filter((record) => record.step === step).at(-1);
  }

  /**
   * Adds a record and waits until it is on the disk; a line that cannot be written whole is not written at all.
   * @throws StudyError when the file was removed or replaced meanwhile, CheckpointError when the disk is full.
   */
  append(record: JournalRecord): void {
    this.checkPlace();
    const line = Buffer.from(lineOf(record));
    appendSynced(this.path, this.file, line, this.end);
    this.end += line.length;
    this.kept.push(record);
  }

  close(): void {
    closeSync(this.file);
  }

  /** An open file goes on existing for its process when its directory is deleted. */
  private checkPlace(): void {
    let there: { ino: number; dev: number } | undefined;
    try {
      there = statSync(this.path);
    } catch {
      // Gone.
    }
    const { ino, dev } = fstatSync(this.file);
    if (there?.ino === ino && there.dev === dev) return;
    throw new StudyError(
      `journal: ${this.path} must stay where it is while the run is at work, and was ${there ? "replaced by another file" : "deleted"}; nothing more is recorded. Run the same command again`,
      { path: this.path },
    );
  }
}

function lineOf(record: JournalRecord): string {
  return `${JSON.stringify(withHash(record))}\n`;
}

function damagedCopy(path: string): string {
  return `${path}.damaged`;
}
