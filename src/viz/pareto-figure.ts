import { DataError } from "../core";
import type { BudgetLine } from "./budget-lines";
import { latencyCost, MACS } from "./cost-axis";
import type { MeasuredNetwork, PredictedNetwork, PublishedNetwork } from "./drawn-networks";
import { escapeHtml } from "./escape-html";
import { axis, type Figure, layoutOf } from "./figure";
import { nonDominated } from "./front-panel";
import { measuredPanel } from "./measured-panel";
import { predictedPanel } from "./predicted-panel";

export interface ParetoRecord {
  readonly measured: readonly MeasuredNetwork[];
  /** What the x axis is of; "macs" unless given. With "latencyMs" each network must have one, and budgets are not drawn. */
  readonly cost?: "macs" | "latencyMs";
  /** What the standard errors are of: "of the 10000 test images". */
  readonly errorWords?: string;
  /** Where the accuracies come from: "training", by who draws (default), or "table", the trainings of others looked up. */
  readonly accuraciesFrom?: "training" | "table";
  /** Limits to draw as lines. */
  readonly budgets?: readonly BudgetLine[];
  /** Networks of others on the same data set. */
  readonly published?: readonly PublishedNetwork[];
  /** All networks of the rated front. */
  readonly predictedFront?: readonly PredictedNetwork[];
  /** Ratings of the networks that were also measured. */
  readonly predicted?: readonly PredictedNetwork[];
  /** Name of what was rated by, where it is not the usual one. */
  readonly measure?: string;
}

/** Pixels of the plot area of one panel where there are two. */
const PANEL = { width: 354, height: 296 };
const WHOLE = { width: 824, height: PANEL.height };

/**
 * True accuracy against MACs, or against latency, with the rated (predicted) front in a second panel where it is given.
 * @throws DataError when the networks were measured on different data sets, when there are none, or when the x axis is of
 *   latency and a network has none, or they are of several places.
 */
export function paretoFigure({
  measured,
  cost = "macs",
  predictedFront = [],
  predicted = [],
  budgets = [],
  published = [],
  measure,
  errorWords,
  accuraciesFrom = "training",
}: ParetoRecord): Figure {
  const dataset = onlyDataset([...measured, ...published]);
  const hasPrediction = predictedFront.length + predicted.length > 0;
  const { title, at, equal } =
    cost === "macs" ? MACS : latencyCost([...measured, ...published, ...predictedFront, ...predicted]);
  const drawn = cost === "macs" ? budgets : [];
  const size = hasPrediction ? PANEL : WHOLE;
  const parts = { networks: measured, published, budgets: drawn, at, equal };
  const left = measuredPanel(parts, size, accuraciesFrom === "table");
  // The rated front is one of multiply-adds: against latency only what none beats there is left of it.
  const rated = cost === "macs" ? predictedFront : nonDominated(predictedFront, (one) => [at(one), one.score]);
  const right = hasPrediction ? predictedPanel(rated, predicted, drawn, at, PANEL) : undefined;
  const heading = (text: string, panel: number) => ({
    text: `<b>${text}</b>`,
    x: panel === 1 ? 0 : 0.57,
    xref: "paper",
    y: 1.01,
    yref: "paper",
    xanchor: "left",
    yanchor: "bottom",
    showarrow: false,
    font: { size: 13 },
  });
  return {
    data: [...left.data, ...(right?.data ?? [])],
    layout: layoutOf({
      title: `Accuracy against cost on ${dataset}`,
      // One line has no room for both.
      subtitle: `up is better, left is cheaper${errorWords ? `; bars: one standard error ${errorWords}` : measured.length > 0 ? "; the line joins the networks that no other one beats in both" : ""}`,
      width: 920,
      height: 480,
      margin: { t: 124, r: 28, b: 60, l: 68 },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.08, yanchor: "bottom", font: { size: 12 } },
      xaxis: axis(title, { ...left.x.options, domain: hasPrediction ? [0, 0.43] : [0, 1] }),
      yaxis: axis("test accuracy (%)", left.y),
      shapes: [...left.shapes, ...(right?.shapes ?? [])],
      annotations: [
        heading(measured.length > 0 ? "Measured: test accuracy" : "Published: test accuracy", 1),
        ...(right ? [heading("Predicted: rating", 2)] : []),
        ...left.annotations,
        ...(right?.annotations ?? []),
      ],
      ...(right && {
        xaxis2: axis(title, { ...right.x.options, domain: [0.57, 1], anchor: "y2" }),
        yaxis2: axis(
          `predicted: ${measure ? escapeHtml(measure) : "rating"} summed over blocks<br>(lower is better; axis reversed)`,
          {
            ...right.y,
            anchor: "x2",
          },
        ),
      }),
    }),
  };
}

function onlyDataset(measured: readonly { dataset: string; label: string }[]): string {
  const datasets = [...new Set(measured.map((network) => network.dataset))];
  if (datasets.length === 1) return datasets[0];
  if (datasets.length === 0) {
    throw new DataError("paretoFigure: there must be at least one measured network, got none; retrain one first");
  }
  throw new DataError(
    `paretoFigure: all networks must be measured on one data set, got ${datasets.join(", ")}; draw one figure each`,
    { datasets, networks: measured.map(({ label, dataset }) => ({ label, dataset })) },
  );
}
