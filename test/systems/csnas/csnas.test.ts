import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../../src/core";
import { engine } from "../../../src/engine";
import { cellKey, edgeSpace, parseCell } from "../../../src/space";
import {
  allCells,
  CELL_CODES,
  CSNAS_ARM_NAMES,
  CSNAS_SETTINGS,
  cellCode,
  cellCodeFigures,
  csnasCells,
  runCsnasArm,
  smallCellCode,
  smallCsnasNetwork,
  storedCsnas,
  summariseCsnas,
  writeCsnas,
} from "../../../src/systems/csnas";
import { FEW, TINY } from "./tiny";

const folder = mkdtempSync(join(tmpdir(), "csnas-"));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the codes of CSNAS' cells", () => {
  it("reach the same networks, each of which the study trains once", () => {
    const [released, repaired] = CELL_CODES.map((code) => new Set(allCells(smallCellCode(code)).map(cellKey)));
    expect(released).toEqual(repaired);
    // Node 2: 9 pairs of operations. Node 3: 27 with a pair of states; where both read the inputs, their order does not count.
    expect(repaired.size).toBe(9 * 27 - (9 * 8) / 2);
    expect(new Set(csnasCells(CSNAS_SETTINGS).map(cellKey))).toEqual(repaired);
  });

  it.each(CELL_CODES)("%s: are read as they are written, and one change is another network", (code) => {
    const space = smallCellCode(code);
    const rng = new Rng(1);
    for (let i = 0; i < 50; i++) {
      const cell = space.sample(rng);
      expect(space.key(space.decode(space.encode(cell)))).toBe(space.key(cell));
      expect(space.key(space.mutate(cell, rng))).not.toBe(space.key(cell));
    }
  });

  it("released: says what the pair's space says of its normal cell", () => {
    const ops = ["none", "skip", "sep3", "max3"] as const;
    const pairs = edgeSpace({ name: "pairs", ops, nodes: 3, network: ({ normal }) => smallCsnasNetwork(normal) });
    const one = cellCode("released", { ops, nodes: 3, network: (cell) => smallCsnasNetwork(cell) });
    const values = [1, 2, 0, 3, 1, 2, 0, 0, 1];
    expect(one.genes.map(({ choices }) => choices)).toEqual(values.map(() => 4));
    expect(one.decode(values)).toEqual(pairs.decode([...values, ...values]).normal);
  });

  it("repaired: no change of a single gene is silent but for the order of equal nodes; later states are read more", () => {
    const [released, repaired] = CELL_CODES.map((code) =>
      cellCodeFigures(
        cellCode(code, { ops: ["none", "skip", "max3", "sep3"], nodes: 4, network: (cell) => smallCsnasNetwork(cell) }),
        400,
        new Rng(1),
      ),
    );
    expect(repaired.silent).toBeLessThan(0.01);
    expect(released.silent).toBeGreaterThan(0.2);
    expect(repaired.fromInputs).toBeLessThan(released.fromInputs);
  });

  it("build the network of a key whichever order a cell was read in", () => {
    const space = smallCellCode("repaired");
    const [a, b] = ["skip(0)+max3(1)|sep3(0)+sep3(1)", "sep3(1)+sep3(0)|max3(1)+skip(0)"].map((text) =>
      parseCell(text, { output: "all" }),
    );
    expect(space.architecture(a)).toEqual(space.architecture(b));
  });
});

describe("CSNAS' searches of a table", () => {
  const cells = csnasCells(CSNAS_SETTINGS);
  const keys = cells.map(cellKey);
  // Separable by genes: TPE's case.
  const scores = keys.map((key) => ({
    loss: 4 - 0.5 * key.split("sep3").length,
    validation: key.split("max3").length,
  }));

  it("by TPE find a low loss sooner than at random; with labels they go by validation alone", () => {
    const best = (arm: (typeof CSNAS_ARM_NAMES)[number], seed: number) => {
      const run = runCsnasArm(arm, seed, { keys, scores }, CSNAS_SETTINGS);
      expect(run.cells.split(" ")).toHaveLength(60);
      return run;
    };
    const lowest = Math.min(...scores.map(({ loss }) => loss));
    const until = (arm: "random" | "tpe") =>
      [1, 2, 3, 4, 5].map((seed) => {
        const at = best(arm, seed)
          .cells.split(" ")
          .findIndex((place) => scores[Number(place)].loss === lowest);
        return at < 0 ? 60 : at;
      });
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean(until("tpe"))).toBeLessThan(mean(until("random")));
    const { chosen } = best("tpe-labels", 1);
    expect(scores[chosen].validation).toBe(Math.max(...scores.map(({ validation }) => validation)));
    expect(best("tpe", 3)).toEqual(best("tpe", 3));
  });

  it("never choose a network whose training diverged where another was measured", () => {
    const broken = scores.map((score, i) => (i % 2 === 0 ? { loss: Number.NaN, validation: Number.NaN } : score));
    for (const arm of CSNAS_ARM_NAMES) {
      const { chosen } = runCsnasArm(arm, 1, { keys, scores: broken }, CSNAS_SETTINGS);
      expect(broken[chosen].loss).not.toBeNaN();
    }
  });
});

describe("CSNAS' study", () => {
  it("goes on where it was stopped and ends as one that was not, and its file has what the figures need", async () => {
    const write = (name: string, signal?: AbortSignal, onProgress?: (event: { done: number }) => void) =>
      writeCsnas(
        { runs: join(folder, name), file: join(folder, `${name}.json`), command: "test" },
        { signal, onProgress },
        TINY,
        FEW,
      );
    const controller = new AbortController();
    let events = 0;
    await expect(write("stopped", controller.signal, () => ++events === 6 && controller.abort())).rejects.toThrow(
      /stopped/,
    );
    await write("stopped");
    await write("whole");
    const read = (name: string) => {
      const {
        provenance: _,
        seconds: __,
        sha256: ___,
        ...rest
      } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
      return rest;
    };
    expect(read("stopped")).toEqual(read("whole"));
    const stored = storedCsnas(join(folder, "whole.json"));
    const summary = summariseCsnas(stored);
    expect(summary.networks).toBe(4);
    expect(summary.forms.pirl.networks).toBe(2);
    expect(summary.arms.map(({ arm }) => arm)).toEqual(CSNAS_ARM_NAMES);
    expect(summary.probes[0].what.length).toBeGreaterThan(0);
    const [low, high] = summary.labelFree.rho.interval;
    expect(summary.labelFree.rho.value).toBeGreaterThanOrEqual(low - 1e-9);
    expect(summary.labelFree.rho.value).toBeLessThanOrEqual(high + 1e-9);
  });

  it("refuses a file whose searches name networks that it lacks, and says how to make one", () => {
    const stored = JSON.parse(readFileSync(join(folder, "whole.json"), "utf8"));
    stored.arms.tpe[0].chosen = 4;
    delete stored.sha256;
    const file = join(folder, "broken.json");
    writeFileSync(file, JSON.stringify(stored));
    expect(() => storedCsnas(file)).toThrow(/every network of a search must be among its cells.*study csnas/);
    expect(() => storedCsnas(join(folder, "none.json"))).toThrow(/must exist.*npx blockwise study csnas/);
  });
});
