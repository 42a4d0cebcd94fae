import type { Figure } from "./figure";
import { figureHtml, figureTitle, PLOTLY_CONFIG } from "./figure-html";
import { staticSvg } from "./static-svg";

/**
 * A figure for every reader of notebooks: plotly's own type, HTML that draws itself, a static SVG, and a line of text.
 * `carriesPlotly`: whether the HTML brings plotly along (0.67 MB; one figure a page is enough).
 */
export async function figureBundle(figure: Figure, carriesPlotly: boolean): Promise<Record<string, unknown>> {
  const svg = await staticSvg(figure);
  return {
    "application/vnd.plotly.v1+json": { data: figure.data, layout: figure.layout, config: PLOTLY_CONFIG },
    "text/html": figureHtml(figure, { svg, carriesPlotly }),
    "image/svg+xml": svg,
    "text/plain": `[figure: ${figureTitle(figure)}]`,
  };
}
