import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core";
import {
  type LatencyTable,
  latencyKey,
  latencyTableOf,
  layersOfSpace,
  networkLatency,
  parseLatencyTable,
} from "../../src/cost";
import { allNetworks, bruteForce, ilpSearch, ratingTable, searchBest, withLatency } from "../../src/search";
import { assemble, spacePreset } from "../../src/space";
import { tinySpace } from "../distill/tiny";

const space = tinySpace();

/** Made-up latencies: a layer's number among all. */
function made(of = space): LatencyTable {
  const entries = layersOfSpace(of).map(({ layer, input }, i) => {
    const medianMs = 1 + (i % 7) / 10;
    return { key: latencyKey(layer, input), medianMs, lowMs: medianMs, highMs: 2 * medianMs, runs: 3 };
  });
  const engine = { backend: "none", device: "cpu", threads: 1, versions: {} };
  return latencyTableOf({ subject: of.name, batch: 1, cpu: "none", engine, entries });
}

describe("measured latencies as a cost", () => {
  const table = withLatency(
    ratingTable(space, ({ path }) => path.reduce((sum, op) => sum + op, 1)),
    space,
    made(),
  );

  it("a network's latency is the sum of its layers', whichever way it is counted", () => {
    for (const network of allNetworks(table)) {
      expect(network.cost.latencyMs).toBeCloseTo(networkLatency(made(), assemble(space, network.choice)), 9);
    }
  });

  it("can be limited with other quantities, also as an interval, by every searcher", async () => {
    const all = allNetworks(table);
    const times = all.map(({ cost }) => cost.latencyMs!).sort((a, b) => a - b);
    const middle = times[times.length >> 1];
    const macs = Math.max(...all.map(({ cost }) => cost.macs!)) - 1;
    const [best] = bruteForce(table, { latencyMs: middle, macs });
    expect(searchBest(table, { latencyMs: middle, macs })[0].score).toBe(best.score);
    expect((await ilpSearch(table, { latencyMs: middle, macs }))[0].score).toBe(best.score);
    const [slow] = await ilpSearch(table, { latencyMs: [middle, times[times.length - 1]], macs });
    expect(slow.cost.latencyMs).toBeGreaterThanOrEqual(middle);
    expect(slow.cost.macs).toBeLessThanOrEqual(macs);
  });

  it("the layers of the paper's space are few: its candidates share them", () => {
    const layers = layersOfSpace(spacePreset("dna"));
    const ops = layers.filter(({ layer }) => layer.kind === "mbconv");
    // Stem, then per block six ops at each first place and each inner one.
    expect(ops.length).toBeLessThan(200);
    expect(new Set(layers.map(({ layer, input }) => latencyKey(layer, input))).size).toBe(layers.length);
  });

  it("a layer that was not measured is named, and so is what is wrong in a file", () => {
    const holed = { ...made(), entries: made().entries.slice(1) };
    expect(() => withLatency(table, space, holed)).toThrow(/it must have "cn_k3_s1_c4 @ 8x8x1", and has not/);
    expect(parseLatencyTable(JSON.parse(JSON.stringify(made())))).toEqual(made());
    expect(() => parseLatencyTable({ ...made(), batch: 0 }, "mine.json")).toThrow(ConfigError);
    expect(() => parseLatencyTable({ ...made(), batch: 0 }, "mine.json")).toThrow(/mine.json[\s\S]*batch/);
  });

  it("all layers that are missing are named at once, the first ten and how many there are", () => {
    const whole = made();
    const keys = whole.entries.map(({ key }) => key);
    expect(keys.length).toBeGreaterThan(14);
    const cut = { ...whole, entries: whole.entries.slice(0, 4) };
    const price = () => {
      const priced = withLatency(
        ratingTable(space, () => 1),
        space,
        cut,
      );
      return allNetworks(priced);
    };
    try {
      price();
      expect.fail("was accepted");
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(new Set((error as ConfigError).details.missing as string[])).toEqual(new Set(keys.slice(4)));
      expect((error as Error).message).toContain(`and ${keys.length - 14} more (${keys.length - 4} missing)`);
      expect((error as Error).message.match(/ @ /g)).toHaveLength(10);
    }
  });

  it("a table of another device needs of its entries the key and the median only, each layer once", () => {
    const whole = made();
    const short = parseLatencyTable({
      ...whole,
      entries: whole.entries.map(({ key, medianMs }) => ({ key, medianMs })),
    });
    const table = ratingTable(space, () => 1);
    expect(withLatency(table, space, short)).toEqual(withLatency(table, space, whole));
    const twice = { ...whole, entries: [...whole.entries, whole.entries[1]] };
    expect(() => parseLatencyTable(twice)).toThrow(/each layer once.*twice/);
  });
});
