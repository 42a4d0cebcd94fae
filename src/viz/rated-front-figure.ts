import { formatCount } from "../core";
import { countAxis, rangeAround } from "./axis-range";
import { budgetLines } from "./budget-lines";
import type { PredictedNetwork } from "./drawn-networks";
import { escapeHtml } from "./escape-html";
import { axis, COLOURS, type Figure, FLOPS_AXIS, layoutOf } from "./figure";
import { hoverFacts } from "./network-facts";

export interface RatedFrontRecord {
  readonly front: readonly PredictedNetwork[];
  /** The network that the budget chose. */
  readonly best: PredictedNetwork;
  /** Further networks beside the chosen one, e.g. other good ones that differ from it. */
  readonly others?: readonly PredictedNetwork[];
  /** Name of what was rated by, where it is not the usual one. */
  readonly measure?: string;
  /** Upper limit of MACs, where one was set. */
  readonly budgetMacs?: number;
}

/** The predicted front of a search: rating against MACs, the chosen network and the budget. */
export function ratedFrontFigure({ front, best, others = [], measure, budgetMacs }: RatedFrontRecord): Figure {
  const sorted = [...front].sort((a, b) => a.macs - b.macs);
  const all = [...sorted, ...others, best];
  const x = countAxis([...all.map((network) => network.macs), ...(budgetMacs ? [budgetMacs] : [])]);
  const y = rangeAround(
    all.map((network) => network.score),
    0.12,
  );
  const budget = budgetLines(budgetMacs ? [{ macs: budgetMacs }] : [], x, { width: 612, height: 272 });
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
        customdata: sorted.map(hoverFacts),
        hovertemplate: "predicted: %{y:.4f}<br>%{customdata}<extra></extra>",
      },
      ...(others.length > 0
        ? [
            {
              type: "scatter" as const,
              mode: "markers",
              name: `${others.length} more`,
              x: others.map((network) => network.macs),
              y: others.map((network) => network.score),
              marker: { color: COLOURS.orange, size: 10, symbol: "diamond", line: { color: "#FFFFFF", width: 1 } },
              customdata: others.map(hoverFacts),
              hovertemplate: "predicted: %{y:.4f}<br>%{customdata}<extra></extra>",
            },
          ]
        : []),
      {
        type: "scatter",
        mode: "markers",
        name: `best within the budget: ${formatCount(best.macs)} MACs`,
        x: [best.macs],
        y: [best.score],
        marker: { color: COLOURS.blue, size: 12, line: { color: "#FFFFFF", width: 1 } },
        customdata: [hoverFacts(best)],
        hovertemplate: "chosen, predicted: %{y:.4f}<br>%{customdata}<extra></extra>",
      },
    ],
    layout: layoutOf({
      title: "Predicted front",
      subtitle: `from ratings${measure ? ` (${escapeHtml(measure)})` : ""} alone, nothing retrained yet; up is better, left is cheaper`,
      width: 720,
      xaxis: axis(FLOPS_AXIS, x.options),
      yaxis: axis("predicted: rating summed over blocks<br>(lower is better; axis reversed)", { range: [y[1], y[0]] }),
      margin: { t: 92, r: 24, b: 56, l: 84 },
      shapes: budget.shapes,
      annotations: budget.annotations,
    }),
  };
}
