import { existsSync, readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import type { z } from "zod";
import { checkHash, DataError, readJson, withHash, writeAtomic, wrongForm } from "../core";

/** What a command of `blockwise study` stores, for messages. */
export interface StoredKind {
  /** The study's name on the command line. */
  readonly study: string;
  /** What its file is. */
  readonly what: string;
}

/**
 * The results that a command of `blockwise study` has stored; gzipped where the name says so.
 * @throws DataError when the file is absent, damaged, or another one; it names the command that makes one.
 */
export function readStoredResults<T>(path: string, schema: z.ZodType, from: StoredKind): T {
  const mend = `make it with npx blockwise study ${from.study}`;
  if (!existsSync(path))
    throw new DataError(`study ${from.study}: ${path} must exist, and does not; ${mend}`, { path });
  const refused = (met: string, cause?: unknown) =>
    new DataError(
      `study ${from.study}: ${path} must be ${from.what}, and is ${met}; ${mend}`,
      { path },
      cause === undefined ? undefined : { cause },
    );
  let value: unknown;
  if (path.endsWith(".gz")) {
    try {
      value = JSON.parse(gunzipSync(readFileSync(path)).toString("utf8"));
    } catch (cause) {
      throw refused("damaged or no gzip file of JSON", cause);
    }
    const hashed = checkHash(value);
    if (hashed.mismatch) throw refused("damaged: it has other content than its sha256 names");
    value = hashed.value;
  } else {
    value = readJson(path);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as T;
  throw refused(`not (${wrongForm(parsed.error, value)})`);
}

/** Writes results gzipped, whole or not at all, with a last member `sha256` over all others. NaN becomes null. */
export function writeGzippedResults(path: string, results: object): void {
  const plain = JSON.parse(JSON.stringify(results)) as object;
  writeAtomic(path, gzipSync(`${JSON.stringify(withHash(plain))}\n`, { level: 9 }));
}
