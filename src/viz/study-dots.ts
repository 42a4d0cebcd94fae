import { ConfigError, type Interval } from "../core";
import { escapeHtml } from "./escape-html";
import { axis, axisName, type Figure, layoutKey, layoutOf, seriesColour, TEXT_COLOUR } from "./figure";

export interface StudyDotsRecord {
  readonly title: string;
  readonly subtitle?: string;
  /** The rows, from the top. */
  readonly rows: readonly string[];
  /** Two in a row, each with its own x axis. */
  readonly panels: readonly {
    readonly name: string;
    /** One list a series, one value a row; null where there is none. */
    readonly values: readonly (readonly (number | null)[])[];
    /** As `values`: ends of an interval. */
    readonly intervals?: readonly (readonly (Interval | null)[])[];
  }[];
  readonly series: readonly string[];
  /** With its unit; short, for it stands at every panel. */
  readonly xTitle: string;
}

const ROW = 24;
const PANEL = 280;
const GAP = { x: 28, y: 76 };
/** Panels in a row. */
const ACROSS = 2;
const MARGIN = { t: 122, r: 24, b: 62 };
const SYMBOLS = ["circle", "diamond-open", "square", "triangle-up-open"];

/**
 * Values of many things under a few headings as dots with their intervals: a row each, a panel a heading.
 * @throws ConfigError when a panel does not have one value a row and series.
 */
export function studyDots({ title, subtitle, rows, panels, series, xTitle }: StudyDotsRecord): Figure {
  for (const { name, values, intervals = values } of panels) {
    const counts = [...values, ...intervals].map(({ length }) => length);
    const fits = values.length === series.length && intervals.length === series.length;
    if (fits && counts.every((count) => count === rows.length)) continue;
    throw new ConfigError(`studyDots: panel "${name}" must have one value a row and series`, { panel: name });
  }
  const names = rows.map(escapeHtml);
  const left = 24 + 7 * Math.max(...rows.map(({ length }) => length));
  const across = Math.min(ACROSS, panels.length);
  const down = Math.ceil(panels.length / across);
  const width = across * PANEL + (across - 1) * GAP.x;
  const height = down * ROW * rows.length + (down - 1) * GAP.y;
  const corner = (place: number) => ({
    x: ((place % across) * (PANEL + GAP.x)) / width,
    y: 1 - (Math.floor(place / across) * (ROW * rows.length + GAP.y)) / height,
  });
  const layout: Record<string, unknown> = {};
  for (const place of panels.keys()) {
    const [x, y] = [axisName("x", place + 1), axisName("y", place + 1)];
    const from = corner(place);
    layout[layoutKey("x", place + 1)] = axis(xTitle, {
      domain: [from.x, from.x + PANEL / width],
      anchor: y,
      rangemode: "tozero",
      nticks: 6,
    });
    layout[layoutKey("y", place + 1)] = axis("", {
      domain: [Math.max(0, from.y - (ROW * rows.length) / height), from.y],
      type: "category",
      categoryorder: "array",
      categoryarray: [...names].reverse(),
      range: [-0.6, rows.length - 0.4],
      anchor: x,
      ticks: "",
      showticklabels: place % across === 0,
    });
  }
  return {
    data: panels.flatMap(({ values, intervals }, place) =>
      values.map((own, i) => ({
        type: "scatter",
        mode: "markers",
        name: escapeHtml(series[i]),
        legendgroup: series[i],
        showlegend: place === 0 && series.length > 1,
        x: [...own],
        y: names,
        marker: { color: seriesColour(i), size: 9, symbol: SYMBOLS[i % SYMBOLS.length] },
        ...(intervals && {
          error_x: {
            type: "data",
            symmetric: false,
            array: intervals[i].map((ends, row) => (ends === null ? 0 : ends[1] - (own[row] as number))),
            arrayminus: intervals[i].map((ends, row) => (ends === null ? 0 : (own[row] as number) - ends[0])),
            color: seriesColour(i),
            thickness: 1.5,
            width: 4,
          },
        }),
        hovertemplate: "%{y}: %{x:.3~g}",
        xaxis: axisName("x", place + 1),
        yaxis: axisName("y", place + 1),
      })),
    ),
    layout: layoutOf({
      title,
      subtitle,
      width: width + left + MARGIN.r,
      height: height + MARGIN.t + MARGIN.b,
      margin: { ...MARGIN, l: left },
      ...layout,
      annotations: panels.map(({ name }, place) => ({
        text: escapeHtml(name),
        xref: "paper",
        yref: "paper",
        ...corner(place),
        xanchor: "left",
        yanchor: "bottom",
        yshift: 4,
        showarrow: false,
        font: { size: 12, color: TEXT_COLOUR },
      })),
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + 26 / height, yanchor: "bottom", font: { size: 12 } },
    }),
  };
}
