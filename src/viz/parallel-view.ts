import { ConfigError, formatCount } from "../core";
import { escapeHtml } from "./escape-html";
import { COLOURS, type Figure, GROUND_COLOUR, layoutOf, type Trace } from "./figure";
import { hoverFacts, type NetworkFacts } from "./network-facts";
import { KINDS, type NetworkKind } from "./network-kinds";

/** A network with all that is known of it; what no network has makes no axis. */
export interface ParallelNetwork extends NetworkFacts {
  readonly label: string;
  readonly kind: NetworkKind;
  /** Of the test split, in [0, 1]. */
  readonly accuracy?: number;
  /** Summed rating; lower is better. */
  readonly score?: number;
}

type Measure = "macs" | "params" | "activationBytes" | "latencyMs" | "score" | "accuracy";

/** The axes from left to right; every one is turned so that up is better. */
const AXES: readonly { measure: Measure; title: string; write: (value: number) => string; up: "low" | "high" }[] = [
  { measure: "macs", title: "FLOPs<br>(multiply-adds)", write: formatCount, up: "low" },
  { measure: "params", title: "parameters", write: formatCount, up: "low" },
  { measure: "activationBytes", title: "activations<br>(bytes)", write: formatCount, up: "low" },
  { measure: "latencyMs", title: "latency<br>(ms)", write: (value) => String(Number(value.toPrecision(3))), up: "low" },
  { measure: "score", title: "summed<br>rating", write: (value) => value.toFixed(3), up: "low" },
  { measure: "accuracy", title: "test accuracy<br>(%)", write: (value) => (100 * value).toFixed(2), up: "high" },
];
const TICKS = 5;

/**
 * Parallel coordinates: a line a network, an axis a quantity (costs, rating, accuracy), up is better on every axis.
 * @throws ConfigError when there is no network, or fewer than two quantities are known of all.
 */
export function parallelView(networks: readonly ParallelNetwork[], title = "Costs and accuracy side by side"): Figure {
  const places = new Set(networks.flatMap(({ latencyMs, latencyOf }) => (latencyMs === undefined ? [] : [latencyOf])));
  const [place] = places;
  // Latencies of several places do not compare: they make no axis.
  const compared = AXES.filter(({ measure }) => measure !== "latencyMs" || places.size === 1).map((axis) =>
    axis.measure === "latencyMs" && place !== undefined
      ? { ...axis, title: `latency (ms)<br>${escapeHtml(place)}` }
      : axis,
  );
  const known = compared.filter(({ measure }) => networks.length > 0 && networks.some((n) => n[measure] !== undefined));
  if (known.length < 2) {
    throw new ConfigError(
      `parallelView: networks must have at least two known quantities, got ${networks.length} networks with ${known.length}`,
    );
  }
  const axes = known.map((axis) => {
    const values = networks.flatMap((network) => network[axis.measure] ?? []);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const share = (value: number) => (high === low ? 0.5 : (value - low) / (high - low));
    const ticks =
      high === low ? [low] : Array.from({ length: TICKS }, (_, i) => low + ((high - low) * i) / (TICKS - 1));
    return { ...axis, ticks, height: (value: number) => (axis.up === "high" ? share(value) : 1 - share(value)) };
  });
  const seen = new Set<NetworkKind>();
  const data = networks.map((network): Trace => {
    const { name, colour, symbol } = KINDS[network.kind];
    const isFirst = !seen.has(network.kind);
    seen.add(network.kind);
    const points = axes.flatMap((axis, x) => {
      const value = network[axis.measure];
      return value === undefined ? [] : [{ x, y: axis.height(value) }];
    });
    const accuracy = network.accuracy === undefined ? "" : `: ${(100 * network.accuracy).toFixed(2)} %`;
    return {
      type: "scatter",
      mode: "lines+markers",
      name,
      legendgroup: network.kind,
      showlegend: isFirst,
      x: points.map(({ x }) => x),
      y: points.map(({ y }) => y),
      line: { color: colour, width: 2 },
      marker: { color: colour, symbol, size: 8 },
      cliponaxis: false,
      hovertemplate: `${escapeHtml(network.label)}${accuracy}<br>${hoverFacts(network)}<extra></extra>`,
    };
  });
  const heading = axes.map(({ title: text }, x) => ({
    x,
    y: 1.04,
    yanchor: "bottom",
    text: `<b>${text}</b>`,
    showarrow: false,
    font: { size: 12 },
  }));
  const numbers = axes.flatMap(({ ticks, height, write }, x) =>
    ticks.map((tick) => ({
      x,
      y: height(tick),
      xanchor: "right",
      xshift: -8,
      text: write(tick),
      showarrow: false,
      font: { size: 10 },
      bgcolor: GROUND_COLOUR,
      borderpad: 1,
    })),
  );
  return {
    data,
    layout: layoutOf({
      title,
      subtitle: "one line a network; up is better on every axis",
      width: Math.max(560, 150 * axes.length + 60),
      height: 470,
      margin: { t: 150, r: 40, b: 24, l: 84 },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.22, yanchor: "bottom", font: { size: 12 } },
      xaxis: { visible: false, range: [-0.05, axes.length - 0.9], fixedrange: true },
      yaxis: { visible: false, range: [-0.05, 1.05], fixedrange: true },
      shapes: axes.map((_, x) => ({
        type: "line",
        x0: x,
        x1: x,
        y0: 0,
        y1: 1,
        line: { color: COLOURS.grey, width: 1 },
        layer: "below",
      })),
      annotations: [...heading, ...numbers],
    }),
  };
}
