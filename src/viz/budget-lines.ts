import { formatCount } from "../core";
import type { CountAxis } from "./axis-range";
import { COLOURS } from "./figure";

/** An upper limit of MACs, drawn as a line. */
export interface BudgetLine {
  readonly macs: number;
  /** "budget 2.00M" unless given. */
  readonly label?: string;
}

/** The budgets as dashed lines with their names, in the panel of one x axis. */
export function budgetLines(budgets: readonly BudgetLine[], axis: CountAxis, xref = "x") {
  const shapes = budgets.map(({ macs }) => ({
    type: "line",
    x0: macs,
    x1: macs,
    xref,
    y0: 0,
    y1: 1,
    yref: "paper",
    line: { color: COLOURS.vermilion, width: 1.5, dash: "dash" },
  }));
  const annotations = budgets.map(({ macs, label }, i) => ({
    x: axis.type === "log" ? Math.log10(macs) : macs,
    xref,
    // One above the other, so that names of close budgets do not cover each other.
    y: 0.02 + 0.06 * (i % 3),
    yref: "paper",
    yanchor: "bottom",
    xanchor: axis.position(macs) > 0.25 ? "right" : "left",
    text: label ?? `budget ${formatCount(macs)}`,
    showarrow: false,
    font: { color: COLOURS.vermilion, size: 12 },
  }));
  return { shapes, annotations };
}
