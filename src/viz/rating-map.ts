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
  /** Mean score of the candidates of the cell that have it, relative to the cell's mean: 0.02 is 2 % worse. */
  readonly effect: number;
}

/** Mean relative effect of each op in each layer of each cell. */
export function opEffects({ candidates }: RatedBlock): OpEffect[] {
  const cells = [...new Set(candidates.map(({ cell }) => cell))].sort((a, b) => a - b);
  return cells.flatMap((cell) => {
    const ours = candidates.filter((candidate) => candidate.cell === cell);
    const all = mean(ours);
    return ours[0].path.flatMap((_, layer) => {
      const ops = [...new Set(ours.map(({ path }) => path[layer]))].sort((a, b) => a - b);
      return ops.map((op) => {
        const withOp = mean(ours.filter(({ path }) => path[layer] === op));
        return { cell, layer, op, effect: withOp / all - 1 };
      });
    });
  });
}

const MAP = { column: 62, row: 30 };

/** Heat map of ratings: op by layer, one panel a block; blue is better than the cell's mean, orange worse. */
export function ratingMap(blocks: readonly RatedBlock[]): Figure {
  const effects = blocks.map(opEffects);
  const limit = Math.max(1e-6, ...effects.flat().map(({ effect }) => Math.abs(effect)));
  const columns = effects.map((list) => distinctLayers(list));
  const total = columns.reduce((sum, list) => sum + list.length, 0);
  const rows = Math.max(...blocks.map(({ ops }) => ops.length));
  const gap = 0.035;
  const unit = (1 - gap * (blocks.length - 1)) / total;
  let left = 0;
  const data: Trace[] = [];
  const layout: Record<string, unknown> = {};
  const annotations: Record<string, unknown>[] = [];
  for (const [i, block] of blocks.entries()) {
    const id = i + 1;
    const domain = [left, Math.min(1, left + unit * columns[i].length)];
    left = domain[1] + gap;
    const z = block.ops.map((_, op) =>
      columns[i].map(({ cell, layer }) => {
        const found = effects[i].find((e) => e.cell === cell && e.layer === layer && e.op === op);
        return found ? 100 * found.effect : null;
      }),
    );
    data.push({
      type: "heatmap",
      z,
      x: columns[i].map((_, column) => column),
      y: block.ops.map((_, op) => op),
      xaxis: axisName("x", id),
      yaxis: axisName("y", id),
      coloraxis: "coloraxis",
      xgap: 1,
      ygap: 1,
      text: z.map((row) => row.map((value) => (value === null ? "" : signed(value)))),
      texttemplate: "%{text}",
      textfont: { size: 10 },
      hovertemplate: `block ${block.block + 1}, %{x}, op %{y}<br>%{z:.2f} % against the cell's mean<extra></extra>`,
    });
    const cells = new Set(columns[i].map(({ cell }) => cell)).size;
    layout[layoutKey("x", id)] = axis("", {
      domain,
      anchor: axisName("y", id),
      tickvals: columns[i].map((_, column) => column),
      ticktext: columns[i].map(({ cell, layer }) =>
        cells > 1 ? `layer ${layer + 1}<br>cell ${cell + 1}` : `layer ${layer + 1}`,
      ),
      tickangle: 0,
      tickfont: { size: 10 },
      showgrid: false,
      ticks: "",
    });
    layout[layoutKey("y", id)] = axis("", {
      anchor: axisName("x", id),
      tickvals: block.ops.map((_, op) => op),
      ticktext: i === 0 || !sameOps(blocks[i - 1], block) ? [...block.ops] : block.ops.map(() => ""),
      autorange: "reversed",
      showgrid: false,
      ticks: "",
    });
    annotations.push({
      text: `<b>block ${block.block + 1}</b>`,
      x: domain[0],
      xref: "paper",
      xanchor: "left",
      y: 1.01,
      yref: "paper",
      yanchor: "bottom",
      showarrow: false,
      font: { size: 13 },
    });
  }
  const width = Math.max(760, Math.min(1240, total * MAP.column + 200));
  return {
    data,
    layout: layoutOf({
      title: "Ratings: which op helps in which layer",
      subtitle: `mean rating of the candidates with the op, against the mean of their cell (%); negative is better; ${blocks.reduce((sum, { candidates }) => sum + candidates.length, 0)} candidates`,
      width,
      height: rows * MAP.row + 190,
      margin: { t: 100, r: 96, b: 60, l: 70 },
      coloraxis: {
        // Blue to orange through white: safe for every common colour blindness.
        colorscale: [
          [0, "#0072B2"],
          [0.5, "#FFFFFF"],
          [1, "#E69F00"],
        ],
        cmin: -100 * limit,
        cmax: 100 * limit,
        colorbar: { title: { text: "%", side: "top" }, thickness: 12, len: 0.9, x: 1.01, outlinewidth: 0 },
      },
      ...layout,
      annotations,
    }),
  };
}

function distinctLayers(effects: readonly OpEffect[]): { cell: number; layer: number }[] {
  const keys = new Map(effects.map(({ cell, layer }) => [`${cell}/${layer}`, { cell, layer }]));
  return [...keys.values()];
}

function sameOps(a: RatedBlock, b: RatedBlock): boolean {
  return a.ops.join() === b.ops.join();
}

function signed(value: number): string {
  const text = Math.abs(value) < 9.95 ? value.toFixed(1) : value.toFixed(0);
  return value > 0 ? `+${text}` : text.replace("-", "\u2212");
}

function mean(candidates: readonly RatedPath[]): number {
  return candidates.reduce((sum, { score }) => sum + score, 0) / candidates.length;
}
