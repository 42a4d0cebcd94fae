import { formatCount } from "../core";
import { axis, COLOURS, type Figure, FLOPS_AXIS, layoutOf, type Trace } from "./figure";

/** One layer of a network, for its picture. */
export interface DiagramLayer {
  /** The part it belongs to: "stem", "block 1", "head". Layers of a part follow each other. */
  readonly part: string;
  readonly kind: "conv" | "mbconv" | "residual" | "identity" | "maxpool" | "pool" | "linear" | "foreign";
  /** What stands in the box, a few characters: "k5 e6". */
  readonly label: string;
  /** The layer in full, for the mouse: "ir_k5_s2_e6_c24_se0.25". */
  readonly description: string;
  readonly kernelSize?: number;
  readonly stride: number;
  /** Shapes `[height, width, channels]`, written: "14x14x40". */
  readonly input: string;
  readonly output: string;
  /** Of the output. */
  readonly channels: number;
  readonly macs: number;
  readonly params: number;
  readonly activationBytes: number;
}

export interface DiagramRecord {
  readonly title: string;
  readonly subtitle?: string;
  readonly layers: readonly DiagramLayer[];
}

/** One colour a kernel size; what has none is grey. */
const KERNELS: readonly {
  readonly name: string;
  readonly of: (layer: DiagramLayer) => boolean;
  readonly colour: string;
}[] = [
  { name: "MBConv, kernel 3", of: (layer) => layer.kind === "mbconv" && layer.kernelSize === 3, colour: COLOURS.sky },
  {
    name: "MBConv, kernel 5",
    of: (layer) => layer.kind === "mbconv" && layer.kernelSize === 5,
    colour: COLOURS.orange,
  },
  {
    name: "MBConv, kernel 7",
    of: (layer) => layer.kind === "mbconv" && layer.kernelSize === 7,
    colour: COLOURS.purple,
  },
  { name: "residual block", of: ({ kind }) => kind === "residual", colour: COLOURS.green },
  { name: "convolution", of: ({ kind }) => kind === "conv", colour: "#BDBDBD" },
  { name: "pooling, classifier", of: ({ kind }) => ["maxpool", "pool", "linear"].includes(kind), colour: COLOURS.grey },
];
/** Words on the boxes, whose colours are light in every page. */
const ON_COLOUR = "#111111";
const OTHER = { name: "other", colour: COLOURS.yellow };

/**
 * A network as a row of boxes, input at the left: the taller, the more channels; the colour is the kernel size. Below
 * each layer stand its multiply-adds, above each part what it costs.
 */
export function architectureDiagram({ title, subtitle, layers }: DiagramRecord): Figure {
  const parts = intoParts(layers);
  // A gap between parts, so that the blocks are seen.
  const at = layers.map((_, i) => i + 0.6 * parts.findIndex(({ last }) => i <= last));
  // Cube roots: words fit into the boxes of a stem of 16 channels beside a head of 1280.
  const heights = layers.map(({ channels }) => Math.cbrt(channels));
  const tallest = Math.max(...heights);
  const kinds = [...KERNELS, { ...OTHER, of: (layer: DiagramLayer) => !KERNELS.some((kernel) => kernel.of(layer)) }];
  const span = at[at.length - 1] + 1.2;
  const pitch = Math.max(26, Math.min(54, 900 / span));
  const data = kinds.flatMap(({ name, of, colour }): Trace[] => {
    const ours = [...layers.keys()].filter((i) => of(layers[i]));
    if (ours.length === 0) return [];
    const common = {
      type: "bar",
      name,
      legendgroup: name,
      x: ours.map((i) => at[i]),
      width: 0.9,
      marker: { color: colour, line: { color: COLOURS.grey, width: 0.5 } },
      customdata: ours.map((i) => words(layers[i])),
      hovertemplate: "%{customdata}<extra></extra>",
    };
    return [
      {
        ...common,
        base: ours.map((i) => -heights[i] / 2),
        y: ours.map((i) => heights[i]),
        text: ours.map((i) => `${layers[i].label.replace(/ /g, "<br>")}`),
        textposition: "inside",
        insidetextanchor: "middle",
        textangle: 0,
        textfont: { size: pitch < 40 ? 9 : 11, color: ON_COLOUR },
        constraintext: "none",
        cliponaxis: false,
      },
      {
        ...common,
        showlegend: false,
        y: ours.map((i) => layers[i].macs),
        yaxis: "y2",
      },
    ];
  });
  const widths = layers.map((layer, i) => ({
    x: at[i],
    y: -heights[i] / 2,
    yanchor: "top",
    text: String(layer.channels),
    showarrow: false,
    font: { size: pitch < 40 ? 8 : 10 },
  }));
  const headings = parts.map(({ name, first, last, macs, params }) => ({
    x: (at[first] + at[last]) / 2,
    y: 1,
    yref: "paper",
    yanchor: "bottom",
    // A narrow part has no room for its costs in a line.
    text: `<b>${name}</b><br>${layers[first].input}<br>${formatCount(macs)}<br>${formatCount(params)} p.`,
    showarrow: false,
    font: { size: 10 },
  }));
  const boxes = parts.map(({ first, last }) => ({
    type: "rect",
    x0: at[first] - 0.62,
    x1: at[last] + 0.62,
    y0: 0,
    y1: 1,
    yref: "paper",
    line: { width: 0 },
    fillcolor: COLOURS.grey,
    opacity: 0.12,
    layer: "below",
  }));
  return {
    data,
    layout: layoutOf({
      title,
      subtitle: subtitle ?? "box height: channels (the number below it); above: input, MACs and parameters of a part",
      width: Math.max(620, Math.round(span * pitch) + 100),
      height: 528,
      barmode: "overlay",
      margin: { t: 132, r: 20, b: 76, l: 76 },
      legend: { orientation: "h", x: 0, xanchor: "left", y: -0.03, yanchor: "top", font: { size: 12 } },
      xaxis: axis("", {
        range: [-0.8, at[at.length - 1] + 0.8],
        showgrid: false,
        showticklabels: false,
        ticks: "",
        anchor: "y2",
      }),
      yaxis: axis("channels", {
        domain: [0.42, 1],
        range: [-0.66 * tallest, 0.56 * tallest],
        showgrid: false,
        showticklabels: false,
        ticks: "",
        showline: false,
      }),
      yaxis2: axis(FLOPS_AXIS.replace(" (", "<br>("), { domain: [0, 0.34], tickformat: "~s", rangemode: "tozero" }),
      shapes: boxes,
      annotations: [...headings, ...widths],
    }),
  };
}

function intoParts(layers: readonly DiagramLayer[]) {
  const parts: { name: string; first: number; last: number; macs: number; params: number }[] = [];
  for (const [i, { part, macs, params }] of layers.entries()) {
    const open = parts[parts.length - 1];
    if (open?.name === part) Object.assign(open, { last: i, macs: open.macs + macs, params: open.params + params });
    else parts.push({ name: part, first: i, last: i, macs, params });
  }
  return parts;
}

function words(layer: DiagramLayer): string {
  const { part, description, input, output, stride, macs, params, activationBytes } = layer;
  return [
    `${part}: ${description}`,
    `${input} \u2192 ${output}${stride > 1 ? `, stride ${stride}` : ""}`,
    `${formatCount(macs)} MACs, ${formatCount(params)} parameters, ${formatCount(activationBytes)}B activations`,
  ].join("<br>");
}
