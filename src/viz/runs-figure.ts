import { rangeAround } from "./axis-range";
import { axis, type Figure, FLOPS_AXIS, layoutOf, seriesColour, type Trace } from "./figure";
import { KINDS, type NetworkKind } from "./network-kinds";

/** A run's measured networks; accuracies are shares of the test images. */
export interface RunPoints {
  readonly name: string;
  readonly points: readonly {
    readonly label: string;
    readonly kind: NetworkKind;
    readonly macs: number;
    readonly accuracy: number;
  }[];
}

/** Networks of several runs, accuracy against MACs: a colour a run, a symbol a kind. */
export function runsFigure(runs: readonly RunPoints[], dataset: string): Figure {
  const data = runs.map(({ name, points }, i): Trace => {
    return {
      type: "scatter",
      mode: "markers",
      name,
      x: points.map(({ macs }) => macs),
      y: points.map(({ accuracy }) => 100 * accuracy),
      text: points.map(({ label }) => label),
      marker: { color: seriesColour(i), size: 10, symbol: points.map(({ kind }) => KINDS[kind].symbol) },
      hovertemplate: `${name}, %{text}: %{y:.2f} %<extra></extra>`,
    };
  });
  const accuracies = runs.flatMap(({ points }) => points.map(({ accuracy }) => 100 * accuracy));
  return {
    data,
    layout: layoutOf({
      title: `Runs side by side on ${dataset}`,
      subtitle: "star: teacher, circle: found by rating, diamond: random, triangle: shrunk teacher",
      xaxis: axis(FLOPS_AXIS),
      yaxis: axis("test accuracy (%)", { range: [...rangeAround(accuracies)] }),
    }),
  };
}
