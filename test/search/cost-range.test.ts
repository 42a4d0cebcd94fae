import fc from "fast-check";
import { expect, it } from "vitest";
import { SpaceError } from "../../src/core";
import { allNetworks, costRange, tableOf } from "../../src/search";
import { smallTables } from "./tables";

it("the range of a cost is that of all networks, whatever block stands before which", () => {
  fc.assert(
    fc.property(smallTables(), fc.constantFrom("macs" as const, "params" as const), (table, name) => {
      const costs = allNetworks(table).map(({ cost }) => cost[name]!);
      expect(costRange(table, name)).toEqual({ least: Math.min(...costs), most: Math.max(...costs) });
    }),
  );
});

it("a range of a cost that the table lacks is refused", () => {
  const [table] = fc.sample(smallTables(), 1);
  expect(() => costRange(table, "latencyMs")).toThrow(SpaceError);
});

it("a table of some candidates has just these, and a block that keeps none is named", () => {
  fc.assert(
    fc.property(smallTables(), (table) => {
      const first = tableOf(table, ({ path }) => path[0] === 0);
      expect(first.blocks).toEqual(table.blocks.map(([candidate]) => [candidate]));
      expect(() => tableOf(table, ({ block }) => block > 0)).toThrow(/block 0 keeps none/);
    }),
  );
});
