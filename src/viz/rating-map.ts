import { formatWhole } from "../core";
import { escapeHtml } from "./escape-html";
import { axis, axisName, type Figure, layoutKey, layoutOf, type Trace } from "./figure";

/** One rated candidate: the ops that it chose, one a layer. */
export interface RatedPath {
  readonly cell: number;
  readonly path: readonly number[];
  /** Relative L1 to the teacher's feature map; lower is better. */
  readonly score: number;
}

export interface RatedBlock {
  readonly block: number;
  /** Names of the ops in index order, e.g. "k3 e6". */
  readonly ops: readonly string[];
  readonly candidates: readonly RatedPath[];
}

/** One square of the map: what it does to a candidate to have this op in this layer. */
export interface OpEffect {
  readonly cell: number;
  readonly layer: number;
  readonly op: number;
  /**
   * Mean score of the candidates of the cell that have it less the cell's mean, over the mean size of the cell's scores:
   * 0.02 is 2 % worse, whatever the scores' signs.
   */
  readonly effect: number;
}

/** Mean relative effect of each op in each layer of each cell. */
export function opEffects({ candidates }: RatedBlock): OpEffect[] {
  const cells = [...new Set(candidates.map(({ cell }) => cell))].sort((a, b) => a - b);
  return cells.flatMap((cell) => {
    const ours = candidates.filter((candidate) => candidate.cell === cell);
    const all = mean(ours);
    const size = mean(ours.map(({ score, ...rest }) => ({ ...rest, score: Math.abs(score) })));
    return ours[0].path.flatMap((_, layer) => {
      const ops = [...new Set(ours.map(({ path }) => path[layer]))].sort((a, b) => a - b);
      return ops.map((op) => {
        const withOp = mean(ours.filter(({ path }) => path[layer] === op));
        return { cell, layer, op, effect: relative(withOp, all, size) };
      });
    });
  });
}

/** Positive scores are divided as they were when figures were stored: to the last bit. */
function relative(withOp: number, all: number, size: number): number {
  if (size === 0) return 0;
  return size === all ? withOp / all - 1 : (withOp - all) / size;
}

/** Pixels of a square, and around the panels; columns that fit beside each other. */
// A page of Jupyter has room for 960 pixels.
const MAP = { column: 36, row: 30, heading: 64, columnsInRow: 22, gap: 24, left: 92, right: 76, leastHeight: 120 };

/**
 * Heat map of ratings: op by layer, one panel a block; blue is better than the cell's mean, orange worse.
 * @param measure Name of what was rated by, where it is not the usual one.
 */
export function ratingMap(blocks: readonly RatedBlock[], measure?: string): Figure {
  const effects = blocks.map(opEffects);
  const limit = Math.max(1e-6, ...effects.flat().map(({ effect }) => Math.abs(effect)));
  const columns = effects.map(distinctLayers);
  const lines = intoLines(columns.map((list) => list.length));
  const ops = Math.max(...blocks.map((block) => block.ops.length));
  const widest = Math.max(
    ...lines.map((line) => line.reduce((sum, i) => sum + columns[i].length * MAP.column, (line.length - 1) * MAP.gap)),
  );
  // Few ops in one line get higher squares: the colour bar beside them needs room for its labels.
  const row = lines.length === 1 ? Math.max(MAP.row, MAP.leastHeight / ops) : MAP.row;
  const plot = { width: Math.max(620, widest), height: lines.length * (ops * row + MAP.heading) - MAP.heading };
  const stretch = lines.length === 1 && widest < plot.width ? plot.width / widest : 1;
  const panels = lines.flatMap((line, at) => {
    let left = 0;
    return line.map((i) => {
      const width = columns[i].length * MAP.column * stretch;
      const x = [left / plot.width, Math.min(1, (left + width) / plot.width)];
      left += width + MAP.gap * stretch;
      const top = 1 - (at * (ops * row + MAP.heading)) / plot.height;
      const y = [Math.max(0, top - (blocks[i].ops.length * row) / plot.height), top];
      const namesOps = i === line[0] || blocks[i].ops.join() !== blocks[i - 1].ops.join();
      return panel(blocks[i], effects[i], columns[i], { id: i + 1, x, y, namesOps });
    });
  });
  const candidates = blocks.reduce((sum, block) => sum + block.candidates.length, 0);
  return {
    data: panels.map(({ trace }) => trace),
    layout: layoutOf({
      title: `Ratings${measure ? ` by ${escapeHtml(measure)}` : ""}: which op helps in which layer`,
      subtitle: `mean rating with the op against the mean of the cell (%), negative is better; ${formatWhole(candidates)} candidates`,
      width: plot.width + MAP.left + MAP.right,
      height: plot.height + 156,
      margin: { t: 94, r: MAP.right, b: 62, l: MAP.left },
      coloraxis: {
        // Blue to orange through white: safe for every common colour blindness.
        colorscale: [
          [0, "#0072B2"],
          [0.5, "#FFFFFF"],
          [1, "#E69F00"],
        ],
        cmin: -100 * limit,
        cmax: 100 * limit,
        colorbar: { title: { text: "%", side: "top" }, thickness: 12, len: 1, x: 1.01, outlinewidth: 0, nticks: 5 },
      },
      ...Object.assign({}, ...panels.map(({ layout }) => layout)),
      annotations: [
        ...panels.flatMap(({ annotations }) => annotations),
        axisTitle("layer of the cell", { x: 0.5, y: 0, yanchor: "top", yshift: -34 }),
        axisTitle("operation", { x: 0, y: 0.5, xanchor: "center", xshift: 16 - MAP.left, textangle: -90 }),
      ],
    }),
  };
}

