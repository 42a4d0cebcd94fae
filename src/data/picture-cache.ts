import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, failedBy, makeFolder, writeAtomic } from "../core";

/** Decoded pictures of one shape, picture after picture, and what was learnt while decoding them. */
export interface DecodedPictures<Facts> {
  readonly facts: Facts;
  readonly values: Uint8Array;
}

const MAGIC = "blockwise pictures 2\n";
const DIGEST = 32;
/** Node reads and writes files of at most 2 GiB in one piece; larger sets are decoded anew each time, or stay in a file of their own (`picture-store.ts`). */
const MOST_BYTES = 2 ** 31 - 2 ** 20;

/**
 * What was kept under a key, which has to name all that the values depend on. An entry that is damaged in any byte counts as
 * absent, and is written anew.
 */
export async function keptPictures<Facts>(
  key: string,
  decode: () => Promise<DecodedPictures<Facts>>,
): Promise<DecodedPictures<Facts>> {
  const path = pathOf(key);
  const kept = readEntry<Facts>(path, keptBytes(key));
  if (kept) return kept;
  const decoded = await decode();
  writeEntry(path, decoded);
  return decoded;
}

/** How many bytes the entry of a key has, 0 where there is none. */
export function keptBytes(key: string): number {
  try {
    return statSync(pathOf(key), { throwIfNoEntry: false })?.size ?? 0;
  } catch {
    // No folder that could have one: what cannot be written is told where it must be.
    return 0;
  }
}

function pathOf(key: string): string {
  return join(cacheFolder(), "pictures", `${key}.bin`);
}

function readEntry<Facts>(path: string, size: number): DecodedPictures<Facts> | undefined {
  if (size <= MAGIC.length + DIGEST || size > MOST_BYTES || !beginsRight(path)) return undefined;
  const bytes = readFileSync(path);
  const body = bytes.subarray(0, bytes.length - DIGEST);
  if (!createHash("sha256").update(body).digest().equals(bytes.subarray(body.length))) return undefined;
  const start = body.indexOf("\n", MAGIC.length) + 1;
  const facts = JSON.parse(body.toString("utf8", MAGIC.length, start)) as Facts;
  return { facts, values: new Uint8Array(body.buffer, body.byteOffset + start, body.length - start) };
}

function beginsRight(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const begin = Buffer.alloc(MAGIC.length);
    readSync(file, begin, 0, begin.length, 0);
    return begin.toString("latin1") === MAGIC;
  } finally {
    closeSync(file);
  }
}

/** A cache that cannot be written (no room, read-only) costs time, not the result. */
function writeEntry<Facts>(path: string, { facts, values }: DecodedPictures<Facts>): void {
  const head = Buffer.from(`${MAGIC}${JSON.stringify(facts)}\n`);
  if (head.length + values.length + DIGEST > MOST_BYTES) return;
  const digest = createHash("sha256").update(head).update(values).digest();
  try {
    makeFolder(join(path, ".."));
    writeAtomic(path, Buffer.concat([head, values, digest]));
  } catch (error) {
    const code = failedBy(error) ?? "";
    if (!["ENOSPC", "EROFS", "EACCES", "EPERM", "EDQUOT", "ENOTDIR"].includes(code)) throw error;
  }
}
