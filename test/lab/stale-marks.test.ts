import { afterEach, beforeEach, expect, it } from "vitest";
import { type CellRun, NOTEBOOK_HOST } from "../../src/display-protocol";
import { markStale } from "../../src/lab/words/stale-marks";

let host: { comms: object; cellEnded: ((run: CellRun) => void) | undefined };
let shown: string[];
let count: number;

beforeEach(() => {
  host = { comms: {}, cellEnded: undefined };
  shown = [];
  count = 0;
  Object.defineProperty(globalThis, NOTEBOOK_HOST, { value: host, configurable: true });
});

afterEach(() => {
  delete (globalThis as { [NOTEBOOK_HOST]?: unknown })[NOTEBOOK_HOST];
});

function run(cell: string, source: string): void {
  count += 1;
  const number = count;
  host.cellEnded?.({
    ...{ cell, number, source },
    display: (bundle, id, metadata) =>
      shown.push(`${cell} (${id}, ${JSON.stringify(metadata)}): ${bundle["text/plain"]}`),
  });
}

it("puts a note below a cell when a later run changes what it read, and into the same note what else changes", () => {
  markStale();
  run("a", "let x = 1, y = 2");
  run("b", "x + y");
  run("c", "x = 5");
  run("d", "y++");
  const place = 'b (stale-2, {"blockwise_stale":true})';
  expect(shown).toEqual([
    `${place}: Stale: x was changed by cell [3] after this cell ran; run it again.`,
    `${place}: Stale: x was changed by cell [3], y was changed by cell [4] after this cell ran; run it again.`,
  ]);
});

it("counts of a cell that ran again only the last run, and none that changes what it reads itself", () => {
  markStale();
  run("a", "let x = 1");
  run("b", "x + 1");
  run("b", "'nothing'");
  run("c", "x++");
  run("c", "x++");
  expect(shown).toEqual([]);
  run("b", "x + 1");
  run("a", "let x = 2");
  expect(shown).toEqual([
    expect.stringMatching(/^c /),
    expect.stringMatching(/^b \(stale-6.*x was changed by cell \[7\]/),
  ]);
});

it("is off before it is asked for, and again when it is told so", () => {
  expect(host.cellEnded).toBeUndefined();
  markStale();
  markStale(false);
  expect(host.cellEnded).toBeUndefined();
  delete (globalThis as { [NOTEBOOK_HOST]?: unknown })[NOTEBOOK_HOST];
  expect(() => markStale()).toThrow(/markStale: must be called in a notebook/);
});
