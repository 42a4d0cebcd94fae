import { BOX, END_BOX, LABEL_FONT, layoutCell, type PixelPoint } from "./cell-layout";
import {
  axis,
  BOX_COLOUR,
  COLOURS,
  END_BOX_COLOUR,
  type Figure,
  GROUND_COLOUR,
  layoutOf,
  MUTED_COLOUR,
  TEXT_COLOUR,
  type Trace,
} from "./figure";

/** Kinds of operations that have a colour; a cell with another does not compile. */
export type DrawnOpKind = "none" | "skip" | "max" | "avg" | "sep" | "dw" | "dil" | "asym" | "inv" | "conv";

/** One operation of a cell: an edge of its graph. */
export interface DrawnEdge {
  readonly kind: DrawnOpKind;
  /** On the edge: "sep3". */
  readonly label: string;
  /** For the mouse: "separable convolution 3x3, applied twice". */
  readonly words: string;
  /** State that it reads: inputs first, then nodes. */
  readonly from: number;
}

/** One cell. */
export interface DrawnCell {
  /** "normal", "reduction". */
  readonly name: string;
  readonly inputs: 1 | 2;
  readonly nodes: readonly (readonly DrawnEdge[])[];
  /** States that the output joins. */
  readonly joined: readonly number[];
}

export interface CellGraphRecord {
  readonly title: string;
  readonly subtitle?: string;
  readonly cells: readonly DrawnCell[];
}

interface Look {
  /** In the legend. */
  readonly word: string;
  readonly colour: string;
  readonly dash?: "dot" | "dash";
}

const LOOKS: Readonly<Record<DrawnOpKind, Look>> = {
  sep: { word: "separable convolution, twice", colour: COLOURS.blue },
  dw: { word: "separable convolution, once", colour: COLOURS.blue, dash: "dash" },
  dil: { word: "dilated convolution", colour: COLOURS.purple },
  conv: { word: "convolution", colour: COLOURS.vermilion },
  asym: { word: "1xk, kx1 convolution", colour: COLOURS.vermilion, dash: "dash" },
  inv: { word: "inverted residual", colour: COLOURS.orange },
  max: { word: "max pooling", colour: COLOURS.green },
  avg: { word: "average pooling", colour: COLOURS.green, dash: "dash" },
  skip: { word: "skip", colour: COLOURS.grey },
  none: { word: "zeros", colour: COLOURS.grey, dash: "dot" },
};

const WIDTH = 860;
const MARGIN = { r: 20, b: 20, l: 20 };
/** Pixels above the cells: title, subtitle, and the rows of the legend. */
const TITLE = 72;
const LEGEND_ROW = 22;
const LEGEND_COLUMNS = 4;
/** Pixels of one cell, and of the heading above it. */
const HEADING = 26;
const GAP = 14;

const PANEL_WIDTH = WIDTH - MARGIN.l - MARGIN.r;

function panelHeight({ nodes }: DrawnCell): number {
  return Math.max(170, Math.min(420, 54 * nodes.length + 40));
}

/** Cells as graphs: states as boxes, inputs at the left, each operation on its edge; what the output joins in grey. */
export function cellGraph({ title, subtitle, cells }: CellGraphRecord): Figure {
  const heights = cells.map((cell) => HEADING + panelHeight(cell));
  const height = heights.reduce((sum, own) => sum + own, 0) + GAP * Math.max(0, cells.length - 1);
  let top = height;
  const panels = cells.map((cell, i) => {
    const panel = drawCell(cell, top - heights[i]);
    top -= heights[i] + GAP;
    return panel;
  });
  const kinds = (Object.keys(LOOKS) as DrawnOpKind[]).filter((kind) =>
    cells.some(({ nodes }) => nodes.flat().some((edge) => edge.kind === kind)),
  );
  const edges = panels.flatMap((panel) => panel.edges);
  const above = TITLE + LEGEND_ROW * Math.ceil(kinds.length / LEGEND_COLUMNS);
  return {
    data: [joins(panels.flatMap((panel) => panel.joins)), ...kinds.flatMap((kind) => edgeTraces(kind, edges))],
    layout: layoutOf({
      title,
      subtitle: subtitle ?? "a node is the sum of its operations; the output joins the nodes with a grey line",
      width: WIDTH,
      height: height + above + MARGIN.b,
      margin: { ...MARGIN, t: above },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom", font: { size: 11 } },
      hovermode: "closest",
      // One unit is one pixel.
      xaxis: axis("", { range: [0, PANEL_WIDTH], visible: false, fixedrange: true }),
      yaxis: axis("", { range: [0, height], visible: false, fixedrange: true }),
      shapes: panels.flatMap((panel) => panel.boxes),
      annotations: panels.flatMap((panel) => panel.words),
    }),
  };
}

interface PlacedEdge {
  readonly edge: DrawnEdge;
  readonly path: readonly PixelPoint[];
  readonly label: PixelPoint;
  /** "cell k-1 to node 2". */
  readonly way: string;
}

