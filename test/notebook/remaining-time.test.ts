import { describe, expect, it } from "vitest";
import { RemainingTime } from "../../src/notebook";
import { notebookOf } from "./notebooks";

const notebook = notebookOf([{ markdown: "words" }, { code: "a" }, { code: "b" }, { code: "c" }]);
const provenance = {
  version: "1",
  commit: null,
  modified: false,
  date: "2026-01-01T00:00:00Z",
  durationSeconds: 70,
  engine: null,
  machine: { cpu: "x", cores: 1, memoryGiB: 1, platform: "x", node: "v20" },
  seed: null,
  parameters: {},
  cellSeconds: { "cell-1": 10, "cell-2": 20, "cell-3": 40 },
};
const executed = { ...notebook, metadata: { blockwise: provenance } };

describe("RemainingTime", () => {
  it("adds up what the cells took before, at the pace of this run", () => {
    const remaining = new RemainingTime(notebook, [notebook, executed]);
    expect(remaining.of([1, 2, 3])).toBe(70_000);
    remaining.executed(1, 15);
    expect(remaining.of([2, 3])).toBe(90_000);
    remaining.executed(2, 15);
    expect(remaining.of([3])).toBe(40_000);
  });

  it("knows the cells by id, so that others may come between them", () => {
    const longer = notebookOf([{ code: "new" }]);
    const cells = [notebook.cells[0], { ...longer.cells[0], id: "new" }, ...notebook.cells.slice(1)];
    const remaining = new RemainingTime({ ...notebook, cells }, [executed]);
    expect(remaining.of([1, 2])).toBe(10_000);
  });

  it("says nothing where nothing is known", () => {
    expect(new RemainingTime(notebook, [notebook]).of([1, 2, 3])).toBeUndefined();
  });
});
