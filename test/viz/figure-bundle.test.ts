import { inflateRawSync } from "node:zlib";
import { JSDOM } from "jsdom";
import { describe, expect, it, vi } from "vitest";
import {
  figureBundle,
  figureHtml,
  lossCurves,
  packedPlotly,
  ratingMap,
  selfContainedPage,
  staticSvg,
} from "../../src/viz";

const figure = lossCurves([{ block: 0, cell: 0, at: [0, 1], losses: [1, 0.5] }]);

describe("staticSvg", () => {
  it("draws titles, axes and headings as text without a browser", async () => {
    const svg = await staticSvg(figure);
    expect(svg).toMatch(/^<svg /);
    for (const text of ["Distillation", "mean squared error", "epoch", "block 1"]) expect(svg).toContain(text);
  });

  it("gives equal bytes for equal figures, whatever was drawn between", async () => {
    const first = await staticSvg(figure);
    await staticSvg(lossCurves([{ block: 3, cell: 0, at: [0, 1], losses: [2, 1] }]));
    expect(await staticSvg(structuredClone(figure))).toBe(first);
  });

  it("draws a heat map with its numbers", async () => {
    const candidates = [0, 1].map((op) => ({ cell: 0, path: [op], score: 0.1 + 0.1 * op }));
    const svg = await staticSvg(ratingMap([{ block: 0, ops: ["k3 e3", "k5 e3"], candidates }]));
    expect(svg).toContain("k5 e3");
    expect(svg).toContain("+33");
    expect(svg).toContain("data:image/png;base64,");
  });

  it("leaves the figure as it was", async () => {
    const fresh = structuredClone(figure);
    await staticSvg(fresh);
    expect(fresh).toEqual(figure);
  });
});

describe("figureBundle", () => {
  it("has plotly's type, self-drawing HTML, an SVG and text", async () => {
    const bundle = await figureBundle(figure, false);
    expect(Object.keys(bundle)).toEqual(["application/vnd.plotly.v1+json", "text/html", "image/svg+xml", "text/plain"]);
    expect(bundle["application/vnd.plotly.v1+json"]).toMatchObject({ data: figure.data, layout: figure.layout });
    expect(bundle["text/plain"]).toBe("[figure: Distillation: imitating the teacher, block by block]");
  });

  it("brings plotly along only when told to, and small", async () => {
    const without = String((await figureBundle(figure, false))["text/html"]);
    const carried = String((await figureBundle(figure, true))["text/html"]);
    expect(without.length).toBeLessThan(60_000);
    expect(carried.length - without.length).toBeGreaterThan(100_000);
    expect(carried.length - without.length).toBeLessThan(800_000);
    expect(inflateRawSync(Buffer.from(packedPlotly(), "base64")).toString()).toContain("plotly.js (cartesian");
  });
});

