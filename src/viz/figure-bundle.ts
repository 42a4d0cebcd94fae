import type { Figure } from "./figure";
import { figureHtml, figureTitle, PLOTLY_CONFIG } from "./figure-html";
import { needsWholePlotly } from "./foreign-figure";
import { staticSvg } from "./static-svg";

/**
 * A figure for every reader of notebooks: plotly's own type, HTML that draws itself, a static SVG (but for what takes the
 * whole of plotly, such as 3D), and a line of text.
 * `carriesPlotly`: whether the HTML brings plotly along (0.67 MB; one figure a page is enough).
 */
export async function figureBundle(figure: Figure, carriesPlotly: boolean): Promise<Record<string, unknown>> {
  const svg = needsWholePlotly(figure) ? undefined : await staticSvg(figure);
  const { data, layout, frames } = figure;
  return {
    "application/vnd.plotly.v1+json": { data, layout, config: PLOTLY_CONFIG, ...(frames && { frames }) },
    "text/html": figureHtml(figure, { svg, carriesPlotly }),
    ...(svg && { "image/svg+xml": svg }),
    "text/plain": `[figure: ${figureTitle(figure) || "untitled"}]`,
  };
}
