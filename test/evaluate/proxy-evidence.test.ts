import { beforeAll, expect, it } from "vitest";
import {
  assemble,
  type BriefReads,
  blockSpace,
  costRange,
  type EvidenceOptions,
  engine,
  fingerprint,
  gatherEvidence,
  identity,
  mbconv,
  ratingTable,
  reducedNetwork,
  syntheticDataset,
} from "../../src";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

// Small: proposals look at every candidate.
const maps = [28, 14, 7].map((side, i) => ({ height: side, width: side, channels: [1, 8, 16][i] }));
const shapes = [0, 1].map((block) => ({ input: maps[block], output: maps[block + 1] }));
const space = blockSpace(shapes, { ops: [identity, ...mbconv([3], [2, 3])] });
const data = syntheticDataset({ count: 96, validationCount: 32, testCount: 16, classes: 10, shape: space.input });

/** Gathers evidence with trainings that are looked up: what they would have read is what is asked about. */
async function readsOf(options: Partial<EvidenceOptions>) {
  const seen: BriefReads[] = [];
  const accuracies = new Map<string, number>();
  const kept = {
    of(reads: BriefReads) {
      seen.push(reads);
      const name = fingerprint(reads);
      accuracies.set(name, accuracies.get(name) ?? 0.5 + accuracies.size / 100);
      return accuracies.get(name);
    },
    keep() {},
  };
  const table = ratingTable(space, ({ path }) => path.reduce((sum, op) => sum + op, 0));
  const { trained } = await gatherEvidence(
    { space, table, data, kept },
    { networks: 4, rounds: 1, budgets: [{ macs: costRange(table, "macs").most }], seed: 1, ...options },
    {},
  );
  return { trained, seen };
}

it("the loop of ratings.improve trains by a proxy: narrower networks, smaller and fewer images, fewer epochs", async () => {
  const { trained, seen } = await readsOf({ proxy: "c2r2s1e1" });
  const { name: _, ...first } = reducedNetwork(assemble(space, trained[0].network.choice), 0.5, {
    ...space.input,
    height: Math.round(space.input.height / 2),
    width: Math.round(space.input.width / 2),
  });
  expect(seen[0].architecture).toEqual(first);
  expect(seen[0].images).toHaveLength(Math.round(data.train.count / 2));
  expect(seen[0].training.epochs).toBe(1);
  // What is proposed and calibrated are the networks themselves.
  expect(trained[0].network.cost.macs).toBeGreaterThan(0);
});

it("the same by shares; without a proxy nothing is reduced", async () => {
  const shares = { channels: 0.5, resolution: 0.5, samples: 0.5, epochs: 1 };
  const { seen } = await readsOf({ proxy: shares });
  expect(seen).toEqual((await readsOf({ proxy: "c2r2s1e1" })).seen);
  const whole = await readsOf({});
  expect(whole.seen[0].architecture.input).toEqual(space.input);
  expect(whole.seen[0].images).toBeUndefined();
});

it("refuses a proxy that comes with what it says itself, is a stage, or is none", async () => {
  await expect(readsOf({ proxy: "c2r2s1e1", images: 20 })).rejects.toThrow(/must come without images/);
  await expect(readsOf({ proxy: "c2r2s1e1", training: { epochs: 2 } })).rejects.toThrow(/must come without epochs/);
  await expect(readsOf({ proxy: "c2r2s1e1of2" })).rejects.toThrow(/whole training, got the first 1 of 2 epochs/);
  await expect(readsOf({ proxy: "cheap" })).rejects.toThrow(/e\.g\. "c4r4s0e60"/);
  await expect(readsOf({ proxy: { width: 0.5 } })).rejects.toThrow(/"width" is not known/);
});
