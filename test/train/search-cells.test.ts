import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/core";
import { syntheticDataset } from "../../src/data";
import { engine, tf } from "../../src/engine";
import { CellNetwork, MixedCellNetwork } from "../../src/nn";
import { dartsNetwork, type MixedCell } from "../../src/space";
import { searchCells } from "../../src/train";

const data = syntheticDataset({ count: 128, validationCount: 32, testCount: 4 });
const mixed: MixedCell = { ops: ["none", "skip", "dw3", "max3"], nodes: 2 };
const scale = { channels: 4, layers: 3, input: data.shape, classes: data.classes.length };
const supernet = () =>
  new MixedCellNetwork(mixed, (cell) => dartsNetwork("mixture", { normal: cell, reduction: cell }, scale), new Rng(1));
const options = { seed: 1, epochs: 2, batchSize: 16 };

let folder: string;
beforeAll(() => {
  engine.use("auto", { threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "search-cells-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a network of mixed cells", () => {
  it("is the mean of its operations at first, and the operation alone whose weight is 1", () => {
    const network = supernet();
    const alpha = network.architectureParameters();
    for (const variable of alpha.values()) {
      const one = tf.oneHot(tf.fill([5], 2, "int32"), 4, 60, -60, "float32");
      variable.assign(one);
    }
    const cell = network.cells().normal;
    expect(new Set(cell.nodes.flat().map(({ op }) => op))).toEqual(new Set(["dw3"]));
    for (const row of network.mixture().normal) expect(row[2]).toBeCloseTo(1, 6);
    network.dispose();
  });

  it("holds its batch norms' scale and shift still, but not those of stem and head", () => {
    const network = supernet();
    const weights = [...network.weights().keys()];
    expect(weights.filter((name) => /^cell.*(gamma|beta)$/.test(name))).toEqual([]);
    expect(weights.some((name) => /^stem.*gamma$/.test(name))).toBe(true);
    expect(weights.some((name) => name.startsWith("alpha."))).toBe(false);
    network.dispose();
  });
});

describe("a search by gradient descent", () => {
  it.each([1, 2] as const)(
    "of order %i moves both, leaves nothing behind, and its cells make a network",
    async (order) => {
      const network = supernet();
      const first = network.mixture();
      const before = tf.memory().numTensors;
      const { history, cells, best } = await searchCells(network, data, { ...options, order });
      expect(tf.memory().numTensors).toBe(before);
      expect(history).toHaveLength(2);
      expect(history[1].trainLoss).toBeLessThan(history[0].trainLoss);
      expect(best.validationAccuracy).toBe(Math.max(...history.map(({ validationAccuracy }) => validationAccuracy)));
      expect(network.mixture()).not.toEqual(first);
      const { normal, reduction } = cells;
      const found = new CellNetwork(dartsNetwork("found", { normal, reduction }, scale), new Rng(1));
      expect(found.parameters().size).toBeGreaterThan(0);
      found.dispose();
      network.dispose();
    },
  );

  it("that was stopped after an epoch ends as one that was not", async () => {
    const search = async (name: string, stopped: boolean) => {
      const network = supernet();
      const checkpoint = join(folder, `${name}.safetensors`);
      try {
        if (stopped) {
          const controller = new AbortController();
          const onProgress = ({ done }: { done: number }) => {
            if (done === 9) controller.abort();
          };
          const context = { signal: controller.signal, onProgress };
          await expect(searchCells(network, data, { ...options, checkpoint }, context)).rejects.toThrow(/stopped/);
        }
        const { history } = await searchCells(network, data, { ...options, checkpoint });
        return history.map(({ durationMs: _, ...rest }) => rest);
      } finally {
        network.dispose();
      }
    };
    expect(await search("stopped", true)).toEqual(await search("whole", false));
  });

  it("refuses an order that there is not", async () => {
    const network = supernet();
    await expect(searchCells(network, data, { ...options, order: 3 as never })).rejects.toThrow(/order must be 1 or 2/);
    network.dispose();
  });
});