function stateName(state: number, inputs: 1 | 2): string {
  if (state >= inputs) return `node ${state}`;
  return inputs === 1 ? "input" : state === 0 ? "cell k\u22122" : "cell k\u22121";
}

/** A cell above a height `bottom`, in pixels from below. */
function drawCell(cell: DrawnCell, bottom: number) {
  const { inputs, nodes, joined, name } = cell;
  const height = panelHeight(cell);
  const flat = nodes.flatMap((edges, i) => edges.map((edge) => ({ edge, from: edge.from, to: inputs + i })));
  const laid = layoutCell(
    inputs,
    nodes.length,
    flat.map(({ edge, from, to }) => ({ from, to, label: edge.label })),
    joined,
    { width: PANEL_WIDTH, height },
  );
  const up = ({ x, y }: PixelPoint): PixelPoint => ({ x, y: y + bottom });
  const states = laid.states.map(up);
  const output = states.length - 1;
  const edges = laid.edges.map(({ path, label }, i): PlacedEdge => {
    const { edge, from, to } = flat[i];
    return {
      edge,
      path: path.map(up),
      label: up(label),
      way: `${name}: ${stateName(from, inputs)} \u2192 ${stateName(to, inputs)}`,
    };
  });
  const boxes = states.map(({ x, y }, state) => {
    const inner = state >= inputs && state < output;
    const half = inner ? BOX : END_BOX;
    return {
      type: "rect",
      x0: x - half.width,
      x1: x + half.width,
      y0: y - half.height,
      y1: y + half.height,
      line: { color: COLOURS.grey, width: 1 },
      fillcolor: inner ? BOX_COLOUR : END_BOX_COLOUR,
      layer: "above",
    };
  });
  const text = (
    point: PixelPoint,
    words: string,
    font: Record<string, unknown>,
    more: Record<string, unknown> = {},
  ) => ({
    ...point,
    text: words,
    showarrow: false,
    font,
    ...more,
  });
  const onBox = { size: 11, color: TEXT_COLOUR };
  return {
    edges,
    joins: joined.map((state): [PixelPoint, PixelPoint] => [
      { x: states[state].x + BOX.width, y: states[state].y },
      { x: states[output].x - END_BOX.width, y: states[output].y },
    ]),
    boxes,
    words: [
      text({ x: 0, y: bottom + height + HEADING / 2 }, `<b>${name}</b>`, { size: 13 }, { xanchor: "left" }),
      ...states.map((point, state) => text(point, state === output ? "output" : stateName(state, inputs), onBox)),
      ...edges.map(({ edge, label }) =>
        text(label, edge.label, { size: LABEL_FONT, color: TEXT_COLOUR }, { bgcolor: GROUND_COLOUR, borderpad: 1 }),
      ),
    ],
  };
}

function joins(lines: readonly (readonly [PixelPoint, PixelPoint])[]): Trace {
  return {
    type: "scatter",
    mode: "lines",
    showlegend: false,
    hoverinfo: "skip",
    x: lines.flatMap(([a, b]) => [a.x, b.x, null]),
    y: lines.flatMap(([a, b]) => [a.y, b.y, null]),
    line: { color: MUTED_COLOUR, width: 1, dash: "dot" },
  };
}

/** The lines of a kind, their heads, and what the mouse finds. */
function edgeTraces(kind: DrawnOpKind, all: readonly PlacedEdge[]): Trace[] {
  const edges = all.filter(({ edge }) => edge.kind === kind);
  const { word, colour, dash } = LOOKS[kind];
  const head = ({ path }: PlacedEdge) => {
    const [before, end] = path.slice(-2);
    return { ...end, angle: (Math.atan2(end.x - before.x, end.y - before.y) * 180) / Math.PI };
  };
  const heads = edges.map(head);
  return [
    {
      type: "scatter",
      mode: "lines",
      name: word,
      legendgroup: kind,
      hoverinfo: "skip",
      x: edges.flatMap(({ path }) => [...path.map(({ x }) => x), null]),
      y: edges.flatMap(({ path }) => [...path.map(({ y }) => y), null]),
      line: { color: colour, width: 2, ...(dash && { dash }) },
    },
    {
      type: "scatter",
      mode: "markers",
      legendgroup: kind,
      showlegend: false,
      hoverinfo: "skip",
      x: heads.map(({ x }) => x),
      y: heads.map(({ y }) => y),
      marker: { symbol: "triangle-up", size: 9, color: colour, angle: heads.map(({ angle }) => Math.round(angle)) },
    },
    {
      type: "scatter",
      mode: "markers",
      legendgroup: kind,
      showlegend: false,
      x: edges.map(({ label }) => label.x),
      y: edges.map(({ label }) => label.y),
      marker: { size: 18, color: colour, opacity: 0 },
      customdata: edges.map(({ edge, way }) => `${edge.words}<br>${way}`),
      hovertemplate: "%{customdata}<extra></extra>",
    },
  ];
}
