import { formatCount } from "../core";
import type { CountAxis } from "./axis-range";
import { COLOURS, GROUND_COLOUR } from "./figure";
import type { Obstacles } from "./label-placement";
import { textWidth } from "./text-size";

/** An upper limit of MACs, drawn as a line. */
export interface BudgetLine {
  readonly macs: number;
  /** "budget 2.00M" unless given. */
  readonly label?: string;
}

const SIZE = 12;
/** Pixels between a line and its name. */
const GAP = 7;

/**
 * The budgets as dashed lines with their names, in the panel of one x axis; and what of the panel they take.
 * @param panel Of the plot area, in pixels.
 */
export function budgetLines(
  budgets: readonly BudgetLine[],
  axis: CountAxis,
  panel: { readonly width: number; readonly height: number },
  xref = "x",
) {
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
  const names = budgets.map(({ macs, label }, i) => {
    const text = label ?? `budget ${formatCount(macs)}`;
    const width = textWidth(text, SIZE);
    const x = axis.position(macs) * panel.width;
    const toLeft = x > width + GAP + 4;
    // One above the other, so that names of close budgets do not cover each other.
    const y = 0.02 + 0.06 * (i % 3);
    const bottom = (1 - y) * panel.height;
    const left = toLeft ? x - GAP - width : x + GAP;
    return { macs, text, x, y, toLeft, box: { left, right: left + width, top: bottom - 18, bottom } };
  });
  const annotations = names.map(({ macs, text, y, toLeft }) => ({
    x: axis.type === "log" ? Math.log10(macs) : macs,
    xref,
    y,
    yref: "paper",
    yanchor: "bottom",
    xanchor: toLeft ? "right" : "left",
    xshift: toLeft ? -GAP : GAP,
    text,
    showarrow: false,
    bgcolor: GROUND_COLOUR,
    borderpad: 0,
    font: { color: COLOURS.vermilion, size: SIZE },
  }));
  const obstacles: Required<Obstacles> = {
    lines: names.map(({ x }) => ({ from: { x, y: 0 }, to: { x, y: panel.height } })),
    boxes: names.map(({ box }) => box),
  };
  return { shapes, annotations, obstacles };
}
