import { readFileSync } from "node:fs";
import { deflateRawSync } from "node:zlib";

/** File name under which the kernel's folder offers plotly to a running Jupyter page. */
export const PLOTLY_FILE = "plotly-cartesian.min.js";

/** File name of all of plotly (4.8 MB), for figures of users that take it. */
export const WHOLE_PLOTLY_FILE = "plotly.min.js";

/** Path of the smallest build of plotly that draws our figures (1.5 MB). */
export function plotlyPath(): string {
  return require.resolve("plotly.js-cartesian-dist-min");
}

let packed: string | undefined;

/** Plotly as base64 of its raw deflate stream: 0.67 MB instead of 1.5 MB, undone by a browser's DecompressionStream. */
export function packedPlotly(): string {
  packed ??= deflateRawSync(readFileSync(plotlyPath()), { level: 9 }).toString("base64");
  return packed;
}

/** The element that brings plotly into a page; figures anywhere on the page then find it. */
export function plotlyElement(): string {
  return `<script>window.blockwisePlotlyPacked="${packedPlotly()}";</script>\n`;
}

/** A figure's HTML without the plotly that it may bring along. */
export function withoutPlotly(html: string): string {
  return html.replace(/<script>window\.blockwisePlotlyPacked="[^"]*";<\/script>\n?/g, "");
}
