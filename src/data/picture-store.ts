import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  breathe,
  cacheFolder,
  DataError,
  formatCount,
  Progress,
  type StepContext,
  systemCode,
  temporaryName,
  writeAtomic,
  writeFully,
} from "../core";
import { closeStored } from "./stored-pictures";

/** Decoded pictures in a file of the cache, and what was learnt while decoding them. */
export interface KeptInFile<Facts> {
  readonly facts: Facts;
  /** Picture after picture from its first byte. */
  readonly file: string;
}

interface Entry<Facts> {
  readonly facts: Facts;
  readonly bytes: number;
  readonly sha256: string;
}

const PIECE = 2 ** 22;

const placeOf = (key: string) => join(cacheFolder(), "pictures", `${key}.stored`);

/** What a file of the cache would hold under a key, without looking whether it is whole; undefined where there is none. */
export function storedFacts<Facts>(key: string): (Entry<Facts> & { readonly file: string }) | undefined {
  const file = placeOf(key);
  try {
    const entry = JSON.parse(readFileSync(`${file}.json`, "utf8")) as Entry<Facts>;
    return statSync(file).size === entry.bytes ? { ...entry, file } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Pictures that are too many for memory: what is kept in the cache's file under a key, if all of its bytes are as they were
 * written; otherwise they are decoded into it, each as it comes.
 * @param decode Writes each picture's values at its place, and says what was learnt.
 * @throws DataError when the disk has no room, or the cache cannot be written.
 */
export async function picturesInFile<Facts>(
  name: string,
  key: string,
  bytes: number,
  decode: (write: (at: number, values: Uint8Array) => void) => Promise<Facts>,
  context: StepContext,
): Promise<KeptInFile<Facts>> {
  const kept = storedFacts<Facts>(key);
  if (kept && (await digestOf(name, kept.file, context)) === kept.sha256) return { facts: kept.facts, file: kept.file };
  const file = placeOf(key);
  const fail = (cause: unknown) => {
    const code = systemCode(cause);
    if (code === undefined) return cause;
    return new DataError(
      `${name}: its decoded pictures are ${formatCount(bytes)}B, more than the memory they may take, and must be kept in ${dirname(file)}, which fails (${code}); free space there, set BLOCKWISE_CACHE to a folder on another disk, give a smaller \`shape\`, or allow more by \`memory\``,
      { bytes },
      { cause },
    );
  };
  const beside = join(dirname(file), temporaryName(file));
  try {
    mkdirSync(dirname(file), { recursive: true });
    checkRoom(name, dirname(file), bytes);
    const descriptor = openSync(beside, "wx", 0o600);
    let facts: Facts;
    try {
      facts = await decode((at, values) => writeFully(descriptor, values, at));
      // A picture that cannot be read leaves a hole, also at the end.
      if (statSync(beside).size < bytes) writeFully(descriptor, new Uint8Array(1), bytes - 1);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    const sha256 = await digestOf(name, beside, context);
    rmSync(`${file}.json`, { force: true });
    closeStored(file);
    renameSync(beside, file);
    writeAtomic(`${file}.json`, JSON.stringify({ facts, bytes, sha256 } satisfies Entry<Facts>));
    return { facts, file };
  } catch (cause) {
    throw fail(cause);
  } finally {
    if (existsSync(beside)) rmSync(beside);
  }
}

/** @throws DataError when a folder's disk has no room for so many bytes. */
export function checkRoom(name: string, folder: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(folder);
  const room = bavail * bsize;
  if (room >= bytes) return;
  throw new DataError(
    `${name}: its decoded pictures are ${formatCount(bytes)}B, more than the memory they may take, and ${folder} has room for ${formatCount(room)}B; free space there, set BLOCKWISE_CACHE to a folder on another disk, give a smaller \`shape\`, or allow more by \`memory\``,
    { bytes, room },
  );
}

async function digestOf(name: string, file: string, context: StepContext): Promise<string> {
  const hash = createHash("sha256");
  const pieces = Math.ceil(statSync(file).size / PIECE);
  const progress = new Progress(context, `check ${name}`, pieces, "pieces");
  const descriptor = openSync(file, "r");
  try {
    const piece = new Uint8Array(PIECE);
    for (let i = 0; i < pieces; i++) {
      hash.update(piece.subarray(0, readSync(descriptor, piece, 0, PIECE, i * PIECE)));
      progress.advance();
      await breathe();
    }
    return hash.digest("hex");
  } finally {
    closeSync(descriptor);
  }
}