/** A title for all panels together. */
function axisTitle(text: string, place: Record<string, unknown>) {
  return { text, xref: "paper", yref: "paper", showarrow: false, font: { size: 13 }, ...place };
}

/** Block indices line by line, as many in a line as have room. */
function intoLines(columns: readonly number[]): number[][] {
  const lines: number[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const [i, count] of columns.entries()) {
    if (used + count > MAP.columnsInRow) {
      lines.push([]);
      used = 0;
    }
    lines[lines.length - 1].push(i);
    used += count;
  }
  return lines;
}

interface Place {
  readonly id: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Whether the ops stand beside the panel. */
  readonly namesOps: boolean;
}

function panel(
  { block, ops }: RatedBlock,
  effects: readonly OpEffect[],
  columns: readonly { cell: number; layer: number }[],
  { id, x, y, namesOps }: Place,
) {
  const z = ops.map((_, op) =>
    columns.map(({ cell, layer }) => {
      const found = effects.find((e) => e.cell === cell && e.layer === layer && e.op === op);
      return found ? 100 * found.effect : null;
    }),
  );
  const trace: Trace = {
    type: "heatmap",
    z,
    x: columns.map((_, column) => column),
    y: ops.map((_, op) => op),
    xaxis: axisName("x", id),
    yaxis: axisName("y", id),
    coloraxis: "coloraxis",
    xgap: 1,
    ygap: 1,
    text: z.map((row) => row.map((value) => (value === null ? "" : signed(value)))),
    texttemplate: "%{text}",
    textfont: { size: 10 },
    customdata: ops.map((op) => columns.map(({ cell, layer }) => `cell ${cell + 1}, layer ${layer + 1}: ${op}`)),
    hovertemplate: `block ${block + 1}, %{customdata}<br>%{z:.2f} % against the cell's mean<extra></extra>`,
  };
  const plain = { showgrid: false, ticks: "" };
  const layout = {
    [layoutKey("x", id)]: axis("", {
      ...plain,
      domain: x,
      anchor: axisName("y", id),
      tickvals: columns.map((_, column) => column),
      ticktext: columns.map(({ layer }) => `${layer + 1}`),
      tickangle: 0,
    }),
    [layoutKey("y", id)]: axis("", {
      ...plain,
      domain: y,
      anchor: axisName("x", id),
      tickvals: ops.map((_, op) => op),
      ticktext: namesOps ? [...ops] : ops.map(() => ""),
      autorange: "reversed",
    }),
  };
  const still = { showarrow: false, xref: axisName("x", id), yref: "paper" };
  const cells = [...new Set(columns.map(({ cell }) => cell))];
  const below = cells.map((cell) => {
    const own = columns.flatMap((column, at) => (column.cell === cell ? [at] : []));
    const text = cells.length > 1 ? `cell ${cell + 1}` : "";
    return {
      ...still,
      text,
      x: (own[0] + own[own.length - 1]) / 2,
      y: y[0],
      yanchor: "top",
      yshift: -20,
      font: { size: 10 },
    };
  });
  const heading = {
    ...still,
    text: `<b>block ${block + 1}</b>`,
    x: -0.5,
    xanchor: "left",
    y: y[1],
    yanchor: "bottom",
    yshift: 2,
  };
  return { trace, layout, annotations: [{ ...heading, font: { size: 13 } }, ...below] };
}

function distinctLayers(effects: readonly OpEffect[]): { cell: number; layer: number }[] {
  const keys = new Map(effects.map(({ cell, layer }) => [`${cell}/${layer}`, { cell, layer }]));
  return [...keys.values()];
}

function signed(value: number): string {
  const text = Math.abs(value) < 9.95 ? value.toFixed(1) : value.toFixed(0);
  if (Number(text) === 0) return text.replace("-", "");
  return value > 0 ? `+${text}` : text.replace("-", "\u2212");
}

function mean(candidates: readonly RatedPath[]): number {
  return candidates.reduce((sum, { score }) => sum + score, 0) / candidates.length;
}
