import { ConfigError, type Interval } from "../core";
import { logAxis, rangeAround } from "./axis-range";
import { escapeHtml } from "./escape-html";
import { axis, COLOURS, type Figure, layoutOf, seriesColour, TEXT_COLOUR, type Trace } from "./figure";
import { drawLabels, placeLabels, type Segment } from "./label-placement";

/** Something that costs and is worth something, with what is known of both. */
export interface CostValuePoint {
  readonly name: string;
  /** Above 0. */
  readonly cost: number;
  readonly value: number;
  /** 95 %; left out where there is none. */
  readonly costInterval?: Interval;
  readonly interval?: Interval;
}

export interface CostValueRecord {
  readonly title: string;
  readonly subtitle: string;
  readonly points: readonly CostValuePoint[];
  /** A grey curve that all are read against, such as random search; costs rise. */
  readonly reference: { readonly name: string; readonly costs: readonly number[]; readonly values: readonly number[] };
  /** A dashed line across, e.g. the best possible of what costs nothing. */
  readonly level?: { readonly name: string; readonly value: number };
  readonly xTitle: string;
  readonly yTitle: string;
}

const [WIDTH, HEIGHT] = [820, 460];
const MARGIN = { t: 116, r: 24, b: 60, l: 76 };

/**
 * What things are worth against what they cost, on a logarithmic axis, each named and with its intervals.
 * @throws ConfigError when there is no point, one costs nothing, or the reference's lists differ in length.
 */
export function costValueFigure(record: CostValueRecord): Figure {
  const { title, subtitle, points, reference, level, xTitle, yTitle } = record;
  if (
    points.length === 0 ||
    points.some(({ cost }) => !(cost > 0)) ||
    reference.costs.length !== reference.values.length
  ) {
    throw new ConfigError(
      "costValueFigure: there must be points of a cost above 0, and one value a cost of the reference",
    );
  }
  // An interval may reach below 0, where a logarithmic axis has no place.
  const ends = points.map(({ cost, costInterval: [low, high] = [cost, cost] }) => [Math.max(low, cost / 10), high]);
  const xAxis = logAxis([...reference.costs, ...ends.flat()]) as { range: [number, number] };
  const values = points.flatMap(({ value, interval = [value, value] }) => [value, ...interval]);
  const range = rangeAround([...values, ...reference.values, ...(level ? [level.value] : [])], 0.06);
  const lines: Trace[] = [
    {
      type: "scatter",
      mode: "lines",
      name: escapeHtml(reference.name),
      x: reference.costs,
      y: reference.values,
      line: { color: COLOURS.grey, width: 2 },
      hovertemplate: "%{x:.0f}: %{y:.2f}<extra></extra>",
    },
  ];
  if (level) {
    lines.push({
      type: "scatter",
      mode: "lines",
      name: escapeHtml(level.name),
      x: xAxis.range.map((power) => 10 ** power),
      y: [level.value, level.value],
      line: { color: COLOURS.grey, width: 1.5, dash: "dash" },
      hovertemplate: "%{y:.2f}<extra></extra>",
    });
  }
  const marks = points.map(({ name, cost, value, interval = [value, value] }, i): Trace => {
    const error = { type: "data", symmetric: false, color: seriesColour(i), thickness: 1.2, width: 3 };
    return {
      type: "scatter",
      mode: "markers",
      name: escapeHtml(name),
      showlegend: false,
      x: [cost],
      y: [value],
      error_x: { ...error, array: [ends[i][1] - cost], arrayminus: [cost - ends[i][0]] },
      error_y: { ...error, array: [interval[1] - value], arrayminus: [value - interval[0]] },
      marker: { color: seriesColour(i), size: 10 },
      hovertemplate: `${escapeHtml(name)}: %{x:.1f}, %{y:.2f}<extra></extra>`,
    };
  });
  return {
    data: [...lines, ...marks],
    layout: layoutOf({
      title,
      subtitle,
      width: WIDTH,
      height: HEIGHT,
      margin: MARGIN,
      xaxis: axis(xTitle, xAxis),
      yaxis: axis(yTitle, { range: [...range] }),
      annotations: labels(record, xAxis.range, range),
    }),
  };
}

/** Names beside points, clear of the others, of intervals and of the curve. */
function labels({ points, reference }: CostValueRecord, x: readonly number[], y: readonly number[]) {
  const area = { width: WIDTH - MARGIN.l - MARGIN.r, height: HEIGHT - MARGIN.t - MARGIN.b };
  const at = (cost: number, value: number) => ({
    x: ((Math.log10(cost) - x[0]) / (x[1] - x[0])) * area.width,
    y: (1 - (value - y[0]) / (y[1] - y[0])) * area.height,
  });
  const curve = reference.costs.map((cost, i) => at(cost, reference.values[i]));
  const lines: Segment[] = [
    ...curve.slice(1).map((to, i) => ({ from: curve[i], to })),
    ...points.map(({ cost, value, interval = [value, value] }) => ({
      from: at(cost, interval[0]),
      to: at(cost, interval[1]),
    })),
  ];
  const places = points.map(({ name, cost, value }) => ({ text: name, ...at(cost, value) }));
  const names = points.map(({ name, cost, value }) => ({ x: cost, y: value, text: name, colour: TEXT_COLOUR }));
  return drawLabels(names, placeLabels(places, area, { lines }), { xref: "x", yref: "y", isLog: true });
}
