import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError, Rng } from "../../src/core";
import { type FoundNetwork, type RatingTable, ratingTable, searchBest } from "../../src/search";
import { blockSpace, networkId } from "../../src/space";
import { improveRatings } from "../../src/surrogate";

const shape = (size: number, channels: number) => ({ height: size, width: size, channels });
const widths = (...all: number[]) => all.map((width) => ({ depth: 3, width }));
const space = blockSpace(
  [
    { input: shape(16, 1), output: shape(8, 8) },
    { input: shape(8, 8), output: shape(4, 16) },
  ],
  { cells: [widths(8, 5), widths(16, 10)] },
);
let table: RatingTable;
let budget: { readonly macs: number };

/** What networks are really worth: a sum over blocks that ratings know half of. */
const worth = new Map<string, number>();
const accuracyOf = ({ choice }: Pick<FoundNetwork, "choice">): number =>
  0.9 - 0.01 * choice.reduce((sum, { block, cell, path }) => sum + (worth.get(`${block}/${cell}/${path}`) ?? 0), 0);

beforeAll(() => {
  const rng = new Rng(3);
  table = ratingTable(space, ({ block, cell, path }) => {
    // Each layer's op has its own part; ratings see it through noise.
    const true_ = path.reduce((sum, op, layer) => sum + new Rng(7).fork(`${block}/${layer}/${op}`).normal(), 0);
    worth.set(`${block}/${cell}/${path}`, true_);
    return 20 + true_ + 4 * rng.normal();
  });
  const [cheapest] = searchBest({
    ...table,
    blocks: table.blocks.map((rows) =>
      rows.map((row) => ({ ...row, score: Math.min(...Object.values(row.cost.macs!)) })),
    ),
  });
  budget = { macs: 12 * cheapest.cost.macs! };
});

const run = async (options: Partial<Parameters<typeof improveRatings>[1]> = {}) => {
  const trained: FoundNetwork[] = [];
  const rounds: number[] = [];
  const calibration = await improveRatings(
    table,
    { networks: 16, rounds: 4, budgets: [budget], seed: 1, ...options },
    async (networks) => {
      trained.push(...networks);
      return networks.map(accuracyOf);
    },
    ({ networks }) => {
      rounds.push(networks.length);
    },
  );
  return { calibration, trained, rounds };
};

describe("the loop that improves ratings", () => {
  it("trains as many networks as asked for, none twice, in rounds of equal size", async () => {
    const { trained, rounds } = await run();
    expect(trained).toHaveLength(16);
    expect(new Set(trained.map(({ choice }) => networkId(choice))).size).toBe(16);
    expect(rounds).toEqual([4, 4, 4, 4]);
  });

  it("proposes within the budget what is likely to be good: later rounds are better than the first", async () => {
    const { trained } = await run({ networks: 24 });
    const mean = (networks: readonly FoundNetwork[]) =>
      networks.reduce((sum, network) => sum + accuracyOf(network), 0) / networks.length;
    expect(trained.slice(6).every(({ cost }) => cost.macs! <= budget.macs)).toBe(true);
    expect(mean(trained.slice(-6))).toBeGreaterThan(mean(trained.slice(0, 6)));
  });

  it("finds better networks than the ratings that it began with", async () => {
    const rated = accuracyOf(searchBest(table, budget)[0]);
    for (const seed of [1, 2, 3]) {
      const { calibration } = await run({ networks: 24, seed });
      expect(accuracyOf(searchBest(calibration.calibrated(table), budget)[0])).toBeGreaterThan(rated);
    }
  });

  it("is decided by the seed", async () => {
    const ids = async (seed: number) => (await run({ seed })).trained.map(({ choice }) => networkId(choice));
    expect(await ids(1)).toEqual(await ids(1));
    expect(await ids(1)).not.toEqual(await ids(2));
  });

  it("trains what a calibration needs in every round, also where few networks or several budgets are asked for", async () => {
    expect((await run({ networks: 6 })).rounds).toEqual([6]);
    const both = await run({ networks: 9, budgets: [budget, { macs: budget.macs / 2 }] });
    expect(both.rounds).toHaveLength(2);
    expect(both.trained).toHaveLength(9);
    await expect(run({ networks: 3 })).rejects.toThrow(/networks must be a whole number from 4/);
    await expect(run({ budgets: [] })).rejects.toThrow(ConfigError);
  });

  it("begins no round after its time", async () => {
    expect((await run({ timeLimitMs: 1e-9 })).rounds).toEqual([4]);
  });

  it("passes on what a training throws", async () => {
    const stopped = improveRatings(table, { networks: 4, rounds: 1, budgets: [budget], seed: 1 }, async () => {
      throw new Error("stopped");
    });
    await expect(stopped).rejects.toThrow("stopped");
  });
});
