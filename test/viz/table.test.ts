import { describe, expect, it } from "vitest";
import { tableHtml, tableText } from "../../src/viz";

describe("tableText", () => {
  it("aligns numbers and counts to the right, words to the left", () => {
    const text = tableText({
      title: "T",
      columns: ["name", "macs"],
      rows: [
        ["teacher", "9.60M"],
        ["a", "800k"],
      ],
    });
    expect(text.split("\n")).toEqual(["T", "name      macs", "-------  -----", "teacher  9.60M", "a         800k"]);
  });

  it("cuts long tables in the middle and says how many rows are missing", () => {
    const rows = Array.from({ length: 100 }, (_, i) => [i]);
    const text = tableText({ columns: ["i"], rows }, { maxRows: 8 });
    expect(text).toContain("... 92 more rows");
    expect(text.trim().endsWith("99")).toBe(true);
  });
});

describe("tableHtml", () => {
  it("escapes what it shows and rounds numbers", () => {
    const html = tableHtml({
      columns: ["<a>", "b"],
      rows: [
        ["x & y", 0.123456789],
        [null, 10n],
      ],
    });
    expect(html).toContain("&lt;a&gt;");
    expect(html).toContain("x &amp; y");
    expect(html).toContain("0.12346");
    expect(html).toContain(">10<");
  });
});
