import { readFileSync } from "node:fs";
import type { DOMWindow } from "jsdom";
import { PixelCanvas } from "./pixel-canvas";
import { boxOnPage, boxWithin, type MeasuredElement } from "./text-boxes";

/** The two functions of plotly that a static picture needs. */
export interface Plotly {
  newPlot(element: unknown, data: unknown, layout: unknown, config: unknown): Promise<unknown>;
  readonly Snapshot: { toSVG(element: unknown, format: "svg"): string };
  purge(element: unknown): void;
}

export interface PlotlyWindow {
  readonly plotly: Plotly;
  readonly document: Document;
  /** Makes plotly's random ids follow from `seed`, so that equal figures give equal bytes. */
  seed(value: number): void;
}

// The DOM library is not part of our compiler options (it would flood the kernel's completion).
type Document = DOMWindow["document"];
let shared: Promise<PlotlyWindow> | undefined;

/** Plotly in a browser that does not exist (jsdom with guessed text sizes). Loaded at the first call, about 0.5 s. */
export function plotlyWindow(): Promise<PlotlyWindow> {
  shared ??= open();
  return shared;
}

async function open(): Promise<PlotlyWindow> {
  const { JSDOM, VirtualConsole } = await import("jsdom");
  // Plotly probes for a canvas and lives without it; jsdom's complaint about that would reach the notebook.
  const { window } = new JSDOM("<!DOCTYPE html><body></body>", {
    runScripts: "outside-only",
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(),
  });
  const svg = window.SVGElement.prototype as unknown as Record<string, unknown>;
  svg.getBBox = function (this: MeasuredElement) {
    return boxWithin(this);
  };
  svg.getBoundingClientRect = function (this: MeasuredElement) {
    return boxOnPage(this);
  };
  svg.getComputedTextLength = function (this: MeasuredElement) {
    return boxWithin(this).width;
  };
  svg.getTotalLength = function (this: Element) {
    const [from, to] = endsOf(this);
    return Math.hypot(to.x - from.x, to.y - from.y);
  };
  svg.getPointAtLength = function (this: Element, length: number) {
    const [from, to] = endsOf(this);
    const share = length / (Math.hypot(to.x - from.x, to.y - from.y) || 1);
    return { x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) };
  };
  svg.getScreenCTM = () => ({
    a: 1,
    b: 0,
    c: 0,
    d: 1,
    e: 0,
    f: 0,
    inverse: () => ({ a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 }),
  });
  const canvases = new WeakMap<object, PixelCanvas>();
  const canvasElement = window.HTMLCanvasElement.prototype as unknown as Record<string, unknown>;
  canvasElement.getContext = function (this: { width: number; height: number }, kind: string) {
    if (kind !== "2d") return null;
    if (!canvases.has(this)) canvases.set(this, new PixelCanvas(this.width, this.height));
    return canvases.get(this);
  };
  canvasElement.toDataURL = function (this: object) {
    return canvases.get(this)?.toDataUrl() ?? "data:,";
  };
  const loose = window as unknown as Record<string, unknown>;
  loose.matchMedia = () => ({ matches: false, addListener: () => {}, addEventListener: () => {} });
  loose.ResizeObserver = class {
    observe(): void {}
    disconnect(): void {}
  };
  (window.URL as unknown as Record<string, unknown>).createObjectURL = () => "";
  window.eval(readFileSync(require.resolve("plotly.js-cartesian-dist-min"), "utf8"));
  let state = 1;
  // mulberry32: its numbers only name clip paths.
  (window.eval("Math") as { random: () => number }).random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    plotly: loose.Plotly as Plotly,
    document: window.document,
    seed: (value) => {
      state = value | 0;
    },
  };
}

/** Of a straight path: plotly measures only the lines that lead to labels. */
function endsOf(path: Element) {
  const numbers = (path.getAttribute("d") ?? "").match(/-?\d+(\.\d+)?(e-?\d+)?/gi)?.map(Number) ?? [];
  const [x0 = 0, y0 = 0] = numbers;
  const [x1 = x0, y1 = y0] = numbers.slice(-2);
  return [
    { x: x0, y: y0 },
    { x: x1, y: y1 },
  ] as const;
}
