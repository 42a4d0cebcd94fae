import { logAxis, wholeAxis } from "./axis-range";
import { axis, axisName, type Figure, layoutKey, layoutOf, seriesColour, type Trace } from "./figure";

/** The distillation of one supernet: one block, one cell. */
export interface LossCurve {
  readonly block: number;
  readonly cell: number;
  /** What the cell is, e.g. "2 layers, 24 channels". */
  readonly label?: string;
  /** Where on the way the losses were noted; see {@link lossCurves}'s unit. */
  readonly at: readonly number[];
  /** Mean squared error to the teacher's feature map. */
  readonly losses: readonly number[];
}

const PANEL = { width: 240, height: 220 };

/** Distillation loss against epoch (or step) on a logarithmic axis: one panel a block, one line a cell. */
export function lossCurves(curves: readonly LossCurve[], unit: "epoch" | "step" = "epoch"): Figure {
  const blocks = [...new Set(curves.map((curve) => curve.block))].sort((a, b) => a - b);
  const cells = Math.max(0, ...curves.map((curve) => curve.cell)) + 1;
  const columns = blocks.length <= 4 ? Math.max(1, blocks.length) : 3;
  const rows = Math.ceil(blocks.length / columns) || 1;
  const data: Trace[] = curves.map((curve) => {
    const panel = blocks.indexOf(curve.block) + 1;
    return {
      type: "scatter",
      mode: curve.at.length > 30 ? "lines" : "lines+markers",
      marker: { size: 5 },
      name: `cell ${curve.cell + 1}`,
      legendgroup: `cell ${curve.cell}`,
      // One entry a cell is enough: the colours mean the same in each panel.
      showlegend: cells > 1 && curves.findIndex((other) => other.cell === curve.cell) === curves.indexOf(curve),
      x: [...curve.at],
      y: [...curve.losses],
      xaxis: axisName("x", panel),
      yaxis: axisName("y", panel),
      line: { color: seriesColour(curve.cell), width: 1.8 },
      hovertemplate: `block ${curve.block + 1}, cell ${curve.cell + 1}${curve.label ? ` (${curve.label})` : ""}<br>${unit} %{x}: %{y:.4g}<extra></extra>`,
    };
  });
  const axes = blocks.map((block, i) =>
    panelAxes(i, { block, columns, rows, unit, curves: curves.filter((curve) => curve.block === block) }),
  );
  return {
    data,
    layout: layoutOf({
      title: "Distillation: imitating the teacher, block by block",
      subtitle: "mean squared error of sampled paths to the teacher's feature map; logarithmic axes",
      width: Math.max(620, columns * PANEL.width + 80),
      height: rows * (PANEL.height + 40) + 110,
      margin: { t: cells > 1 ? 116 : 96, r: 20, b: 56, l: 70 },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1 + 24 / (rows * PANEL.height), yanchor: "bottom" },
      ...Object.assign({}, ...axes.map(({ layout }) => layout)),
      annotations: axes.map(({ heading }) => heading),
    }),
  };
}

function panelAxes(
  index: number,
  {
    block,
    columns,
    rows,
    unit,
    curves,
  }: { block: number; columns: number; rows: number; unit: string; curves: readonly LossCurve[] },
) {
  const at = curves.flatMap((curve) => curve.at);
  const column = index % columns;
  const row = Math.floor(index / columns);
  const gap = { x: columns > 1 ? 0.085 : 0, y: rows > 1 ? 0.2 : 0 };
  const width = (1 - gap.x * (columns - 1)) / columns;
  const height = (1 - gap.y * (rows - 1)) / rows;
  const x = [column * (width + gap.x), column * (width + gap.x) + width];
  const top = 1 - row * (height + gap.y);
  const id = index + 1;
  return {
    layout: {
      [layoutKey("x", id)]: axis(row === rows - 1 ? unit : "", {
        domain: x,
        anchor: axisName("y", id),
        ...wholeAxis(at),
      }),
      [layoutKey("y", id)]: axis(column === 0 ? "mean squared error" : "", {
        domain: [Math.max(0, top - height), top],
        anchor: axisName("x", id),
        ...logAxis(curves.flatMap((curve) => curve.losses)),
      }),
    },
    heading: {
      text: `<b>block ${block + 1}</b>`,
      x: x[0],
      xref: "paper",
      xanchor: "left",
      y: top,
      yref: "paper",
      yanchor: "bottom",
      showarrow: false,
      font: { size: 13 },
    },
  };
}
