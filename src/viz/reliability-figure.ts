import { ConfigError, type Interval } from "../core";
import { logAxis } from "./axis-range";
import { escapeHtml } from "./escape-html";
import { axis, COLOURS, type Figure, layoutOf, seriesColour, TEXT_COLOUR, type Trace } from "./figure";
import { drawLabels, placeLabels } from "./label-placement";

/** A cheaper setting that networks are ranked by. */
export interface ReliabilityPoint {
  readonly name: string;
  /** Which series it belongs to. */
  readonly group: string;
  /** How many times cheaper than the full setting. */
  readonly acceleration: number;
  /** Rank correlation with the full setting, with its 95 % interval. */
  readonly rho: number;
  readonly interval: Interval;
  /** Whether its name stands beside it. */
  readonly labelled: boolean;
}

export interface ReliabilityRecord {
  readonly title: string;
  readonly subtitle: string;
  readonly points: readonly ReliabilityPoint[];
  /** Name of the point that is ringed. */
  readonly chosen: string;
  /** Of the full setting with itself, from another seed. */
  readonly ceiling: { readonly rho: number; readonly interval: Interval };
  /** From what value on a setting counts as reliable. */
  readonly reliable: number;
  readonly xTitle: string;
  readonly yTitle: string;
}

const [WIDTH, HEIGHT] = [820, 480];
const MARGIN = { t: 116, r: 24, b: 60, l: 76 };
const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "x"];

/**
 * How well cheaper settings rank networks, against how much cheaper they are; the full setting's agreement with itself as a
 * band, the chosen one ringed.
 * @throws ConfigError when there is no point, or none of the chosen name.
 */
export function reliabilityFigure(record: ReliabilityRecord): Figure {
  const { title, subtitle, points, ceiling, reliable, xTitle, yTitle } = record;
  const chosen = points.find(({ name }) => name === record.chosen);
  if (!chosen)
    throw new ConfigError(`reliabilityFigure: the chosen setting must be one of the points, got ${record.chosen}`);
  const xAxis = logAxis([1, ...points.map(({ acceleration }) => acceleration)]) as { range: [number, number] };
  const lows = [...points.map(({ interval }) => interval[0]), ceiling.interval[0]];
  const yRange = [Math.max(-1, Math.min(...lows) - 0.05), 1.03];
  const groups = [...new Set(points.map(({ group }) => group))];
  const ends = xAxis.range.map((power) => 10 ** power);
  const level = (name: string, y: number, dash: string): Trace => ({
    type: "scatter",
    mode: "lines",
    name,
    x: ends,
    y: [y, y],
    line: { color: COLOURS.grey, width: 1.5, dash },
    hovertemplate: `${name}: %{y:.2f}<extra></extra>`,
  });
  return {
    data: [
      {
        type: "scatter",
        mode: "lines",
        x: [...ends, ...[...ends].reverse()],
        y: [ceiling.interval[0], ceiling.interval[0], ceiling.interval[1], ceiling.interval[1]],
        fill: "toself",
        fillcolor: `${COLOURS.grey}26`,
        line: { width: 0 },
        showlegend: false,
        hoverinfo: "skip",
      },
      level("full setting, another seed", ceiling.rho, "solid"),
      level("counts as reliable", reliable, "dot"),
      ...groups.map((group, i): Trace => {
        const own = points.filter((point) => point.group === group);
        return {
          type: "scatter",
          mode: "markers",
          name: escapeHtml(group),
          x: own.map(({ acceleration }) => acceleration),
          y: own.map(({ rho }) => rho),
          error_y: {
            type: "data",
            symmetric: false,
            array: own.map(({ rho, interval }) => interval[1] - rho),
            arrayminus: own.map(({ rho, interval }) => rho - interval[0]),
            color: seriesColour(i),
            thickness: 1,
            width: 0,
          },
          marker: { color: seriesColour(i), size: 9, symbol: SYMBOLS[i % SYMBOLS.length] },
          customdata: own.map(({ name }) => escapeHtml(name)),
          hovertemplate: "%{customdata}: %{x:.1f} times cheaper, %{y:.2f}<extra></extra>",
        };
      }),
      {
        type: "scatter",
        mode: "markers",
        name: `chosen: ${escapeHtml(chosen.name)}`,
        x: [chosen.acceleration],
        y: [chosen.rho],
        marker: { color: COLOURS.black, size: 17, symbol: "circle-open", line: { width: 2 } },
        hoverinfo: "skip",
      },
    ],
    layout: layoutOf({
      title,
      subtitle,
      width: WIDTH,
      height: HEIGHT,
      margin: MARGIN,
      xaxis: axis(xTitle, xAxis),
      yaxis: axis(yTitle, { range: yRange }),
      annotations: labels(points, xAxis.range, yRange),
    }),
  };
}

/** Names beside points, clear of all others. */
function labels(points: readonly ReliabilityPoint[], x: readonly number[], y: readonly number[]) {
  const area = { width: WIDTH - MARGIN.l - MARGIN.r, height: HEIGHT - MARGIN.t - MARGIN.b };
  // Those without a name are obstacles, too.
  const places = points.map(({ name, acceleration, rho, labelled }) => ({
    text: labelled ? name : "",
    x: ((Math.log10(acceleration) - x[0]) / (x[1] - x[0])) * area.width,
    y: (1 - (rho - y[0]) / (y[1] - y[0])) * area.height,
  }));
  const names = points.map(({ acceleration, rho }, i) => ({
    x: acceleration,
    y: rho,
    text: places[i].text,
    colour: TEXT_COLOUR,
  }));
  return drawLabels(names, placeLabels(places, area), { xref: "x", yref: "y", isLog: true });
}
