import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { lab } from "../../../src";
import { cellNetworkCost } from "../../../src/cost";
import type { Evaluator } from "../../../src/evaluate";
import type { CellPair } from "../../../src/space";
import {
  drawnLimits,
  evaluationsOf,
  finalSizes,
  smallPairSpace,
  storedTrained,
  summariseTrained,
  TRAINED,
  trainedPairs,
  trainedSearches,
} from "../../../src/systems/eeea";

const stored = storedTrained();
const summary = summariseTrained(stored);
const keysOf = (run: { keys: string }) => run.keys.split(" ");

describe("the stored searches that trained their networks", () => {
  it("trained as many different networks in each search, and each of them is kept", () => {
    for (const arm of TRAINED.arms) {
      expect(stored.arms[arm].map(({ seed }) => seed)).toEqual(Array.from({ length: TRAINED.seeds }, (_, i) => i + 1));
      for (const run of stored.arms[arm]) {
        expect(new Set(keysOf(run)).size).toBe(evaluationsOf(TRAINED));
        for (const key of keysOf(run)) expect(stored.cells).toHaveProperty([key]);
      }
    }
  });

  it("begin with the same draws as random search of their seed where no early exit is", () => {
    for (const [i, run] of stored.arms.ga.entries()) {
      const first = keysOf(run).slice(0, TRAINED.population);
      expect(first).toEqual(keysOf(stored.arms.random[i]).slice(0, TRAINED.population));
    }
  });

  it("let nothing beyond the limit into the first generation, and the limit is that of random pairs", () => {
    expect(stored.limits).toEqual(drawnLimits());
    const { params } = stored.limits["ga-50"]!;
    for (const run of stored.arms["ga-50"]) {
      const first = keysOf(run).slice(0, TRAINED.population);
      for (const key of first) expect(stored.cells[key][3]).toBeLessThanOrEqual(params);
    }
  });

  it("search the same networks again where what was trained is looked up, at the costs that they have", async () => {
    const table = trainedPairs(stored);
    const space = smallPairSpace();
    const looked: Evaluator<CellPair, never> = {
      name: "looked up",
      fingerprint: table.fingerprint,
      noise: table.noise,
      budgets: [],
      async evaluate(pair) {
        const key = space.key(pair);
        expect(stored.trainedMacs[key]).toBe(cellNetworkCost(space.architecture(pair)).macs);
        return table.look(key);
      },
    };
    const plan = { ...TRAINED, limits: stored.limits, sizeOf: finalSizes() };
    const { arms, networks } = await trainedSearches(space, looked, plan);
    expect(arms).toEqual(stored.arms);
    for (const [key, { macs, params }] of networks) expect(stored.cells[key].slice(2)).toEqual([macs, params]);
  });

  it("learnt: the networks are above chance, and two trainings of one agree", () => {
    expect(summary.accuracies.median).toBeGreaterThan(40);
    expect(summary.again.rho).toBeGreaterThan(0);
    expect(summary.again.networks).toBe(TRAINED.again.networks);
  });
});

describe("lab.eeeaTrained", () => {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-eeea-trained-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("has a row a search, and findings of these runs that leave nothing unmeasured", () => {
    const shown = lab.eeeaTrained();
    expect(shown.table().rows).toHaveLength(TRAINED.arms.length);
    const sentences = shown.findings().sentences.join("\n");
    expect(sentences).not.toMatch(/NaN|undefined|Infinity/);
    expect(sentences).toContain(`${summary.networks} networks were trained`);
  });

  it("refuses a file in which a network of a search is missing", () => {
    const [gone] = keysOf(stored.arms.ga[0]);
    const { [gone]: _, ...cells } = stored.cells;
    const file = join(folder, "torn.json");
    writeFileSync(file, JSON.stringify({ ...stored, cells }));
    expect(() => lab.eeeaTrained(file)).toThrow(/every network of a search must be among its cells/);
  });
});
