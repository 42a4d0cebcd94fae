import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { DataError, InterruptedError, Progress, type StepContext, writeAtomic } from "../core";

/** One file to fetch: the first address that answers with the right bytes is taken. */
export interface Download {
  readonly urls: readonly string[];
  /** Hexadecimal; all of it, or its beginning where no more is known; "" takes what comes. */
  readonly sha256?: string;
  /** Where no SHA-256 is published. */
  readonly md5?: string;
  readonly path: string;
}

const ANSWER_MS = 8000;

/**
 * Fetches files that are not there yet, checks their checksums and writes each whole or not at all.
 * @param otherwise What to do without a network, for the message. `BLOCKWISE_OFFLINE=1` forbids all downloads.
 * @throws DataError when no address gives a file with the right checksum.
 * @throws InterruptedError when stopped.
 */
export async function downloadAll(
  name: string,
  downloads: readonly Download[],
  otherwise: string,
  context: StepContext = {},
): Promise<void> {
  const progress = new Progress(context, `download ${name}`, downloads.length, "files");
  for (const download of downloads) {
    if (!isWhole(download)) writeAtomic(download.path, await fetchOne(name, download, otherwise, context));
    progress.advance();
  }
}

function isWhole(download: Download): boolean {
  return existsSync(download.path) && mismatch(download, readFileSync(download.path)) === undefined;
}

async function fetchOne(name: string, download: Download, otherwise: string, context: StepContext) {
  const { urls, path } = download;
  if (process.env.BLOCKWISE_OFFLINE === "1") {
    throw new DataError(
      `${name} is not on this machine, and BLOCKWISE_OFFLINE=1 forbids to download it. Unset BLOCKWISE_OFFLINE, or ${otherwise}.`,
      { name, path },
    );
  }
  const failures: string[] = [];
  for (const url of urls) {
    try {
      const response = await answered(url, context.signal);
      if (!response.ok) throw new Error(`HTTP status ${response.status}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      const wrong = mismatch(download, bytes);
      if (wrong === undefined) return bytes;
      failures.push(`${url}: ${wrong} (${bytes.length} bytes)`);
    } catch (error) {
      if (context.signal?.aborted) throw new InterruptedError(`download ${name}: stopped`, { name });
      failures.push(`${url}: ${reason(error)}`);
    }
  }
  throw new DataError(
    `${name} is not on this machine, and ${basename(path)} could not be downloaded (${failures.join("; ")}). Check the network, or ${otherwise}.`,
    { name, path, failures },
  );
}

/** Fetches; an address that does not begin to answer counts as failed after {@link ANSWER_MS}, the rest may take its time. */
async function answered(url: string, signal: AbortSignal | undefined): Promise<Response> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Error(`no answer within ${ANSWER_MS / 1000} s`)), ANSWER_MS);
  try {
    return await fetch(url, { signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal });
  } finally {
    clearTimeout(timer);
  }
}

/** `fetch` says "fetch failed" and keeps the reason (no such host, refused) in its cause. */
function reason(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

/** What is wrong with the bytes, undefined where their checksum is right. */
function mismatch({ sha256, md5 }: Download, bytes: Uint8Array): string | undefined {
  if (sha256 === undefined) {
    const got = createHash("md5").update(bytes).digest("hex");
    return got === md5 ? undefined : `MD5 must be ${md5}, got ${got}`;
  }
  const got = createHash("sha256").update(bytes).digest("hex");
  if (got.startsWith(sha256)) return undefined;
  return `SHA-256 must ${sha256.length < 64 ? "begin with" : "be"} ${sha256}, got ${got}`;
}
