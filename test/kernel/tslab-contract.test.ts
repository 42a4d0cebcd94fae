import { readFileSync } from "node:fs";
import * as tslab from "tslab";
import * as jupyter from "tslab/dist/jupyter";
import { afterEach, describe, expect, it } from "vitest";

// `import * as tslab from "tslab"` shows through this kernel: what that relies on is written down here.
const writable = jupyter as { lastWriteDisplayData: typeof jupyter.lastWriteDisplayData };
const original = writable.lastWriteDisplayData;

afterEach(() => {
  writable.lastWriteDisplayData = original;
});

describe("tslab's display", () => {
  it("is that of 1.0.22", () => {
    expect(JSON.parse(readFileSync(require.resolve("tslab/package.json"), "utf8")).version).toBe("1.0.22");
  });

  it("shows by the one function that the kernel replaces", () => {
    const shown: unknown[] = [];
    writable.lastWriteDisplayData = (...all: unknown[]) => {
      shown.push(all);
    };
    tslab.display.html("<b>bold</b>");
    const display = tslab.newDisplay();
    display.text("first");
    display.text("second");
    const contents = shown.map((all) => (all as [{ data: object; transient: { display_id?: string } }, boolean])[0]);
    expect(contents.map(({ data }) => data)).toEqual([
      { "text/html": "<b>bold</b>" },
      { "text/plain": "first" },
      { "text/plain": "second" },
    ]);
    expect(shown.map((all) => Boolean((all as unknown[])[1]))).toEqual([false, false, true]);
    expect(contents[1]!.transient.display_id).toBe(contents[2]!.transient.display_id);
  });
});
