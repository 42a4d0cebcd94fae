import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { BlockwiseError } from "../../src/core";
import { largestAllocation } from "./allocations";
import { damaged } from "./mutations";
import { type Reader, readers } from "./readers";

/** A few cases each unless CI asks for more: `BLOCKWISE_FUZZ_SECONDS=20`, by any seed `FC_SEED=<number>`. */
const SECONDS = Number(process.env.BLOCKWISE_FUZZ_SECONDS ?? 0);
const RUNS = 60;
/** What a reader may ask for beside what came: its own tables and messages. */
const OWN_BYTES = 1 << 20;
/** How many times what came: half precision as float32, a copy or two of it. */
const COPIES = 16;

const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("whatever is handed over", async () => {
  for (const [i, reader] of (await readers()).entries()) {
    const own = join(folder, `${i}`);
    mkdirSync(own);
    test(`${reader.name}: what is whole is read`, async () => {
      expect(reader.whole.length).toBeGreaterThan(0);
      for (const whole of reader.whole) await reader.read(whole, own);
    });
    test(`${reader.name}: what is damaged is read, or refused in a sentence; nothing beyond its size is asked for`, async () => {
      const limit = SECONDS > 0 ? { numRuns: 1e6, interruptAfterTimeLimit: 1000 * SECONDS } : { numRuns: RUNS };
      const given = fc.oneof(...reader.whole.map(damaged));
      await fc.assert(
        fc.asyncProperty(given, (bytes) => readOrRefused(reader, bytes, own)),
        limit,
      );
    });
  }
});

async function readOrRefused(reader: Reader, bytes: Uint8Array, own: string): Promise<void> {
  let refused: unknown;
  const most = await largestAllocation(async () => {
    try {
      await reader.read(bytes, own);
    } catch (error) {
      refused = error;
    }
  });
  if (refused !== undefined) {
    expect(refused, String((refused as Error).stack ?? refused)).toBeInstanceOf(reader.plain ? Error : BlockwiseError);
    const { message } = refused as Error;
    expect(message.length).toBeGreaterThan(10);
    expect(message).not.toMatch(/undefined is not|Cannot read propert|is not a function|is not iterable|call stack/);
  }
  expect(most).toBeLessThanOrEqual(OWN_BYTES + Math.max(COPIES, reader.packs ?? 0) * bytes.length);
}
