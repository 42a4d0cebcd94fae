import { textWidth } from "./text-size";

/** An edge of a cell's graph; `to` and `from` are states, inputs first. */
export interface LaidEdge {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

export interface PixelPoint {
  readonly x: number;
  readonly y: number;
}

/** Where everything of a cell's graph stands, in pixels from the lower left. */
export interface CellLayout {
  /** By state; the output last. */
  readonly states: readonly PixelPoint[];
  readonly edges: readonly { readonly path: readonly PixelPoint[]; readonly label: PixelPoint }[];
}

export interface LayoutSize {
  readonly width: number;
  readonly height: number;
}

export const LABEL_FONT = 11;
/** Half of a box of a state. */
export const BOX = { width: 30, height: 13 } as const;
/** Half of the boxes of inputs and output, whose words are longer. */
export const END_BOX = { width: 38, height: 13 } as const;

/** Orders of more nodes are too many to be compared. */
const MOST_ORDERED = 6;

/**
 * Places inputs at the left, the output at the right, and between them every node in a column of its own, in that one of the
 * rows which gives the least crossings and lines through boxes (all orders are compared up to six nodes).
 */
export function layoutCell(
  inputs: number,
  nodes: number,
  edges: readonly LaidEdge[],
  joined: readonly number[],
  size: LayoutSize,
): CellLayout {
  const rows = orders(nodes);
  let best = { states: statesOf(inputs, rows[0], size), cost: Number.POSITIVE_INFINITY };
  const lines = [...edges, ...joined.map((from) => ({ from, to: inputs + nodes }))];
  for (const order of rows) {
    const states = statesOf(inputs, order, size);
    const cost = costOf(states, lines);
    if (cost < best.cost) best = { states, cost };
  }
  const { states } = best;
  const halves = states.map((_, state) => (state >= inputs && state < inputs + nodes ? BOX : END_BOX));
  const paths = edges.map((edge, i) => freePath(states, halves, edge, bendOf(edges, i)));
  return { states, edges: withLabels(states, edges, paths) };
}

function statesOf(inputs: number, rows: readonly number[], { width, height }: LayoutSize): PixelPoint[] {
  const step = (width - 2 * END_BOX.width) / (rows.length + 1);
  const y = (share: number) => BOX.height + 10 + share * (height - 2 * BOX.height - 20);
  const input = Array.from({ length: inputs }, (_, i) => ({
    x: END_BOX.width,
    y: y(inputs === 1 ? 0.5 : i === 0 ? 0.86 : 0.14),
  }));
  const inner = rows.map((row, i) => ({
    x: END_BOX.width + step * (i + 1),
    y: y(rows.length === 1 ? 0.5 : row / (rows.length - 1)),
  }));
  return [...input, ...inner, { x: width - END_BOX.width, y: y(0.5) }];
}

/** Rows of the nodes, every order of them. */
function orders(nodes: number): number[][] {
  const spread = Array.from({ length: nodes }, (_, i) => (i % 2 === 0 ? i / 2 : nodes - (i + 1) / 2));
  if (nodes > MOST_ORDERED) return [spread];
  const all = (left: readonly number[]): number[][] =>
    left.length === 0
      ? [[]]
      : left.flatMap((row) => all(left.filter((other) => other !== row)).map((rest) => [row, ...rest]));
  return all([...spread].sort((a, b) => a - b));
}

function costOf(states: readonly PixelPoint[], lines: readonly { from: number; to: number }[]): number {
  let cost = 0;
  for (const [i, { from, to }] of lines.entries()) {
    const [a, b] = [states[from], states[to]];
    cost += Math.abs(a.y - b.y) / 400;
    for (const [state, point] of states.entries()) {
      if (state !== from && state !== to && distance(point, a, b) < 26) cost += 6;
    }
    for (const other of lines.slice(i + 1)) {
      if ([other.from, other.to].some((end) => end === from || end === to)) continue;
      if (cross(a, b, states[other.from], states[other.to])) cost += 1;
    }
  }
  return cost;
}

function distance(point: PixelPoint, a: PixelPoint, b: PixelPoint): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = Math.max(0, Math.min(1, ((point.x - a.x) * dx + (point.y - a.y) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(point.x - a.x - along * dx, point.y - a.y - along * dy);
}

function cross(a: PixelPoint, b: PixelPoint, c: PixelPoint, d: PixelPoint): boolean {
  const side = (p: PixelPoint, q: PixelPoint, r: PixelPoint) => (q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x);
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/** Pixels by which an edge bends, so that edges between the same two states are seen apart. */
function bendOf(edges: readonly LaidEdge[], at: number): number {
  const alike = edges.flatMap(({ from, to }, i) => (from === edges[at].from && to === edges[at].to ? [i] : []));
  return (alike.indexOf(at) - (alike.length - 1) / 2) * 44;
}

/** Bends that are tried where the way leads through a box, in pixels beside the edge's own. */
const DETOURS = [0, 60, -60, 110, -110, 170, -170];

/** The least bent way between two boxes that leads through no other. */
function freePath(states: readonly PixelPoint[], halves: readonly Half[], edge: LaidEdge, bend: number): PixelPoint[] {
  const others = states.flatMap((point, state) =>
    state === edge.from || state === edge.to ? [] : [{ point, half: halves[state] }],
  );
  const hidden = (path: readonly PixelPoint[]) =>
    path.filter((at) => others.some(({ point, half }) => within(at, point, half, 4))).length;
  const paths = DETOURS.map((more) => pathOf(states, halves, edge, bend + more));
  return paths.reduce((best, path) => (hidden(path) < hidden(best) ? path : best));
}

interface Half {
  readonly width: number;
  readonly height: number;
}

function within(point: PixelPoint, box: PixelPoint, half: Half, beyond: number): boolean {
  return Math.abs(point.x - box.x) <= half.width + beyond && Math.abs(point.y - box.y) <= half.height + beyond;
}

const STEPS = 160;
/** Of the steps so many make one piece of the line. */
const PIECE = 8;

/** A quadratic curve between two boxes, from border to border. */
function pathOf(
  states: readonly PixelPoint[],
  halves: readonly Half[],
  { from, to }: LaidEdge,
  bend: number,
): PixelPoint[] {
  const [a, b] = [states[from], states[to]];
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const middle = {
    x: (a.x + b.x) / 2 - (bend * (b.y - a.y)) / length,
    y: (a.y + b.y) / 2 + (bend * (b.x - a.x)) / length,
  };
  const points = Array.from({ length: STEPS + 1 }, (_, i) => {
    const t = i / STEPS;
    const mix = (of: "x" | "y") => (1 - t) ** 2 * a[of] + 2 * t * (1 - t) * middle[of] + t ** 2 * b[of];
    return { x: Math.round(mix("x") * 10) / 10, y: Math.round(mix("y") * 10) / 10 };
  }).filter((point) => !within(point, a, halves[from], 0) && !within(point, b, halves[to], 5));
  return points.filter((_, i) => i % PIECE === 0 || i === points.length - 1);
}

interface Rectangle extends PixelPoint {
  readonly halfWidth: number;
  readonly halfHeight: number;
}

const overlap = (a: Rectangle, b: Rectangle) =>
  Math.max(0, a.halfWidth + b.halfWidth - Math.abs(a.x - b.x)) *
  Math.max(0, a.halfHeight + b.halfHeight - Math.abs(a.y - b.y));

/** Each label at the place along its edge that covers least of boxes, other labels and other edges. */
function withLabels(
  states: readonly PixelPoint[],
  edges: readonly LaidEdge[],
  paths: readonly (readonly PixelPoint[])[],
) {
  const taken: Rectangle[] = states.map((point) => ({
    ...point,
    halfWidth: END_BOX.width,
    halfHeight: BOX.height + 2,
  }));
  return edges.map(({ label }, i) => {
    const path = paths[i];
    const size = { halfWidth: textWidth(label, LABEL_FONT) / 2 + 4, halfHeight: LABEL_FONT / 2 + 4 };
    let best = { point: path[path.length >> 1], cost: Number.POSITIVE_INFINITY };
    for (const [k, point] of path.entries()) {
      const share = k / Math.max(1, path.length - 1);
      if (share < 0.12 || share > 0.82) continue;
      const box = { ...point, ...size };
      const covered = taken.reduce((sum, other) => sum + overlap(box, other), 0);
      const under = paths
        .flatMap((other, j) => (j === i ? [] : other))
        .filter((p) => overlap(box, { ...p, halfWidth: 1, halfHeight: 1 }) > 0);
      const cost = 4 * covered + 12 * under.length + 30 * Math.abs(share - 0.5);
      if (cost < best.cost) best = { point, cost };
    }
    taken.push({ ...best.point, ...size });
    return { path, label: best.point };
  });
}
