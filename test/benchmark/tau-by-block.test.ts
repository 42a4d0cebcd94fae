import fc from "fast-check";
import { expect, it } from "vitest";
import { kendallTauB, tauByBlock } from "../../src/benchmark";
import { tableOf } from "../../src/search";
import { smallTables } from "../search/tables";

/** Blocks with two candidates at least, of different scores. */
const tables = smallTables().map((table) => ({
  ...table,
  blocks: table.blocks.map((rows, block) => [
    ...rows,
    ...[0, 99].map((score, i) => ({ ...rows[0], block, path: [100 + i], score })),
  ]),
}));

it("tau by block is that of each block's scores; of a table with itself 1", () => {
  fc.assert(
    fc.property(tables, (table) => {
      for (const tau of tauByBlock(table, table)) expect(tau).toBeCloseTo(1, 12);
      const other = { ...table, blocks: table.blocks.map((rows) => rows.map((row, i) => ({ ...row, score: i % 3 }))) };
      const scores = (rows: readonly { score: number }[]) => rows.map(({ score }) => score);
      expect(tauByBlock(table, other)).toEqual(
        table.blocks.map((rows, i) => kendallTauB(scores(rows), scores(other.blocks[i]))),
      );
    }),
  );
});

it("tables of other candidates are refused: their places would be compared, not the candidates", () => {
  const [table] = fc.sample(tables, 1);
  expect(() =>
    tauByBlock(
      table,
      tableOf(table, ({ path }) => path[0] !== 100),
    ),
  ).toThrow(/same candidates/);
});
