import { type Better, formatCount, paretoFront } from "../core";
import { escapeHtml } from "./escape-html";
import { axis, COLOURS, type Figure, FLOPS_AXIS, layoutOf } from "./figure";

/** A network that a search has evaluated. */
export interface DrawnTrial {
  /** From 0, in the order of asking. */
  readonly trial: number;
  readonly label: string;
  /** Of one image. */
  readonly macs: number;
  /** What the search goes by; what is no number is counted in the subtitle and not drawn. */
  readonly value: number;
  /** What the network was trained with, in words, where the search has several budgets. */
  readonly budget?: string;
}

export interface TrialsRecord {
  readonly title: string;
  /** What the search goes by. */
  readonly goal: { readonly name: string; readonly better: Better };
  readonly trials: readonly DrawnTrial[];
  /** Of a search with several budgets: the front is of networks evaluated with this one. */
  readonly frontBudget?: string;
}

/** Evaluated networks over their cost, later ones darker, and the front: the best of those that cost no more. */
export function trialsFigure({ title, goal, trials, frontBudget }: TrialsRecord): Figure {
  const measured = trials.filter(({ value }) => Number.isFinite(value));
  const lost = trials.length - measured.length;
  const front = paretoFront(
    measured
      .filter(({ budget }) => frontBudget === undefined || budget === frontBudget)
      .map(({ macs, value }) => ({ cost: macs, value })),
    goal.better,
  );
  return {
    data: [
      {
        type: "scatter",
        mode: "lines",
        name: frontBudget === undefined ? "front" : `front of ${frontBudget}`,
        x: front.map(({ cost }) => cost),
        y: front.map(({ value }) => value),
        line: { color: COLOURS.blue, width: 2, shape: "hv" },
        hoverinfo: "skip",
      },
      {
        type: "scatter",
        mode: "markers",
        name: `${measured.length} networks`,
        x: measured.map(({ macs }) => macs),
        y: measured.map(({ value }) => value),
        marker: {
          size: 8,
          color: measured.map(({ trial }) => trial),
          colorscale: "Cividis",
          reversescale: true,
          line: { color: COLOURS.grey, width: 1 },
        },
        customdata: measured.map(({ label, trial, budget }) => [
          escapeHtml(label),
          trial,
          budget === undefined ? "" : `<br>${escapeHtml(budget)}`,
        ]),
        hovertemplate: `%{customdata[0]}, trial %{customdata[1]}%{customdata[2]}<br>%{x:.4s} MACs, ${goal.name} %{y:.4g}<extra></extra>`,
      },
    ],
    layout: layoutOf({
      title,
      subtitle: `${goal.better} is better; later trials darker${lost > 0 ? `; ${formatCount(lost)} without a value are not drawn` : ""}`,
      width: 720,
      height: 420,
      margin: { t: 100, r: 24, b: 60, l: 76 },
      xaxis: axis(FLOPS_AXIS),
      yaxis: axis(goal.name === "validation" ? "validation accuracy (%)" : goal.name),
    }),
  };
}
