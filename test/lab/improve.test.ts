import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError, InterruptedError, type ProgressEvent } from "../../src/core";
import { engine } from "../../src/engine";
import type { LabImproveOptions, LabRatings } from "../../src/lab";
import { inNotebook } from "./recording-host";
import { tinySupernet } from "./tiny";

let ratings: LabRatings;
let supernet: Awaited<ReturnType<typeof tinySupernet>>["supernet"];
const folder = mkdtempSync(join(tmpdir(), "blockwise-improve-"));
const options: LabImproveOptions = { networks: 10, rounds: 2, epochs: 3, batchSize: 16, budget: { macs: "90%" } };

beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  ({ supernet } = await tinySupernet());
  await supernet.distill({ epochs: 1, batchSize: 16 });
  ratings = await supernet.rate({ images: 32, batchSize: 16, calibrationImages: 16 });
});

afterAll(() => {
  supernet?.dispose();
  rmSync(folder, { recursive: true });
});

/** Accuracies that a call learnt from, and how many networks it trained for them. */
async function improved(given: LabImproveOptions, stopAfter = Number.POSITIVE_INFINITY) {
  const controller = new AbortController();
  const events: ProgressEvent[] = [];
  const onProgress = (event: ProgressEvent) => {
    events.push(event);
    if (events.length >= stopAfter) controller.abort();
  };
  const result = await ratings.improve(given, { onProgress, signal: controller.signal });
  return { result, events, evidence: result.calibration.calibration.evidence };
}

describe("ratings.improve", () => {
  it("trains as many networks as asked for, and searches by what they say", async () => {
    const { result, events, evidence } = await improved(options);
    expect(evidence).toHaveLength(10);
    expect(events.at(-1)).toMatchObject({ done: 10, total: 10, unit: "networks" });
    expect(result.search({ macs: "90%" }).macs).toBeLessThanOrEqual(0.9 * ratings.session.teacher.cost.macs);
  });

  it("goes on with what a call that was stopped had trained, and ends the same", async () => {
    const fresh = { ...options, seed: 5 };
    await expect(improved(fresh, 3)).rejects.toThrow(InterruptedError);
    const { evidence } = await improved(fresh);
    const other = await improved({ ...fresh, directory: folder });
    expect(other.evidence).toEqual(evidence);
  });

  it("keeps accuracies in a folder by all that decides them", async () => {
    await improved({ ...options, seed: 6, directory: folder });
    const before = readdirSync(folder).length;
    await improved({ ...options, seed: 6, images: 48, directory: folder });
    expect(readdirSync(folder).length).toBe(before + 1);
  });

  it("shows the front anew after each round, in one output", async () => {
    await inNotebook(async (host) => {
      await ratings.improve({ ...options, seed: 7 });
      const front = host.shown.filter(({ bundle }) => /brief trainings let expect/.test(String(bundle["text/html"])));
      expect(front.map(({ update }) => update)).toEqual([false, true]);
      expect(new Set(front.map(({ id }) => id)).size).toBe(1);
    });
  });

  it("refuses what is no budget, and options that are misspelt", async () => {
    await expect(ratings.improve({ ...options, budget: {} })).rejects.toThrow(
      /budget must be what the network may cost/,
    );
    await expect(ratings.improve({ ...options, netwroks: 8 } as never)).rejects.toThrow(/did you mean networks/);
    await expect(ratings.improve({ ...options, networks: 2 })).rejects.toThrow(ConfigError);
    await expect(ratings.improve({ ...options, budget: { macs: 10 } })).rejects.toThrow(/10/);
  });
});
