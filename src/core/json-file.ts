import { readFileSync } from "node:fs";
import type { ZodType } from "zod";
import { writeAtomic } from "./atomic-file";
import { contentHash } from "./content-hash";
import { CheckpointError, ConfigError } from "./errors";
import { readFailure, readMend, systemCode } from "./file-error";

/** Member of our JSON files that names the content of all others, see {@link contentHash}. */
const HASH = "sha256";

/**
 * Writes indented JSON with a final newline, whole or not at all. An object gets a last member `sha256` over all others,
 * which {@link readJson} checks.
 * `hash`: false for formats of others.
 * @throws CheckpointError when the disk is full or the place cannot be written.
 */
export function writeJson(path: string, value: unknown, { hash = true }: { hash?: boolean } = {}): void {
  const hashed = hash && isObject(value) ? withHash(value) : value;
  writeAtomic(path, `${JSON.stringify(hashed, null, 2)}\n`);
}

/** An object with its `sha256` as the last member, see {@link writeJson}. */
export function withHash(value: object): Record<string, unknown> {
  const { [HASH]: _, ...rest } = value as Record<string, unknown>;
  return { ...rest, [HASH]: contentHash(rest) };
}

/** What {@link checkHash} found. */
export interface Hashed {
  /** The value without its `sha256`. */
  readonly value: unknown;
  /** Whether it had one: files of older versions, and those that users write, have none. */
  readonly verified: boolean;
  /** What the hash must be and what it is, when it is another. */
  readonly mismatch?: { readonly expected: string; readonly got: string };
}

/** Takes the `sha256` out of a parsed value and compares it with the rest. */
export function checkHash(value: unknown): Hashed {
  if (!isObject(value) || !(HASH in value)) return { value, verified: false };
  const { [HASH]: expected, ...rest } = value;
  const got = contentHash(rest);
  if (expected === got) return { value: rest, verified: true };
  return { value: rest, verified: false, mismatch: { expected: String(expected), got } };
}

/** Says, for messages, what a JSON file is for. */
export interface JsonPurpose {
  /** What the file must be, e.g. "a latency table". */
  readonly what?: string;
  /** What to do when it is not, e.g. "make one by blockwise latency --out". */
  readonly mend?: string;
  /** Whether a user writes such files: what is wrong with one is a mistake of the user's, no damage. */
  readonly byUser?: boolean;
}

const MEND = "write it again or fetch it anew";
const MEND_OWN = "check its path, or write it anew";

/**
 * Reads a JSON file and checks the hash that {@link writeJson} left in it.
 * @returns The content without the hash.
 * @throws CheckpointError when the file cannot be read, is not JSON, or has other content than its hash names; the first two
 *   are ConfigErrors for files that a user writes.
 */
export function readJson(path: string, purpose: JsonPurpose = {}): unknown {
  return readHashedJson(path, purpose).value;
}

/** As {@link readJson}, telling as well whether the file had a hash. */
export function readHashedJson(path: string, purpose: JsonPurpose = {}): { value: unknown; verified: boolean } {
  const { what, mend } = wordsOf(purpose);
  const words = (met: string, cause?: unknown) =>
    `readJson: ${path} must be ${what}, and ${met}; ${readMend(cause, mend)}${purpose.mend && systemCode(cause) === "EISDIR" ? `, or ${purpose.mend}` : ""}`;
  const fail = (met: string, cause: unknown) =>
    purpose.byUser
      ? new ConfigError(words(met, cause), { path }, { cause })
      : new CheckpointError(words(met, cause), { path }, { cause });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw fail(readFailure(cause), cause);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw fail(text === "" ? "is empty" : `is no JSON: got ${JSON.stringify(text.slice(0, 40))}`, cause);
  }
  const { value, verified, mismatch } = checkHash(parsed);
  if (!mismatch) return { value, verified };
  const { expected, got } = mismatch;
  throw new CheckpointError(
    words(
      `its content must have SHA-256 ${expected.slice(0, 16)}..., got ${got.slice(0, 16)}...: it was damaged, or changed by hand (then delete its member "${HASH}")`,
    ),
    { path, expected, got },
  );
}

/**
 * As {@link readJson}, for content of a known form.
 * @throws CheckpointError also when the content has another form, naming every place.
 */
export function readJsonAs<T>(path: string, schema: ZodType<T>, purpose: JsonPurpose = {}): T {
  const value = readJson(path, purpose);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { what, mend } = wordsOf(purpose);
  const issues = result.error.issues.map(({ path: at, message }) => ({ place: at.join("."), message }));
  const listed = issues.slice(0, 5).map(({ place, message }) => (place ? `${place}: ${message}` : message));
  throw new CheckpointError(`readJson: ${path} must be ${what}, and is not (${listed.join("; ")}); ${mend}`, {
    path,
    issues,
  });
}

function wordsOf({ what = "a JSON file", mend, byUser }: JsonPurpose): { what: string; mend: string } {
  return { what, mend: mend ?? (byUser ? MEND_OWN : MEND) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
