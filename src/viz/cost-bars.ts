import { formatCount } from "../core";
import { axis, COLOURS, type Figure, FLOPS_AXIS, layoutOf, seriesColour } from "./figure";

/** Cost of each part of a network, in the order of the parts. */
export interface NetworkCosts {
  readonly label: string;
  readonly parts: readonly { readonly name: string; readonly macs: number; readonly params: number }[];
}

/** MACs and parameters a block, one bar a network beside the others. */
export function costBars(networks: readonly NetworkCosts[]): Figure {
  const bars = (key: "macs" | "params", axes: Record<string, unknown>, showlegend: boolean) =>
    networks.map((network, i) => ({
      type: "bar",
      name: network.label,
      legendgroup: network.label,
      showlegend: showlegend && networks.length > 1,
      x: network.parts.map(({ name }) => name),
      y: network.parts.map((part) => part[key]),
      marker: { color: networks.length > 1 && i === 0 ? COLOURS.grey : seriesColour(networks.length > 1 ? i - 1 : 0) },
      // Beyond one network the numbers would run into each other; hovering tells them.
      ...(networks.length === 1 && {
        text: network.parts.map((part) => formatCount(part[key])),
        textposition: "outside",
        textfont: { size: 10 },
        cliponaxis: false,
      }),
      hovertemplate: `${network.label}, %{x}: %{y:.4s}<extra></extra>`,
      ...axes,
    }));
  return {
    data: [...bars("macs", {}, true), ...bars("params", { xaxis: "x2", yaxis: "y2" }, false)],
    layout: layoutOf({
      title: "What each block costs",
      width: 920,
      height: 380,
      barmode: "group",
      bargap: 0.25,
      margin: { t: networks.length > 1 ? 92 : 64, r: 24, b: 56, l: 68 },
      xaxis: axis("", { domain: [0, 0.46], showgrid: false, ticks: "" }),
      yaxis: axis(FLOPS_AXIS, { tickformat: "~s", rangemode: "tozero" }),
      xaxis2: axis("", { domain: [0.56, 1], anchor: "y2", showgrid: false, ticks: "" }),
      yaxis2: axis("parameters", { anchor: "x2", tickformat: "~s", rangemode: "tozero" }),
    }),
  };
}
