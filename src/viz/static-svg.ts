import { createHash } from "node:crypto";
import type { Figure } from "./figure";
import { plotlyWindow } from "./plotly-window";

// One figure at a time: they share a window, and its random ids are seeded by the figure.
let queue: Promise<unknown> = Promise.resolve();
const drawings = new WeakMap<Figure, Promise<string>>();

/** Draws a figure as SVG text without a browser, once; equal figures give equal text. */
export function staticSvg(figure: Figure): Promise<string> {
  const known = drawings.get(figure);
  if (known) return known;
  const drawn = queue.then(() => draw(figure));
  queue = drawn.catch(() => {});
  drawings.set(figure, drawn);
  return drawn;
}

async function draw(figure: Figure): Promise<string> {
  const json = JSON.stringify(figure);
  // Plotly writes into what it is given.
  const { data, layout } = JSON.parse(json) as Figure;
  const window = await plotlyWindow();
  window.seed(createHash("sha256").update(json).digest().readInt32LE(0));
  const element = window.document.createElement("div");
  window.document.body.append(element);
  try {
    await window.plotly.newPlot(element, data, layout, { staticPlot: true });
    // plotly's `toImage` would draw all of it a second time.
    return window.plotly.Snapshot.toSVG(element, "svg");
  } finally {
    window.plotly.purge(element);
    element.remove();
  }
}
