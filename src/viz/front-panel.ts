import { paretoFront } from "../core";
import type { CountAxis } from "./axis-range";
import type { Trace } from "./figure";
import { drawLabels, type Label, type Obstacles, placeLabels, type Segment } from "./label-placement";

/** Pixels of a panel's plot area. */
export interface PanelSize {
  readonly width: number;
  readonly height: number;
}

interface NamedPoint extends Omit<Label, "x"> {
  readonly at: number;
  readonly pixel: { readonly x: number; readonly y: number };
}

/** The networks' names, clear of points, lines and budgets. */
export function labelled(
  points: readonly NamedPoint[],
  {
    x,
    panel,
    lines,
    limits,
  }: {
    x: CountAxis;
    panel: PanelSize;
    lines: readonly Segment[];
    limits: Required<Obstacles>;
  },
  axes: { xref: string; yref: string },
) {
  const placements = placeLabels(
    points.map(({ pixel, text }) => ({ ...pixel, text })),
    panel,
    { lines: [...lines, ...limits.lines], boxes: limits.boxes },
  );
  const labels = points.map(({ at, y, text, colour }) => ({ x: at, y, text, colour }));
  return drawLabels(labels, placements, { ...axes, isLog: x.type === "log" });
}

/** Steps, because a budget between two networks buys the cheaper one. */
export function frontLine(name: string, color: string, dash: string): Trace {
  return { type: "scatter", mode: "lines", name, line: { color, dash, width: 2, shape: "hv" }, hoverinfo: "skip" };
}

/** The items that no other item equals or beats in both costs while beating it in one, by ascending first cost. */
export function nonDominated<T>(items: readonly T[], costs: (item: T) => readonly [number, number]): T[] {
  const points = items.map((item) => ({ item, cost: costs(item)[0], value: costs(item)[1] }));
  return paretoFront(points).map(({ item }) => item);
}
