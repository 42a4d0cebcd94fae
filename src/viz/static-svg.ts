import { createHash } from "node:crypto";
import type { Figure } from "./figure";
import { plotlyWindow } from "./plotly-window";
import { darkSvgStyle } from "./theme";

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
    const hash = createHash("sha256").update(json).digest("hex").slice(0, 8);
    return compact(window.plotly.Snapshot.toSVG(element, "svg"), `blockwise-${hash}`);
  } finally {
    window.plotly.purge(element);
    element.remove();
  }
}

/** Leaves out what says nothing (defaults, clip paths that nothing uses), and adds the dark style. */
function compact(svg: string, scope: string): string {
  return (
    svg
      .replace(/ ?(?:(?:fill-|stroke-)?opacity: 1|vector-effect: none|white-space: pre|stroke-miterlimit: 2);/g, "")
      .replace(/<clipPath[^>]* id="([^"]+)"[^>]*>.*?<\/clipPath>/g, (whole, id) =>
        svg.includes(`url(#${id})`) ? whole : "",
      )
      .replace(/="[^"]*"/g, (attribute) => attribute.replace(/(\d\.\d\d)\d{3,}/g, "$1"))
      // Plotly's own stand-in for quotes.
      .replace(/TOBESTRIPPED/g, "'")
      .replace(/ style=" ?"/g, "")
      .replace(/<g class="[a-z- ]*"\/>/g, "")
      .replace(/^<svg class="main-svg"([^>]*)>/, `<svg class="main-svg ${scope}"$1>${darkSvgStyle(scope)}`)
  );
}
