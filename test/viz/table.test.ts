import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tableHtml, tableText } from "../../src/viz";

/** The column of a table as text, its lines below the head. */
function column(...values: Parameters<typeof tableText>[0]["rows"][number]): string[] {
  const text = tableText({ columns: ["x"], rows: values.map((value) => [value]) }, { maxRows: 1000 });
  return text.split("\n").slice(2);
}

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

  it("keeps a column of numbers right-aligned where some are not there", () => {
    for (const gap of ["", null, undefined, "\u2013", "n/a", "not measured"]) {
      const [, , first, , last] = tableText({ columns: ["a long name"], rows: [["12"], [gap], [3]] }).split("\n");
      expect([first.trim(), last.trim(), first.length]).toEqual(["12", "3", last.length]);
      expect(first.length).toBeGreaterThan(10);
    }
    expect(tableText({ columns: ["long name"], rows: [[true], [""]] }).split("\n")[2]).toBe("true");
  });

  it("writes all numbers of a column with the same number of decimals, trailing zeros kept", () => {
    expect(column(0.7993, 0.78916)).toEqual(["0.79930", "0.78916"]);
    expect(column(1.59, 1.5604)).toEqual(["1.5900", "1.5604"]);
    expect(column(0.5, 0.25, null, 1)).toEqual(["0.50", "0.25", "", "1.00"]);
    expect(column(1, 2, 30)).toEqual([" 1", " 2", "30"]);
    expect(column(-0.0004, 12.5)).toEqual(["-0.0004", "12.5000"]);
    expect(column(92.28666432698567)).toEqual(["92.287"]);
    expect(column(2216576, 0.757)).toEqual(["2216576", "  0.757"]);
  });

  it("lets the points of a column's numbers stand below each other, and no number lose more than a ten-thousandth of the largest", () => {
    const value = fc.double({ min: 1e-3, max: 9e4, noNaN: true }).chain((size) => fc.constantFrom(size, -size, 0));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 8 }), (values) => {
        const shown = column(...values);
        const most = Math.max(...values.map(Math.abs));
        for (const [i, text] of shown.entries()) {
          expect(Math.abs(Number(text) - values[i])).toBeLessThanOrEqual(most * 1e-4);
        }
        expect(new Set(shown.map((text) => text.length - `${text}.`.indexOf("."))).size).toBe(1);
      }),
    );
  });

  it("writes the values of a mixed column each for itself", () => {
    const text = tableText({
      columns: ["", "value"],
      rows: [
        ["epochs", 3],
        ["tau", 0.643],
      ],
      mixed: ["value"],
    });
    expect(text).toContain("epochs      3\ntau     0.643");
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

  it("breaks long texts, and between words and operations alone", () => {
    const timm = "ds_r1_k3_s1_e1_c16_se0.25|".repeat(6);
    const html = tableHtml({ columns: ["", "value"], rows: [["in timm's words", timm]] });
    expect(html).toMatch(/<td[^>]*white-space:normal[^>]*>ds_<wbr>r1_/);
    expect(html.replaceAll("<wbr>", "")).toContain(timm);
  });
});
