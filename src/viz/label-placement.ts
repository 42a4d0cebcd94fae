import { escapeHtml } from "./escape-html";
import { GROUND_COLOUR } from "./figure";
import { textWidth } from "./text-size";

/** A point to be labelled, in pixels from the upper left of the plot area. */
export interface LabelPoint {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** Pixels from the upper left of the plot area. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A straight piece of a line, in pixels. */
export interface Segment {
  readonly from: { readonly x: number; readonly y: number };
  readonly to: { readonly x: number; readonly y: number };
}

/** Where a label goes: pixels from its point to its centre. */
export interface Placement {
  readonly dx: number;
  readonly dy: number;
  readonly box: Box;
  /** Whether a thin line must lead from the point to the label. */
  readonly far: boolean;
}

/** What labels keep clear of besides points and each other. */
export interface Obstacles {
  readonly lines?: readonly Segment[];
  readonly boxes?: readonly Box[];
}

export const LABEL_SIZE = 11;
const HEIGHT = 14;
/** Half of a marker. */
const MARK = 7;
/** Pixels between a point and its label: beside it, then farther and farther with a line that leads there. */
const RINGS = [8, 22, 36, 52, 70, 90];
const ROUNDS = 4;
/** Cost of a pixel of a label that covers a label, a point, a line, or lies outside; and of a pixel of distance. */
const COST = { label: 8, point: 8, line: 40, outside: 10, distance: 3, crossed: 120 };

/**
 * Chooses where each label goes so that labels cover neither points nor lines nor other labels, as near to their points as
 * that leaves room for. Greedy, then improved label by label.
 */
export function placeLabels(
  points: readonly LabelPoint[],
  area: { readonly width: number; readonly height: number },
  { lines = [], boxes = [] }: Obstacles = {},
): Placement[] {
  const marks = points.map(({ x, y }) => ({ left: x - MARK, right: x + MARK, top: y - MARK, bottom: y + MARK }));
  const candidates = points.map((point) => candidatesOf(point));
  const chosen: (Placement | undefined)[] = points.map(() => undefined);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, point] of points.entries()) {
      const others = chosen.filter((placement, i) => placement !== undefined && i !== index) as Placement[];
      let least = Number.POSITIVE_INFINITY;
      for (const candidate of candidates[index]) {
        const cost = costOf(candidate, point, index, { marks, points, others, lines, boxes, area });
        if (cost < least) [chosen[index], least] = [candidate, cost];
      }
    }
  }
  return chosen as Placement[];
}

/** A label in terms of its axes. */
export interface Label {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly colour: string;
}

/**
 * The labels as plotly's annotations; a thin line leads from a point to a label that is far from it. The line is the
 * annotation's own: plotly loses shapes that go to the left of a point on a logarithmic axis.
 */
export function drawLabels(
  labels: readonly Label[],
  placements: readonly Placement[],
  { xref, yref, isLog }: { readonly xref: string; readonly yref: string; readonly isLog: boolean },
) {
  const named = labels.flatMap((label, i) => (label.text === "" ? [] : [{ ...label, ...placements[i] }]));
  return named.map(({ x, y, text, colour, dx, dy, far }) => ({
    // Annotations want the logarithm.
    x: isLog ? Math.log10(x) : x,
    y,
    xref,
    yref,
    xanchor: "center",
    yanchor: "middle",
    ...(far
      ? { showarrow: true, arrowhead: 0, arrowwidth: 1, arrowcolor: colour, standoff: MARK, ax: dx, ay: dy }
      : { showarrow: false, xshift: dx, yshift: -dy }),
    text: escapeHtml(text),
    bgcolor: GROUND_COLOUR,
    borderpad: 0,
    font: { size: LABEL_SIZE, color: colour },
  }));
}

/** The pieces of a line of steps, across first and then up or down (plotly's shape "hv"). */
export function stepSegments(points: readonly { readonly x: number; readonly y: number }[]): Segment[] {
  return points.slice(1).flatMap((to, i) => {
    const from = points[i];
    const corner = { x: to.x, y: from.y };
    return [
      { from, to: corner },
      { from: corner, to },
    ];
  });
}

interface Surroundings extends Required<Obstacles> {
  readonly marks: readonly Box[];
  readonly points: readonly LabelPoint[];
  readonly others: readonly Placement[];
  readonly area: { readonly width: number; readonly height: number };
}

function candidatesOf({ x, y, text }: LabelPoint): Placement[] {
  const width = textWidth(text, LABEL_SIZE) + 2;
  return RINGS.flatMap((distance, ring) => {
    // Straight above, below and beside first; between them where that is taken.
    const eighths = ring === 0 ? [6, 2, 0, 4, 7, 1, 5, 3] : [0, 4, 7, 1, 5, 3, 6, 2, 0.5, 7.5, 3.5, 4.5];
    return eighths.map((eighth) => {
      const angle = (eighth * Math.PI) / 4;
      const [across, down] = [Math.cos(angle), Math.sin(angle)];
      // On a square around the point: a label on the diagonal touches it no more than one beside it.
      const scale = 1 / Math.max(Math.abs(across), Math.abs(down));
      const dx = Math.round(across * scale * (width / 2 + distance));
      const dy = Math.round(down * scale * (HEIGHT / 2 + distance));
      const box = {
        left: x + dx - width / 2,
        right: x + dx + width / 2,
        top: y + dy - HEIGHT / 2,
        bottom: y + dy + HEIGHT / 2,
      };
      return { dx, dy, box, far: ring > 0 };
    });
  });
}

function costOf(
  { box, far, dx, dy }: Placement,
  point: LabelPoint,
  index: number,
  { marks, others, lines, boxes, area }: Surroundings,
): number {
  const leader = far ? { from: point, to: { x: point.x + dx, y: point.y + dy } } : undefined;
  const crossed = leader
    ? [...marks.filter((_, i) => i !== index), ...others.map((other) => other.box), ...boxes].filter(
        (other) => lengthWithin(leader, other) > 0,
      ).length
    : 0;
  return (
    COST.label * sum([...others.map((other) => other.box), ...boxes], (other) => overlap(box, other)) +
    COST.point * sum(marks, (mark) => overlap(box, mark)) +
    COST.line * sum(lines, (line) => lengthWithin(line, box)) +
    COST.outside * outside(box, area) +
    COST.distance * Math.hypot(dx, dy) +
    COST.crossed * crossed
  );
}

/** Pixels of a piece of a line that lie in a box (Liang and Barsky's clipping). */
export function lengthWithin({ from, to }: Segment, { left, right, top, bottom }: Box): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  let [start, end] = [0, 1];
  for (const [direction, distance] of [
    [-dx, from.x - left],
    [dx, right - from.x],
    [-dy, from.y - top],
    [dy, bottom - from.y],
  ]) {
    if (direction === 0) {
      if (distance < 0) return 0;
    } else if (direction < 0) start = Math.max(start, distance / direction);
    else end = Math.min(end, distance / direction);
  }
  return end > start ? (end - start) * Math.hypot(dx, dy) : 0;
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}

/** Area of the box that lies outside of the plot area. */
function outside(box: Box, { width, height }: { width: number; height: number }): number {
  const whole = (box.right - box.left) * (box.bottom - box.top);
  return whole - overlap(box, { left: 0, right: width, top: 0, bottom: height });
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
