import { ConfigError, formatCount } from "../core";
import { leastSquares } from "../core/statistics";
import { escapeHtml } from "./escape-html";
import { axis, COLOURS, type Figure, layoutOf } from "./figure";

/** A network with what was predicted of it and what was measured. */
export interface RankPoint {
  /** What the network is called, e.g. its id. */
  readonly key: string;
  readonly predicted: number;
  readonly actual: number;
  readonly macs?: number;
}

export interface RankScatterRecord {
  readonly points: readonly RankPoint[];
  /** Kendall's tau-b of predicted and actual values, as computed by who ranked (a rating that is better when lower is to be negated). */
  readonly tau: number;
  /** 95 % interval of tau. */
  readonly interval?: readonly [number, number];
  readonly title?: string;
  /** Title of the x axis, with its unit. */
  readonly predictedTitle?: string;
  /** Title of the y axis, with its unit. */
  readonly actualTitle?: string;
}

/**
 * Measured against predicted quality of networks, with the least-squares line and Kendall's tau; colours tell the MACs.
 * @throws ConfigError when there are fewer than two points.
 */
export function rankScatter({
  points,
  tau,
  interval,
  title = "Does the rating rank networks rightly?",
  predictedTitle = "predicted: summed rating (lower is better)",
  actualTitle = "measured: accuracy (%)",
}: RankScatterRecord): Figure {
  if (points.length < 2) {
    throw new ConfigError(`rankScatter: there must be at least two points, got ${points.length}; rate more networks`);
  }
  const line = leastSquares(points.map(({ predicted, actual }) => [predicted, actual]));
  const xs = points.map(({ predicted }) => predicted);
  const ends = [Math.min(...xs), Math.max(...xs)];
  const hasMacs = points.every(({ macs }) => macs !== undefined);
  const range = interval ? ` (95 % interval ${signed(interval[0])} to ${signed(interval[1])})` : "";
  return {
    data: [
      {
        type: "scatter",
        mode: "markers",
        name: `${points.length} networks`,
        x: xs,
        y: points.map(({ actual }) => actual),
        marker: {
          // Many points lie on each other: dense places are darker then.
          size: points.length > 300 ? 6 : 9,
          opacity: points.length > 300 ? 0.6 : 1,
          line: { color: COLOURS.grey, width: 1 },
          ...(hasMacs
            ? {
                color: points.map(({ macs }) => macs),
                // Even steps of lightness, so that it is read in grey and with every colour blindness.
                colorscale: "Cividis",
                colorbar: {
                  title: { text: "MACs", side: "top" },
                  thickness: 12,
                  len: 1,
                  outlinewidth: 0,
                  tickformat: "~s",
                },
              }
            : { color: COLOURS.blue }),
        },
        customdata: points.map(({ key, macs }) => [
          escapeHtml(key),
          macs === undefined ? "" : `<br>${formatCount(macs)} MACs`,
        ]),
        hovertemplate: "%{customdata[0]}<br>predicted %{x:.4f}, measured %{y:.2f}%{customdata[1]}<extra></extra>",
      },
      {
        type: "scatter",
        mode: "lines",
        name: "least-squares line",
        x: ends,
        y: ends.map((x) => line.intercept + line.slope * x),
        line: { color: COLOURS.vermilion, width: 2, dash: "dash" },
        hoverinfo: "skip",
      },
    ],
    layout: layoutOf({
      title,
      subtitle: `Kendall's \u03c4 = ${signed(tau)}${range}, ${points.length} networks`,
      width: 720,
      height: 460,
      margin: { t: 100, r: hasMacs ? 96 : 24, b: 60, l: 76 },
      xaxis: axis(predictedTitle),
      yaxis: axis(actualTitle),
    }),
  };
}

/** "+0.52", with a true minus. */
function signed(value: number): string {
  return value < 0 ? `\u2212${(-value).toFixed(2)}` : value.toFixed(2);
}
