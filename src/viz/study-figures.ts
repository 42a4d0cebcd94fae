import { ConfigError, type Interval } from "../core";
import { logAxis, rangeAround, wholeAxis } from "./axis-range";
import { escapeHtml } from "./escape-html";
import { axis, COLOURS, type Figure, layoutOf, seriesColour, type Trace } from "./figure";

export interface StudySeries {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** 95 % interval of each y. */
  readonly interval?: readonly Interval[];
}

export interface StudyCurveRecord {
  readonly title: string;
  readonly subtitle?: string;
  readonly series: readonly StudySeries[];
  /** With its unit, e.g. "distillation (epochs)". */
  readonly xTitle: string;
  /** With its unit, e.g. "test accuracy (%)". */
  readonly yTitle: string;
  readonly xType?: "linear" | "log";
  /** What the intervals are, e.g. "quartiles". Default: 95 % intervals. */
  readonly band?: string;
}

/**
 * Curves of a study, one a series, each with its 95 % interval as a band.
 * @throws ConfigError when lists of a series differ in length.
 */
export function studyCurve({
  title,
  subtitle,
  series,
  xTitle,
  yTitle,
  xType = "linear",
  band = BAND,
}: StudyCurveRecord): Figure {
  for (const { name, x, y, interval = y } of series) checkLengths("studyCurve", name, [x, y, interval]);
  const xs = [...new Set(series.flatMap(({ x }) => x))];
  return {
    data: series.flatMap(({ name, x, y, interval }, i): Trace[] => {
      const color = seriesColour(i);
      const shade: Trace = {
        type: "scatter",
        mode: "lines",
        x: [...x, ...[...x].reverse()],
        y: interval && [...interval.map(([, high]) => high), ...interval.map(([low]) => low).reverse()],
        fill: "toself",
        fillcolor: `${color}26`,
        line: { width: 0 },
        legendgroup: name,
        showlegend: false,
        hoverinfo: "skip",
      };
      const line: Trace = {
        type: "scatter",
        mode: "lines+markers",
        name: escapeHtml(name),
        legendgroup: name,
        showlegend: series.length > 1,
        x: [...x],
        y: [...y],
        line: { color, width: 2 },
        marker: { color, size: 7, symbol: SYMBOLS[i % SYMBOLS.length] },
        ...intervalHover(escapeHtml(name), interval, band),
      };
      return interval ? [shade, line] : [line];
    }),
    layout: layoutOf({
      title,
      subtitle: withInterval(subtitle, series, band),
      width: 760,
      height: 430,
      margin: { t: series.length > 1 ? 104 : 84, r: 24, b: 60, l: 76 },
      xaxis: axis(xTitle, xType === "log" ? logAxis(xs) : { type: xType, ...wholeAxis(xs) }),
      yaxis: axis(yTitle),
    }),
  };
}

export interface StudyBarsRecord {
  readonly title: string;
  readonly subtitle?: string;
  /** What stands on the x axis, in order. */
  readonly groups: readonly string[];
  /** One bar a group each; null where there is none. */
  readonly series: readonly {
    readonly name: string;
    readonly y: readonly (number | null)[];
    /** 95 % interval of each bar. */
    readonly interval?: readonly (Interval | null)[];
  }[];
  readonly xTitle?: string;
  /** With its unit. */
  readonly yTitle: string;
  /** Whether bars stand on zero; they do unless told otherwise, since their length is what is read. */
  readonly fromZero?: boolean;
}

/**
 * Bars of a study, grouped, with 95 % intervals as whiskers.
 * @throws ConfigError when a series does not have one value a group.
 */
export function studyBars({
  title,
  subtitle,
  groups,
  series,
  xTitle = "",
  yTitle,
  fromZero = true,
}: StudyBarsRecord): Figure {
  for (const { name, y, interval = y } of series) checkLengths("studyBars", name, [groups, y, interval]);
  const names = groups.map((group) => wrapped(escapeHtml(group)));
  const lines = Math.max(1, ...names.map((name) => name.split("<br>").length));
  const values = series.flatMap(({ y, interval = [] }) => [...y, ...interval.flat()]).filter((v) => v !== null);
  return {
    data: series.map(({ name, y, interval }, i) => ({
      type: "bar",
      name: escapeHtml(name),
      showlegend: series.length > 1,
      x: names,
      y: [...y],
      marker: { color: seriesColour(i) },
      ...(interval && {
        error_y: {
          type: "data",
          symmetric: false,
          array: interval.map((ends, at) => (ends === null ? 0 : ends[1] - (y[at] as number))),
          arrayminus: interval.map((ends, at) => (ends === null ? 0 : (y[at] as number) - ends[0])),
          color: COLOURS.black,
          thickness: 1.5,
          width: 4,
        },
      }),
      ...intervalHover(escapeHtml(name), interval),
    })),
    layout: layoutOf({
      title,
      subtitle: withInterval(subtitle, series),
      width: Math.max(520, groups.length * Math.max(36 * series.length + 30, lines > 1 ? 128 : 0) + 140),
      height: 416 + 14 * lines,
      barmode: "group",
      bargap: 0.25,
      margin: { t: series.length > 1 ? 104 : 84, r: 24, b: 50 + 14 * lines, l: 76 },
      xaxis: axis(xTitle, { type: "category", showgrid: false, ticks: "", tickangle: 0 }),
      yaxis: axis(yTitle, fromZero ? { rangemode: "tozero" } : { range: [...rangeAround(values)] }),
    }),
  };
}

/** A name in lines of about 20 characters, broken between words. */
function wrapped(name: string): string {
  return name.replace(/(.{1,20})(?:\s+|$)/g, "$1<br>").replace(/<br>$/, "");
}

/** Shapes tell series apart where colours do not. */
const SYMBOLS = ["circle", "diamond", "square", "triangle-up", "cross", "x", "star"];

/** What intervals are unless said otherwise. */
const BAND = "95 % intervals";

function intervalHover(name: string, interval?: readonly (Interval | null)[], band = BAND): Trace {
  const what = band === BAND ? "95 % interval" : band;
  if (!interval) return { hovertemplate: `${name}, %{x}: %{y:.4~g}<extra></extra>` };
  return {
    customdata: interval.map((ends) => (ends === null ? "" : ` (${what} ${short(ends[0])} to ${short(ends[1])})`)),
    hovertemplate: `${name}, %{x}: %{y:.4~g}%{customdata}<extra></extra>`,
  };
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function withInterval(subtitle: string | undefined, series: readonly { readonly interval?: unknown }[], band = BAND) {
  const said = series.some(({ interval }) => interval) ? [`with ${band}`] : [];
  return [...(subtitle ? [subtitle] : []), ...said].join("; ") || undefined;
}

function checkLengths(where: string, name: string, lists: readonly (readonly unknown[])[]): void {
  const lengths = lists.map(({ length }) => length);
  if (new Set(lengths).size === 1) return;
  throw new ConfigError(`${where}: the lists of series "${name}" must have one length, got ${lengths.join(", ")}`, {
    series: name,
    lengths,
  });
}
