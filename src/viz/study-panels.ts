import { ConfigError } from "../core";
import { logAxis, rangeAround, wholeAxis } from "./axis-range";
import { escapeHtml } from "./escape-html";
import { axis, axisName, COLOURS, type Figure, layoutKey, layoutOf, seriesColour, type Trace } from "./figure";
import type { StudySeries } from "./study-figures";

export interface StudyPanelsRecord {
  readonly title: string;
  readonly subtitle?: string;
  /** One panel each, in rows of `columns`. */
  readonly series: readonly StudySeries[];
  /** Grey in every panel, so that each is read against the same. */
  readonly reference: StudySeries;
  /** A dashed line across every panel, e.g. the best possible. */
  readonly level?: { readonly name: string; readonly y: number };
  /** With their units; short, for they stand at every panel of the lowest row, and of the left column. */
  readonly xTitle: string;
  readonly yTitle: string;
  readonly xType?: "linear" | "log";
  /** Values left of it do not widen the y axis; all do when left out. */
  readonly yFrom?: number;
  readonly columns?: number;
}

/** Pixels. */
const WIDTH = 838;
const GAP = { x: 18, y: 40 };
const HEIGHT = 148;
const MARGIN = { t: 112, r: 20, b: 62, l: 72 };
const REFERENCE = COLOURS.grey;
const MOST_TICKS = 5;

/**
 * One panel a series, all with the same axes: a median with its quartiles (or any curve with its interval) against the same
 * reference. For more series than can be told apart in one panel.
 * @throws ConfigError without a series, or when lists of one differ in length.
 */
export function studyPanels(record: StudyPanelsRecord): Figure {
  const { title, subtitle, series, reference, level, xTitle, yTitle, xType = "linear", columns = 4 } = record;
  if (series.length === 0) throw new ConfigError("studyPanels: there must be a series, and there is none");
  const all = [reference, ...series];
  for (const { name, x, y, interval = y } of all) {
    if (x.length === y.length && y.length === interval.length) continue;
    throw new ConfigError(`studyPanels: the lists of series "${name}" must have one length`, { series: name });
  }
  const across = Math.min(columns, series.length);
  const down = Math.ceil(series.length / across);
  const panel = (WIDTH - (across - 1) * GAP.x) / across;
  const height = down * HEIGHT + (down - 1) * GAP.y;
  const xs = [...new Set(all.flatMap(({ x }) => x))];
  const xAxis = { ...thinned(xType === "log" ? logAxis(xs) : wholeAxis(xs)), showgrid: false };
  const yRange = rangeAround([...all.flatMap((one) => extent(one, record.yFrom)), ...(level ? [level.y] : [])], 0.06);
  const layout: Record<string, unknown> = {};
  const data: Trace[] = [];
  let hasReference = false;
  for (const [i, one] of series.entries()) {
    const [row, column] = [Math.floor(i / across), i % across];
    const axes = { xaxis: axisName("x", i + 1), yaxis: axisName("y", i + 1) };
    const isLowest = i + across >= series.length;
    layout[layoutKey("x", i + 1)] = axis(isLowest ? xTitle : "", {
      type: xType,
      ...xAxis,
      domain: domain(column, panel, GAP.x, WIDTH),
      anchor: axes.yaxis,
      showticklabels: isLowest,
      ...(!isLowest && { ticks: "" }),
    });
    const [low, high] = domain(row, HEIGHT, GAP.y, height);
    layout[layoutKey("y", i + 1)] = axis(column === 0 ? yTitle : "", {
      range: [...yRange],
      domain: [1 - high, 1 - low],
      anchor: axes.xaxis,
      showticklabels: column === 0,
      ...(column > 0 && { ticks: "" }),
    });
    if (level) data.push(levelLine(level, xs, axes, i === 0));
    // Not twice where the reference is a series itself.
    if (one.y !== reference.y) {
      data.push(...curve(reference, REFERENCE, axes, hasReference ? "once" : "shown"));
      hasReference = true;
    }
    data.push(...curve(one, seriesColour(i), axes));
  }
  return {
    data,
    layout: layoutOf({
      title,
      subtitle,
      width: WIDTH + MARGIN.l + MARGIN.r,
      height: height + MARGIN.t + MARGIN.b,
      margin: MARGIN,
      ...layout,
      annotations: series.map(({ name }, i) => {
        const x = domain(i % across, panel, GAP.x, WIDTH)[0];
        const y = 1 - domain(Math.floor(i / across), HEIGHT, GAP.y, height)[0];
        return panelName(name, seriesColour(i), { x, y });
      }),
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + 24 / height, yanchor: "bottom", font: { size: 12 } },
    }),
  };
}

function domain(place: number, size: number, gap: number, whole: number): [number, number] {
  const from = place * (size + gap);
  return [from / whole, (from + size) / whole];
}

function extent({ x, y, interval }: StudySeries, from = Number.NEGATIVE_INFINITY): number[] {
  return x.flatMap((at, i) => (at >= from ? [y[i], ...(interval ? interval[i] : [])] : []));
}

function levelLine(
  { name, y }: { name: string; y: number },
  xs: readonly number[],
  axes: object,
  shows: boolean,
): Trace {
  return {
    type: "scatter",
    mode: "lines",
    name: escapeHtml(name),
    showlegend: shows,
    legendgroup: "level",
    x: [Math.min(...xs), Math.max(...xs)],
    y: [y, y],
    line: { color: COLOURS.black, width: 1, dash: "dash" },
    hoverinfo: "skip",
    ...axes,
  };
}

/** @param inLegend The reference is shown in the legend once, and goes with all of its curves when a reader hides it there. */
function curve(
  { name, x, y, interval }: StudySeries,
  color: string,
  axes: object,
  inLegend?: "shown" | "once",
): Trace[] {
  const shade: Trace = {
    type: "scatter",
    mode: "none",
    x: [...x, ...[...x].reverse()],
    y: interval && [...interval.map(([, high]) => high), ...interval.map(([low]) => low).reverse()],
    fill: "toself",
    fillcolor: `${color}33`,
    showlegend: false,
    hoverinfo: "skip",
    ...axes,
  };
  const line: Trace = {
    type: "scatter",
    mode: "lines",
    name: escapeHtml(name),
    ...(inLegend && { legendgroup: name }),
    showlegend: inLegend === "shown",
    x: [...x],
    y: [...y],
    line: { color, width: 2 },
    hovertemplate: "%{x}: %{y:.4~g}",
    ...axes,
  };
  return interval ? [shade, line] : [line];
}

/** Above its panel, in the colour of its curve. */
function panelName(name: string, color: string, place: { x: number; y: number }): Record<string, unknown> {
  return {
    text: escapeHtml(name),
    xref: "paper",
    yref: "paper",
    showarrow: false,
    ...place,
    xanchor: "left",
    yanchor: "bottom",
    yshift: 2,
    font: { size: 12, color },
  };
}

/** Few enough for a small panel. */
function thinned({ tickvals, ticktext, ...axis }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (!Array.isArray(tickvals) || !Array.isArray(ticktext)) return axis;
  const stride = Math.ceil(tickvals.length / MOST_TICKS);
  const keeps = (_: unknown, i: number) => i % stride === 0;
  return { ...axis, tickvals: tickvals.filter(keeps), ticktext: ticktext.filter(keeps), tickangle: 0 };
}
