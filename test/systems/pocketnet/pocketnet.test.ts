import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../../src/engine";
import {
  faceData,
  judgedPairs,
  longerEpochs,
  POCKETNET_ARM_NAMES,
  POCKETNET_SETTINGS,
  type PocketNetSettings,
  sameProgress,
  storedPocketNet,
  summarisePocketNet,
  writePocketNet,
} from "../../../src/systems/pocketnet";

const tiny: PocketNetSettings = {
  ...POCKETNET_SETTINGS,
  faces: { seed: 1, identities: 16, pictures: 8, side: 16 },
  strangers: { seed: 1, strangers: 8, validationCount: 8, testCount: 8 },
  pairs: { seed: 1, folds: 2, pairs: 40 },
  embedding: 8,
  student: { channels: 4, layers: 3, headChannels: 16 },
  training: { epochs: 2, batchSize: 16, learningRate: 0.05 },
  teacher: { seed: 1, epochs: 4, batchSize: 16, learningRate: 0.05 },
  seeds: [1],
  search: { seed: 1, epochs: 1, batchSize: 8, order: 1 },
  blockwise: { blocks: 3, seed: 1, epochs: 1, images: 32 },
};

let folder: string;
beforeAll(() => {
  engine.use("auto", { threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "pocketnet-"));
  process.env.BLOCKWISE_CACHE = join(folder, "cache");
});
afterAll(() => {
  delete process.env.BLOCKWISE_CACHE;
  rmSync(folder, { recursive: true, force: true });
});

describe("PocketNet's study", () => {
  it("goes on where it was stopped and ends as one that was not, and its file has what the figures need", async () => {
    const write = (
      name: string,
      signal?: AbortSignal,
      onProgress?: (event: { task: string; done: number }) => void,
    ) => {
      const place = { runs: join(folder, name), file: join(folder, `${name}.json`), command: "test" };
      return writePocketNet(place, { signal, onProgress }, tiny, [1]);
    };
    const controller = new AbortController();
    const stop = ({ task, done }: { task: string; done: number }) => {
      if (task.startsWith("train kd") && done === 4) controller.abort();
    };
    await expect(write("stopped", controller.signal, stop)).rejects.toThrow(/stopped/);
    await write("stopped");
    await write("whole");
    const read = (name: string) => {
      const text = readFileSync(join(folder, `${name}.json`), "utf8").replace(/"durationMs": [\d.]+/g, "");
      const { provenance: _, sha256: __, ...rest } = JSON.parse(text.replace(/,\s*\}/g, "}"));
      return rest;
    };
    expect(read("stopped")).toEqual(read("whole"));
    const stored = storedPocketNet(join(folder, "whole.json"));
    const { arms, teacher, differences } = summarisePocketNet(stored, stored.settings);
    expect(arms.map(({ arm }) => arm)).toEqual(POCKETNET_ARM_NAMES);
    for (const { accuracy, epochs } of arms) {
      expect(accuracy.mean).toBeGreaterThan(40);
      expect(epochs).toBeGreaterThanOrEqual(2);
    }
    expect(arms.find(({ arm }) => arm === "multi-step")!.distances).toHaveLength(2);
    expect(arms.find(({ arm }) => arm === "none")!.distances).toEqual([]);
    // Of 80 pairs of two people a rate of 0.001 is not measured.
    expect(teacher.tar["0.001"]).toBeNull();
    expect(differences.length).toBeGreaterThan(0);
    expect(stored.students.blockwise.macs).toBeLessThanOrEqual(stored.students.darts.macs);
  });

  it("judges stored cosines by pairs in the order in which they were drawn", async () => {
    const { pairs } = await faceData(tiny);
    expect(judgedPairs(tiny)).toEqual({ folds: 2, pairs: pairs.pairs.map(({ same, fold }) => ({ same, fold })) });
  });

  it("counts the final teacher's pass in epochs", () => {
    const [student, teacher] = [1e6, 9e6].map((macs) => ({ macs, params: 0 }));
    expect(longerEpochs(tiny, student, teacher)).toBe(5);
  });

  it("pairs a student's epoch with the teacher's of the same progress, the last with the last", () => {
    expect([1, 2, 3].map((epoch) => sameProgress(epoch, 3, 9))).toEqual([3, 6, 9]);
    expect([1, 2, 3, 4].map((epoch) => sameProgress(epoch, 4, 2))).toEqual([1, 1, 2, 2]);
    expect(sameProgress(1, 6, 1)).toBe(1);
  });

  it("says which command makes a file that is not there", () => {
    expect(() => storedPocketNet(join(folder, "none.json"))).toThrow(/npx blockwise study pocketnet/);
  });
});
