import { countAxis, rangeAround } from "./axis-range";
import { type BudgetLine, budgetLines } from "./budget-lines";
import type { CostOf } from "./cost-axis";
import type { PredictedNetwork } from "./drawn-networks";
import { COLOURS, type Trace } from "./figure";
import { frontLine, labelled, type PanelSize } from "./front-panel";
import { stepSegments } from "./label-placement";
import { hoverFacts } from "./network-facts";
import { DRAWN, KINDS, markers } from "./network-kinds";

/** More random networks are drawn as a cloud, small and without names. */
const CLOUD = 6;

/** The panel of ratings against cost, the best above. */
export function predictedPanel(
  front: readonly PredictedNetwork[],
  chosen: readonly PredictedNetwork[],
  budgets: readonly BudgetLine[],
  at: CostOf,
  panel: PanelSize,
) {
  const all = [...front, ...chosen];
  const x = countAxis([...all.map(at), ...budgets.map(({ macs }) => macs)]);
  const y = rangeAround(
    all.map((network) => network.score),
    0.16,
  );
  const pixel = (network: PredictedNetwork) => ({
    x: x.position(at(network)) * panel.width,
    y: ((network.score - y[0]) / (y[1] - y[0])) * panel.height,
  });
  const axes = { xaxis: "x2", yaxis: "y2" };
  const sorted = [...front].sort((a, b) => at(a) - at(b));
  const limits = budgetLines(budgets, x, panel, "x2");
  const isCloud = chosen.filter(({ kind }) => kind === "random").length > CLOUD;
  const labels = labelled(
    chosen.map((network) => ({
      y: network.score,
      at: at(network),
      text: isCloud && network.kind === "random" ? "" : (network.label ?? ""),
      colour: KINDS[network.kind ?? "found"].colour,
      pixel: pixel(network),
    })),
    { x, panel, lines: stepSegments(sorted.map(pixel)), limits: limits.obstacles },
    { xref: "x2", yref: "y2" },
  );
  const { hoverinfo: _, ...look } = frontLine("predicted front", COLOURS.sky, "solid");
  const line: Trace = {
    ...look,
    ...axes,
    x: sorted.map(at),
    y: sorted.map((network) => network.score),
    customdata: sorted.map(hoverFacts),
    hovertemplate: "predicted: %{y:.4f}<br>%{customdata}<extra></extra>",
  };
  const marks = DRAWN.flatMap((kind): Trace[] => {
    const ours = chosen.filter((network) => network.kind === kind);
    if (ours.length === 0) return [];
    return [
      {
        ...markers(kind, kind === "random" && isCloud),
        ...axes,
        showlegend: false,
        x: ours.map(at),
        y: ours.map(({ score }) => score),
        text: ours.map(({ label = "" }) => label),
        customdata: ours.map(hoverFacts),
        hovertemplate: "%{text}, predicted: %{y:.4f}<br>%{customdata}<extra></extra>",
      },
    ];
  });
  return {
    data: [...(front.length > 0 ? [line] : []), ...marks],
    x,
    y: { range: [y[1], y[0]] },
    shapes: limits.shapes,
    annotations: [...limits.annotations, ...labels],
  };
}