describe("figureHtml", () => {
  /** Runs the HTML in a page as a browser would, with a stand-in for plotly. */
  function open(html: string, prepare: (window: JSDOM["window"]) => void = () => {}) {
    const { window } = new JSDOM(`<!DOCTYPE html><body>${html}</body>`, {
      runScripts: "dangerously",
      beforeParse(w) {
        prepare(w as unknown as JSDOM["window"]);
      },
    });
    return { window };
  }
  /** Waits until the page has done what it does in its own time. */
  const until = (assertion: () => void) => vi.waitFor(assertion, { timeout: 120_000, interval: 10 });
  /** The page's first look for plotly: it has none yet. */
  const firstLook = (window: JSDOM["window"]) => new Promise((resolve) => window.setTimeout(resolve, 20));

  it("takes plotly from the page when it is there and keeps the static picture for the printer", async () => {
    const calls: unknown[][] = [];
    const { window } = open(figureHtml(figure, { svg: "<svg/>", carriesPlotly: false }), (w) => {
      Object.assign(w, { Plotly: { newPlot: (...args: unknown[]) => calls.push(args) } });
    });
    await until(() => expect(calls).toHaveLength(1));
    expect(calls[0][1]).toEqual(figure.data);
    const box = window.document.querySelector(".blockwise-figure[data-drawn]")!;
    expect([...box.children].map(({ tagName, className }) => `${tagName} ${className}`.trim())).toEqual([
      "IMG",
      "DIV blockwise-plot",
    ]);
    const style = window.document.getElementById("blockwise-figure-style")?.textContent;
    expect(style).toMatch(/\[data-drawn\]>img\{display:none\}[\s\S]*@media print[\s\S]*>img\{display:block\}/);
    window.close();
  });

  it("keeps the static picture when there is no plotly anywhere", async () => {
    const { window } = open(figureHtml(figure, { svg: "<svg/>", carriesPlotly: false }));
    await firstLook(window);
    expect(window.document.querySelector("img")?.getAttribute("src")).toBe("data:image/svg+xml,<svg/>");
    window.close();
  });

  it("waits for a figure further down the page that carries plotly", async () => {
    const { window } = open(figureHtml(figure, { svg: "<svg/>", carriesPlotly: false }));
    await firstLook(window);
    const calls: unknown[][] = [];
    Object.assign(window, { Plotly: { newPlot: (...args: unknown[]) => calls.push(args) } });
    await until(() => expect(calls).toHaveLength(1));
    window.close();
  });

  it("asks a running Jupyter server for plotly, and hides require.js from it", async () => {
    const asked: string[] = [];
    const source = `if (typeof define === "function") define([], () => ({})); else module.exports = { newPlot: () => { window.plotted = true; } };`;
    const { window } = open(figureHtml(figure, { svg: "<svg/>", carriesPlotly: false }), (w) => {
      Object.assign(w, {
        define: () => {},
        fetch: async (url: string) => {
          asked.push(url);
          return { ok: true, text: async () => source };
        },
      });
    });
    window.document.body.setAttribute("data-base-url", "/lab/");
    await until(() => expect((window as unknown as { plotted?: boolean }).plotted).toBe(true));
    expect(asked[0]).toBe("/lab/kernelspecs/blockwise/plotly-cartesian.min.js");
    window.close();
  });

  it("cannot be broken out of by a label", () => {
    const evil = lossCurves([{ block: 0, cell: 0, label: "</script><b>", at: [0], losses: [1] }]);
    const html = figureHtml(evil, { carriesPlotly: false });
    expect(html.match(/<\/script>/g)).toHaveLength(1);
  });
});

describe("selfContainedPage", () => {
  it("lists its sections where it has several, and leads to them", async () => {
    const page = await selfContainedPage("Run", [{ heading: "A & B" }, { heading: "C" }, { heading: "D" }]);
    const ids = [...page.matchAll(/<li><a href="#([^"]+)">/g)].map(([, id]) => id);
    expect(ids).toHaveLength(3);
    for (const id of ids) expect(page).toContain(`<h2 id="${id}">`);
    expect(page).toContain(">A &amp; B</a>");
    expect(await selfContainedPage("Run", [{ heading: "A" }])).not.toContain("<nav>");
  });

  it("holds plotly once, all figures and tables, and no address of another file", async () => {
    const other = lossCurves([{ block: 1, cell: 0, at: [0, 1], losses: [1, 0.5] }]);
    const page = await selfContainedPage("Run <1>", [
      { heading: "A", figures: [figure], tables: [{ columns: ["x"], rows: [[1]] }] },
      { heading: "B", figures: [other] },
    ]);
    expect(page.match(/blockwisePlotlyPacked="/g)).toHaveLength(1);
    expect(page.match(/<figure>/g)).toHaveLength(2);
    expect(page).toContain("Run &lt;1&gt;");
    // What is wider than the screen scrolls, and fades where there is more to see.
    expect(page).toMatch(/\.blockwise-more\{[^}]*mask-image/);
    expect(page).toMatch(/<script>[^<]*classList\.toggle\("blockwise-more"/);
    expect(page).not.toMatch(/(src|href)="(?!data:|#)/);
  });
});
