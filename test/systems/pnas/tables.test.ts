import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { DataError, Rng } from "../../../src/core";
import { cellNetworkCost } from "../../../src/cost";
import { cellKey, pnasNet5Cell } from "../../../src/space";
import {
  blocksOfKey,
  cellOfKey,
  cellsAgain,
  nasBench201Growth,
  PNAS_SETTINGS,
  publishedCells,
  sizeOf201,
  smallPnasNetwork,
  storedTable,
  tableCells,
  tableFile,
  tableGrowth,
  tableSpace,
  trainedCellsTable,
} from "../../../src/systems/pnas";

const folder = mkdtempSync(join(tmpdir(), "blockwise-pnas-table-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const table = storedTable();
const evaluator = trainedCellsTable(table);
const keys = Object.keys(table.cells);
const space = tableSpace();

describe("the stored table of trained cells", () => {
  it("has at least 300 cells: all of one block, and those that its settings draw of two and three", () => {
    expect(keys.length).toBeGreaterThanOrEqual(300);
    const { families, children } = PNAS_SETTINGS.table;
    const sizes = [1, 2, 3].map((size) => keys.filter((key) => blocksOfKey(key) === size).length);
    expect(sizes).toEqual([21, families, families * children]);
    expect(table.settings).toEqual(PNAS_SETTINGS);
    expect(keys).toEqual(tableCells(space, PNAS_SETTINGS.table).map(cellKey));
    expect(table.provenance).toMatchObject({ command: "npx blockwise study pnas-table" });
    expect(table.provenance.commit).toMatch(/^[0-9a-f]{40}$/);
  });

  it("has canonical keys, with the costs of the cells' networks", () => {
    const rng = new Rng(1);
    for (const key of [keys[0], ...Array.from({ length: 20 }, () => rng.pick(keys))]) {
      const cell = cellOfKey(key);
      expect(cellKey(cell)).toBe(key);
      const { macs, params } = cellNetworkCost(smallPnasNetwork(cell));
      expect(table.cells[key].slice(2)).toEqual([macs, params]);
    }
  });

  it("has cells of three blocks again from another seed, and the published cell first among those of five", () => {
    expect(Object.keys(table.again)).toEqual(cellsAgain(tableCells(space, PNAS_SETTINGS.table)).map(cellKey));
    for (const [key, [validation]] of Object.entries(table.again)) expect(validation).not.toBe(table.cells[key][0]);
    expect(table.published.map(([key]) => key)).toEqual(publishedCells().map(cellKey));
    expect(table.published[0][0]).toBe(cellKey(pnasNet5Cell()));
    expect(new Set(table.published.map(([key]) => key)).size).toBe(1 + PNAS_SETTINGS.published.random);
    for (const [, seeds] of table.published) expect(seeds).toHaveLength(PNAS_SETTINGS.published.seeds.length);
  });

  it("is refused when it is absent, damaged or another, with the command that makes one", () => {
    const file = join(folder, "table.json.gz");
    const mend = /make it with npx blockwise study pnas-table/;
    expect(() => storedTable(file)).toThrow(/must exist, and does not/);
    const bytes = readFileSync(tableFile());
    for (const wrong of [
      bytes.subarray(0, 400),
      Buffer.from("{}"),
      gzipSync("{}"),
      gzipSync(
        gunzipSync(bytes)
          .toString()
          .replace(/"cells":\{"[^"]+":\[/, "$&120,"),
      ),
    ]) {
      writeFileSync(file, wrong);
      expect(() => storedTable(file)).toThrow(DataError);
      expect(() => storedTable(file)).toThrow(mend);
    }
  });
});

describe("tableCells", () => {
  it("draws a longer list that begins with the shorter one, and each cell but the smallest extends another", () => {
    const short = tableCells(space, { families: 5, children: 3 }).map(cellKey);
    const long = tableCells(space, { families: 9, children: 3 });
    expect(long.map(cellKey).slice(0, short.length)).toEqual(short);
    expect(long).toHaveLength(21 + 9 * 4);
    const all = new Set(long.map(cellKey));
    expect(all.size).toBe(long.length);
    const grown = new Set(long.flatMap((cell) => [...space.extend(cell)]).map(cellKey));
    for (const cell of long.slice(21)) expect(grown).toContain(cellKey(cell));
  });

  it("refuses to draw more than there are", () => {
    expect(() => tableCells(space, { families: 1, children: 5000 })).toThrow(/must have more cells than the list/);
  });
});

describe("growing within a table", () => {
  it("extends by trained cells alone, each larger by a block", () => {
    const growth = tableGrowth(evaluator);
    expect([...growth.smallest()].sort()).toEqual(space.smallest().map(cellKey).sort());
    const reached = new Set<string>(growth.smallest());
    for (const key of reached) {
      for (const larger of growth.extend(key)) {
        expect(evaluator.entries.has(larger)).toBe(true);
        expect(blocksOfKey(larger)).toBe(blocksOfKey(key) + 1);
        reached.add(larger);
      }
    }
    // Whatever was trained can be found by growing.
    expect(reached.size).toBe(keys.length);
  });

  it("grows NAS-Bench-201's cells node by node, each once, to all but 620", () => {
    const growth = nasBench201Growth();
    expect([...growth.smallest()]).toEqual(["000000", "000100", "000200", "000300", "000400"]);
    const reached = new Set<string>(growth.smallest());
    for (const key of reached) {
      const grown = [...growth.extend(key)];
      expect(grown).toHaveLength([24, 124, 0][sizeOf201(key) - 1]);
      for (const larger of grown) {
        expect(sizeOf201(larger)).toBe(sizeOf201(key) + 1);
        expect(reached.has(larger)).toBe(false);
        reached.add(larger);
      }
    }
    expect(reached.size).toBe(15_625 - 620);
    for (const key of reached) expect(key).toMatch(/^[0-4]{6}$/);
  });
});
