import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { engine } from "../../../src/engine";
import { finalSizes } from "../../../src/systems/eeea";
import { cells, searched, space } from "./small-searches";

const folder = mkdtempSync(join(tmpdir(), "blockwise-eeea-trained-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

/** Without the seconds that trainings took. */
function outcomes({ networks }: Awaited<ReturnType<typeof searched>>) {
  return Array.from(networks, ([key, { outcome }]) => [key, outcome.values, outcome.costs, outcome.fingerprint]);
}

it("searches by training that are killed go on with the same networks, and train none twice", async () => {
  const trained: string[] = [];
  const counting = {
    ...cells,
    evaluate: (...given: Parameters<typeof cells.evaluate>) => {
      trained.push(space.key(given[0]));
      return cells.evaluate(...given);
    },
  };
  const whole = await searched(join(folder, "whole"), counting);
  const all = trained.splice(0);
  // Both searches together, what they have in common once.
  expect(new Set(all).size).toBe(all.length);
  expect(new Set(Object.values(whole.arms).flatMap((runs) => runs!.flatMap(({ keys }) => keys.split(" "))))).toEqual(
    new Set(all),
  );

  const place = join(folder, "killed");
  const child = spawn(process.execPath, ["--import", "tsx", resolve("test/systems/eeea/searches-child.ts"), place]);
  let error = "";
  child.stderr.on("data", (text) => (error += text));
  await new Promise<void>((done) => {
    child.stdout.on("data", () => child.kill("SIGKILL"));
    child.on("close", () => done());
  });
  expect([child.signalCode, error]).toEqual(["SIGKILL", ""]);
  const again = await searched(place, counting);
  expect(again.arms).toEqual(whole.arms);
  expect(outcomes(again)).toEqual(outcomes(whole));
  expect(trained).toEqual(all.slice(4));
});

it("the early exit counts networks at their final size, and holds the first generation to it", async () => {
  const sizeOf = finalSizes();
  const { arms, networks } = await searched(join(folder, "whole"), cells);
  const first = arms["ga-50"]![0].keys.split(" ").slice(0, 3);
  for (const key of first) {
    const { pair, params, outcome } = networks.get(key)!;
    expect(sizeOf(pair).params).toBe(params);
    expect(params).toBeLessThanOrEqual(750_000);
    expect(outcome.costs.params).toBeLessThan(params);
  }
});
