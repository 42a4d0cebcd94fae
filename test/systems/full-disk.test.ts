import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { BlockwiseError, isTemporary } from "../../src/core";
import { engine } from "../../src/engine";
import type { MeasuredFront } from "../../src/retrain";
import { RunDirectory } from "../../src/study";
import { parseExperiment, runExperiment } from "../../src/systems/dna";
import { canMount, smallDisk } from "../core/small-disk";
import { tinyExperiment } from "./tiny-experiment";

const config = parseExperiment({
  ...tinyExperiment,
  teacher: { ...tinyExperiment.teacher, epochs: 1 },
  distill: { images: 64, epochs: 1, batchSize: 16 },
  rate: { images: 32, calibrationImages: 16, batchSize: 16 },
  retrain: { epochs: 1, batchSize: 64, alongFront: 1, random: 1, tolerance: 0.3 },
});

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

async function run(folder: string): Promise<MeasuredFront> {
  const directory = RunDirectory.open(folder, config, { mayChange: true });
  try {
    return await runExperiment(config, directory, { onWarning: () => {}, onNote: () => {} });
  } finally {
    directory.close();
  }
}

const results = (folder: string) =>
  ["ratings/block0.json", "ratings/block1.json", "ratings/table.json", "front.json"].map((file) =>
    readFileSync(join(folder, file), "utf8"),
  );

test.runIf(canMount)(
  "on disks of twenty sizes a run ends, or says that the disk is full; with more space the same run ends as any",
  async () => {
    const disk = smallDisk(64 * 1024 * 1024)!;
    try {
      const folder = join(disk.path, "run");
      const front = await run(folder);
      const wanted = results(folder);
      let full = 0;
      for (let i = 0; i < 20; i++) {
        rmSync(folder, { recursive: true });
        const size = Math.round((16 * 1024 * 60 ** (i / 19)) / 4096) * 4096;
        disk.resize(size);
        try {
          expect(await run(folder), `${size} bytes`).toEqual(front);
        } catch (error) {
          if (!(error instanceof BlockwiseError)) throw error;
          expect(error.message, `${size} bytes`).toMatch(
            /the disk is full \(ENOSPC\); free space and run the same command/,
          );
          full++;
        }
        disk.resize(64 * 1024 * 1024);
        expect(await run(folder), `${size} bytes, enlarged`).toEqual(front);
        expect(results(folder), `${size} bytes, enlarged`).toEqual(wanted);
        expect(readdirSync(folder, { recursive: true }).map(String).filter(isTemporary)).toEqual([]);
      }
      expect(full).toBeGreaterThan(10);
    } finally {
      disk.unmount();
    }
  },
  300_000,
);
