import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { DISPLAY } from "../../src/display-protocol";
import { FigureView } from "../../src/lab/display/figure-view";
import { Table } from "../../src/lab/display/table";
import { saveFigure, saveTable, tableCsv, tableLatex } from "../../src/viz";
import { GALLERY } from "./gallery";

const folder = mkdtempSync(join(tmpdir(), "blockwise-files-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string) => join(folder, name);
const figure = GALLERY["pareto-front"]();

describe("a figure saves itself", () => {
  it("as SVG, the picture that the notebook shows", async () => {
    const path = await new FigureView(figure).save(place("new/front.svg"));
    const shown = await new FigureView(figure)[DISPLAY]();
    expect(path).toBe(place("new/front.svg"));
    expect(readFileSync(path, "utf8")).toBe(shown["image/svg+xml"]);
  });

  it("as PNG of any size, with words and colours in it", async () => {
    const { width, height } = figure.layout;
    const plain = await saveFigure(figure, place("front.png"));
    expect(await sharp(plain).metadata()).toMatchObject({ format: "png", width: 2 * width, height: 2 * height });
    const small = await saveFigure(figure, place("small.PNG"), { width: 600, height: 400, scale: 1 });
    expect(await sharp(small).metadata()).toMatchObject({ width: 600, height: 400 });
    const { data, info } = await sharp(plain).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const has = (wanted: readonly number[]) => {
      for (let i = 0; i < data.length; i += info.channels) {
        if (wanted.every((value, channel) => data[i + channel] === value)) return true;
      }
      return false;
    };
    // Of the points found, and of the title's text.
    expect(has([0x00, 0x72, 0xb2])).toBe(true);
    expect(has([0x26, 0x26, 0x26])).toBe(true);
  });

  it.each(Object.keys(GALLERY))("%s as PDF: one page of its size, its words as text", async (name) => {
    const { layout } = GALLERY[name]();
    const bytes = readFileSync(await saveFigure(GALLERY[name](), place(`${name}.pdf`))).toString("latin1");
    expect(bytes.startsWith("%PDF-1.")).toBe(true);
    expect(bytes.match(/\/Type \/Page\b/g)).toHaveLength(1);
    const [, width, height] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(bytes)!;
    expect(Number(width)).toBeCloseTo(layout.width * 0.75, 2);
    expect(Number(height)).toBeCloseTo(layout.height * 0.75, 2);
    expect(bytes).toMatch(/\/BaseFont \/\w+\+Arimo/);
  });

  it("equal figures as equal bytes", async () => {
    for (const ending of ["png", "pdf"]) {
      const [a, b] = [await saveFigure(figure, place(`a.${ending}`)), await saveFigure(figure, place(`b.${ending}`))];
      expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
    }
  });

  it.each([
    ["front", {}, /must end with \.svg, \.png, \.pdf, got "front"; write e\.g\. figure\.save\("front\.svg"\)/],
    ["front.jpg", {}, /must end with \.svg, \.png, \.pdf, got "front\.jpg"/],
    ["", {}, /must end with/],
    [7 as never, {}, /must end with .*got 7/],
    ["front.svg", { widht: 3 } as never, /widht.*width/],
    ["front.png", { width: Number.NaN }, /width must be a number in \[50, 10000\], got NaN/],
    ["front.png", { scale: 0 }, /scale must be/],
    ["front.pdf", { scale: 2 }, /scale must be given for \.png alone/],
  ])("not as %j with %j", async (path, options, message) => {
    await expect(new FigureView(figure).save(path, options)).rejects.toThrow(message);
  });

  it("not where only a browser draws it, nor where nothing can be written", async () => {
    const flow = { ...figure, data: [{ type: "sankey" }] };
    await expect(saveFigure(flow, place("flow.svg"))).rejects.toThrow(/camera button/);
    await expect(saveFigure(figure, "/proc/blockwise/front.svg")).rejects.toThrow(/^write: .* must be written, and/);
  });
});

describe("a table saves itself", () => {
  const record = {
    title: "Ratings",
    columns: ["network_id", "share %", "macs"],
    rows: [
      ['[a] & "b"', 1.5, 12345678901],
      ["x,y\nz", 0.1 + 0.2, null],
    ],
    note: "measured\non two cores",
  };

  it("as CSV and LaTeX files, by the ending", () => {
    const table = new Table(record);
    expect(readFileSync(table.save(place("new/t.csv")), "utf8")).toBe(table.csv());
    expect(readFileSync(table.save(place("t.tex"), { caption: "100 %" }), "utf8")).toBe(
      table.latex({ caption: "100 %" }),
    );
    expect(() => table.save("t.xlsx")).toThrow(/must end with \.csv or \.tex, got "t\.xlsx"/);
    expect(() => table.save("t.csv", { caption: "x" })).toThrow(/caption must be given for \.tex alone/);
    expect(() => table.latex({ captoin: "x" } as never)).toThrow(/captoin.*caption/);
    expect(() => table.latex({ label: "tab:x" })).toThrow(/label must come with a caption/);
    expect(() => saveTable(record, "/proc/blockwise/t.csv")).toThrow(/^write: .* must be written, and/);
  });

  it("in CSV with all digits and quotes where they are needed", () => {
    expect(tableCsv(record)).toBe(
      'network_id,share %,macs\n"[a] & ""b""",1.5,12345678901\n"x,y\nz",0.30000000000000004,\n',
    );
  });

  it("in LaTeX, escaped", () => {
    expect(tableLatex(record, { caption: "a_b", label: "tab:a_b".replace("_", "-") })).toBe(
      [
        "% measured",
        "% on two cores",
        "\\begin{table}",
        "\\centering",
        "\\caption{a\\_b}",
        "\\label{tab:a-b}",
        "\\begin{tabular}{lrr}",
        "\\toprule",
        "network\\_id & share \\% & macs \\\\",
        "\\midrule",
        "{}[a] \\& ''b'' & 1.5 & 12345678901 \\\\",
        "x,y z & 0.3 &  \\\\",
        "\\bottomrule",
        "\\end{tabular}",
        "\\end{table}",
        "",
      ].join("\n"),
    );
  });

  it("in CSV that any reader gives back, whatever the cells hold", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string({ unit: "grapheme" })), { minLength: 1 }), (rows) => {
        expect(parseCsv(tableCsv({ columns: ["a", "b"], rows }))).toEqual([["a", "b"], ...rows]);
      }),
    );
  });

  it("in LaTeX without a character that is a command unescaped, whatever the cells hold", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const row = tableLatex({ columns: ["x"], rows: [[text]] }).split("\n")[4];
        const rest = row
          .replace(/ \\\\$/, "")
          .replace(/\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar)\{\}/g, "")
          .replace(/\\[{}&%$#_]/g, "")
          .replace(/^\{\}(?=\s*[[*])/, "");
        expect(rest).not.toMatch(/[\\{}&%$#_~^<>|]/);
      }),
    );
  });
});

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (let at = 0; at < text.length; ) {
    const [whole, quoted, plain] = /"((?:[^"]|"")*)"|([^,\n]*)/y.exec(text.slice(at))!;
    rows.at(-1)!.push(quoted === undefined ? plain! : quoted.replace(/""/g, '"'));
    at += whole.length;
    const end = text[at++];
    if (end === "\n" && at < text.length) rows.push([]);
  }
  return rows;
}
