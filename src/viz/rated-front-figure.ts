import { formatCount } from "../core";
import { countAxis, rangeAround } from "./axis-range";
import { axis, COLOURS, type Figure, FLOPS_AXIS, layoutOf } from "./figure";
import type { PredictedNetwork } from "./pareto-figure";

export interface RatedFrontRecord {
  readonly front: readonly PredictedNetwork[];
  /** The network that the budget chose. */
  readonly best: PredictedNetwork;
  /** Upper limit of MACs, where one was set. */
  readonly budgetMacs?: number;
}

/** The predicted front of a search: rating against MACs, the chosen network and the budget. */
export function ratedFrontFigure({ front, best, budgetMacs }: RatedFrontRecord): Figure {
  const sorted = [...front].sort((a, b) => a.macs - b.macs);
  const all = [...sorted, best];
  const x = countAxis([...all.map((network) => network.macs), ...(budgetMacs ? [budgetMacs] : [])]);
  const y = rangeAround(
    all.map((network) => network.score),
    0.12,
  );
  return {
    data: [
      {
        type: "scatter",
        mode: sorted.length > 60 ? "lines" : "lines+markers",
        name: `predicted front (${sorted.length} networks)`,
        x: sorted.map((network) => network.macs),
        y: sorted.map((network) => network.score),
        line: { color: COLOURS.sky, width: 2, shape: "hv" },
        marker: { color: COLOURS.sky, size: 5 },
        hovertemplate: "predicted: %{y:.4f} at %{x:.4s}<extra></extra>",
      },
      {
        type: "scatter",
        mode: "markers",
        name: `best within the budget: ${formatCount(best.macs)} FLOPs`,
        x: [best.macs],
        y: [best.score],
        marker: { color: COLOURS.blue, size: 12, line: { color: "#FFFFFF", width: 1 } },
        hovertemplate: "chosen, predicted: %{y:.4f} at %{x:.4s}<extra></extra>",
      },
    ],
    layout: layoutOf({
      title: "Predicted front",
      subtitle: "from ratings alone, nothing retrained yet; up is better, left is cheaper",
      width: 720,
      xaxis: axis(FLOPS_AXIS, x.options),
      yaxis: axis("predicted: rating summed over blocks<br>(lower is better; axis reversed)", { range: [y[1], y[0]] }),
      margin: { t: 92, r: 24, b: 56, l: 84 },
      ...(budgetMacs && {
        shapes: [
          {
            type: "line",
            x0: budgetMacs,
            x1: budgetMacs,
            xref: "x",
            y0: 0,
            y1: 1,
            yref: "paper",
            line: { color: COLOURS.vermilion, width: 1.5, dash: "dash" },
          },
        ],
        annotations: [
          {
            x: x.type === "log" ? Math.log10(budgetMacs) : budgetMacs,
            y: 0.02,
            yref: "paper",
            yanchor: "bottom",
            xanchor: "right",
            text: `budget ${formatCount(budgetMacs)}`,
            showarrow: false,
            font: { color: COLOURS.vermilion, size: 12 },
          },
        ],
      }),
    }),
  };
}
