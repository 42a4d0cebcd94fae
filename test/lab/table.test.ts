import { describe, expect, it } from "vitest";
import { DISPLAY, type Displayable } from "../../src/display-protocol";
import { danfo } from "../../src/lab/display/data-frame";
import { Table } from "../../src/lab/display/table";

describe("Table", () => {
  const table = new Table({
    title: "Blocks",
    columns: ["block", "macs", "note"],
    rows: [
      [1, 2.5e6, "first"],
      [2, 3e6, undefined],
    ],
  });

  it("has a danfo data frame underneath", async () => {
    const frame = await table.frame();
    const { DataFrame } = await danfo();
    expect(frame).toBeInstanceOf(DataFrame);
    expect(frame.shape).toEqual([2, 3]);
    expect(frame.sortValues("macs", { ascending: false }).values).toEqual([
      [2, 3e6, null],
      [1, 2.5e6, "first"],
    ]);
  });

  it("shows itself as HTML and text", async () => {
    const bundle = await table[DISPLAY]();
    expect(bundle["text/html"]).toContain("<table");
    expect(bundle["text/plain"]).toContain("Blocks\nblock");
  });

  it("lets data frames show themselves", async () => {
    const frame = (await table.frame()).head(1) as unknown as Displayable;
    expect((await frame[DISPLAY]())["text/plain"]).toContain("first");
  });

  it("shows a table without rows", async () => {
    const bundle = await new Table({ columns: ["a", "b"], rows: [] })[DISPLAY]();
    expect(bundle["text/plain"]).toBe("a  b\n-  -");
  });
});
