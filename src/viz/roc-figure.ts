import { ConfigError } from "../core";
import { axis, type Figure, layoutOf, seriesColour, type Trace } from "./figure";

export interface RocSeries {
  readonly name: string;
  /** Rates from 0 to 1, rising. */
  readonly far: readonly number[];
  readonly tar: readonly number[];
}

export interface RocRecord {
  readonly title: string;
  readonly subtitle?: string;
  readonly series: readonly RocSeries[];
  /** Pairs of two people: false accept rates below one of them are not measured. */
  readonly pairs: number;
}

/** Steps of the logarithmic axis, of which a curve has one point each: a picture shows no more. */
const STEPS_A_DECADE = 60;

/** The last point of each step of the axis. */
function drawn(points: readonly { readonly x: number; readonly y: number }[]) {
  const step = (x: number) => Math.floor(STEPS_A_DECADE * Math.log10(x));
  return points
    .filter(({ x }, i) => i + 1 === points.length || step(points[i + 1].x) !== step(x))
    .map(({ x, y }) => ({ x: Number(x.toPrecision(5)), y: Number(y.toPrecision(5)) }));
}

/**
 * Receiver operating characteristics: true against false accept rate, the latter on a logarithmic axis, for that is where
 * verification is used. No curve goes below one pair falsely accepted.
 * @throws ConfigError without a series, or when rates of one differ in number.
 */
export function rocFigure({ title, subtitle, series, pairs }: RocRecord): Figure {
  if (series.length === 0) throw new ConfigError("rocFigure: there must be a series, and there is none");
  const data = series.map(({ name, far, tar }, i): Trace => {
    if (far.length !== tar.length) {
      throw new ConfigError(`rocFigure: the rates of series "${name}" must have one length`, { series: name });
    }
    const points = drawn(far.map((x, at) => ({ x, y: tar[at] })).filter(({ x }) => x >= 1 / pairs));
    return {
      type: "scatter",
      mode: "lines",
      name,
      line: { color: seriesColour(i), width: 2, shape: "hv" },
      x: points.map(({ x }) => x),
      y: points.map(({ y }) => 100 * y),
      hovertemplate: `FAR %{x:.2%}: TAR %{y:.1f} %<extra>${name}</extra>`,
    };
  });
  return {
    data,
    layout: layoutOf({
      title,
      subtitle,
      width: 640,
      height: 420,
      margin: { t: 92, r: 24, b: 60, l: 68 },
      xaxis: axis("false accept rate", { type: "log", range: [Math.log10(1 / pairs), 0], tickformat: ".2~%" }),
      yaxis: axis("true accept rate (%)"),
      // Where no curve is: a useful one rises early.
      legend: { x: 0.99, xanchor: "right", y: 0.02, yanchor: "bottom", font: { size: 12 } },
    }),
  };
}
