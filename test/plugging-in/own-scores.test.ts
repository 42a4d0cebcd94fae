import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core";
import { DISPLAY, type Displayable } from "../../src/display-protocol";
import { engine } from "../../src/engine";
import { lab } from "../../src/lab";
import { allNetworks, exactFront, ratingTable, searchBest } from "../../src/search";
import { candidateId, nasBenchMacroSpace } from "../../src/space";
import { tinySupernet } from "../lab/tiny";

async function shown(value: Displayable): Promise<string> {
  return String((await value[DISPLAY]())["text/plain"]);
}

describe("own scores", () => {
  let flow: Awaited<ReturnType<typeof tinySupernet>>;
  beforeAll(async () => {
    engine.use("auto", { threads: 1 });
    flow = await tinySupernet();
  });

  it("of a function are searched as ratings are, without any distillation; negative ones, too", async () => {
    const { supernet, teacher } = flow;
    // docs: own-scores
    /** What a table or a predictor says of a candidate; lower is better, so an accuracy is negated. */
    const accuracyOfOp: Record<string, number> = { e2k3: 0.4, e2k5: 0.7 };
    const byTable = ({ ops }: { ops: readonly string[] }) =>
      -ops.reduce((sum, op) => sum + accuracyOfOp[op], 0) / ops.length;

    const scored = supernet.withScores(byTable);
    const found = scored.search({ macs: "1M" });
    const front = await lab.pareto(
      [teacher, ...found.alongFront(2), ...found.random.atEqualMacs(1, { tolerance: 0.9 })],
      { epochs: 1, batchSize: 16 },
    );
    // end
    expect(found.score).toBeCloseTo(-1.4, 9);
    expect(found.describe()[0]).toContain("e2k5");
    expect(await shown(found)).toMatch(/Rated by byTable/);
    expect(await shown(scored)).toMatch(/Rating: byTable; lower is better\. ratings\.frame/);
    expect((await scored.frame()).values.every((row) => (row as unknown[])[4] === null)).toBe(true);
    expect(front.networks.find(({ kind }) => kind === "found")!.score).toBeLessThan(0);

    const all = allNetworks(scored.table);
    for (const macs of all.map(({ cost }) => cost.macs!)) {
      const best = Math.min(...all.filter(({ cost }) => cost.macs! <= macs).map(({ score }) => score));
      expect(scored.search({ macs }).score).toBeCloseTo(best, 9);
      expect((await scored.search({ macs: [0, macs] })).score).toBeCloseTo(best, 9);
    }
    const alternatives = await scored.diverse(3);
    expect(alternatives.best.score).toBeCloseTo(-1.4, 9);
    const weighted = scored.weighted([3, 1]).search();
    expect(weighted.score).toBeCloseTo(-0.7 * 3 - 0.7, 9);
    // Of negative scores the map has the right sign: e2k5 is better.
    const { z } = scored.map().figure.data[0] as unknown as { z: number[][] };
    expect(z[0][0]).toBeGreaterThan(0);
    expect(z[1][0]).toBeLessThan(0);
    expect(() => scored.byProduct()).toThrow(/ratings must be above 0/);
    await expect(found.retrain({ epochs: 1, warmStart: true })).rejects.toThrow(
      /call await supernet.distill\(\) first/,
    );
  });

  it("by the candidates' ids, under a name; in place of ratings, which the function sees", async () => {
    const { supernet } = flow;
    await supernet.distill({ epochs: 1, batchSize: 16 });
    const ratings = await supernet.rate();
    // docs: own-scores-ids
    // From a file, a data base, a spreadsheet: one number for each id.
    const elsewhere = Object.fromEntries(ratings.table.blocks.flat().map((row, i) => [candidateId(row), i]));
    const scored = ratings.withScores(elsewhere, { name: "my table" });
    // end
    expect(scored.table.blocks.flat().map(({ score }) => score)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(scored.session.score).toBe("my table");
    const logarithms = ratings.withScores(({ score }) => Math.log(score!), { name: "log" });
    expect(logarithms.search().score).toBeCloseTo(ratings.byProduct().search().score, 9);
    expect(ratings.session.score).toBe("relativeL1");
    const warm = await scored.search().retrain({ epochs: 1, batchSize: 16, warmStart: true });
    expect(warm.accuracy).toBeGreaterThanOrEqual(0);
    expect(() => ratings.weighted([1, 2]).withScores(elsewhere)).toThrow(/must come before the weights/);
  });

  it("must be there for each candidate, and finite", () => {
    const { supernet } = flow;
    expect(() => supernet.withScores(() => Number.NaN)).toThrow(/finite score, got NaN for b0\.c0\.0 \(e2k3\)/);
    expect(() => supernet.withScores({})).toThrow(/finite score, got undefined for b0\.c0\.0/);
    expect(() => supernet.withScores({ "b7.c0.0": 1 })).toThrow(/must be of candidates of dna-mini.*got "b7\.c0\.0"/);
    expect(() => supernet.withScores((async () => 1) as unknown as () => number)).toThrow(/a promise/);
    expect(() => supernet.withScores(7 as unknown as () => number)).toThrow(ConfigError);
  });

  it("for a space without a teacher go through ratingTable", () => {
    // docs: own-scores-space
    const space = nasBenchMacroSpace();
    const table = ratingTable(space, ({ path }) => path.filter((op) => op === 0).length);
    const [best] = searchBest(table, { macs: 40e6 });
    const front = exactFront(table);
    // end
    expect(best.cost.macs).toBeLessThanOrEqual(40e6);
    expect(front[front.length - 1].score).toBe(0);
  });
});
