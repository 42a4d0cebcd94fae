import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { engine } from "../../../src/engine";
import type { ToldTrial } from "../../../src/search";
import type { CellGraph } from "../../../src/space";
import { cells, grown } from "./small-search";

const folder = mkdtempSync(join(tmpdir(), "blockwise-pnas-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const words = (told: readonly ToldTrial<CellGraph>[]) =>
  told.map(({ trial, outcome: { values, costs, fingerprint } }) => ({ trial, values, costs, fingerprint }));

it("PNAS over trainings that is killed goes on with the same trials, and trains none twice", async () => {
  const whole = await grown(join(folder, "whole"), cells);
  expect(whole).toHaveLength(14);
  const place = join(folder, "killed");
  const child = spawn(process.execPath, ["--import", "tsx", resolve("test/systems/pnas/cells-child.ts"), place]);
  let error = "";
  child.stderr.on("data", (text) => (error += text));
  await new Promise<void>((done) => {
    // In the second size, so that the predictor is fitted again by what the journal has.
    child.stdout.on("data", () => child.kill("SIGKILL"));
    child.on("close", () => done());
  });
  expect([child.signalCode, error]).toEqual(["SIGKILL", ""]);
  let trained = 0;
  const counting = {
    ...cells,
    evaluate: (...given: Parameters<typeof cells.evaluate>) => {
      trained++;
      return cells.evaluate(...given);
    },
  };
  expect(words(await grown(place, counting))).toEqual(words(whole));
  expect(trained).toBe(2);
});
