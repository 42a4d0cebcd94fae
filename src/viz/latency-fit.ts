import { rangeAround } from "./axis-range";
import { escapeHtml } from "./escape-html";
import { axis, COLOURS, type Figure, layoutOf } from "./figure";

/** A network's latency beside what its layers let expect, milliseconds. */
export interface PredictedLatency {
  readonly network: string;
  readonly predictedMs: number;
  readonly medianMs: number;
  /** Tenth and ninetieth percentile of the network's runs. */
  readonly lowMs?: number;
  readonly highMs?: number;
}

/** Share by which a sum may be off within the band. */
const BAND = 0.15;

/** Measured latency of whole networks against the sums of their layers, with the line where both are equal. */
export function latencyFitFigure(networks: readonly PredictedLatency[], place: string): Figure {
  const predicted = networks.map(({ predictedMs }) => predictedMs);
  const measured = networks.map(({ medianMs }) => medianMs);
  const [low, high] = rangeAround([...predicted, ...measured], 0.1);
  const ends = [Math.max(0, low), high];
  const beside = (name: string, factor: number, showlegend: boolean) => ({
    type: "scatter",
    mode: "lines",
    name,
    showlegend,
    x: ends,
    y: ends.map((ms) => factor * ms),
    line: { color: COLOURS.grey, width: factor === 1 ? 1.5 : 1, dash: factor === 1 ? "solid" : "dot" },
    hoverinfo: "skip",
  });
  const whisker = (end: "lowMs" | "highMs") =>
    networks.map((network) => Math.abs((network[end] ?? network.medianMs) - network.medianMs));
  return {
    data: [
      beside("equal", 1, true),
      beside(`${100 * BAND} % off`, 1 + BAND, true),
      beside(`${100 * BAND} % off`, 1 - BAND, false),
      {
        type: "scatter",
        mode: "markers",
        name: "random networks",
        x: predicted,
        y: measured,
        error_y: {
          type: "data",
          symmetric: false,
          array: whisker("highMs"),
          arrayminus: whisker("lowMs"),
          color: `${COLOURS.blue}66`,
          thickness: 1,
          width: 3,
        },
        marker: { color: COLOURS.blue, size: 9, line: { color: "#FFFFFF", width: 1 } },
        text: networks.map(({ network }) => escapeHtml(network)),
        hovertemplate: "%{text}<br>sum %{x:.3f} ms, measured %{y:.3f} ms<extra></extra>",
      },
    ],
    layout: layoutOf({
      title: "Latency: sums of layers against whole networks",
      subtitle: `${escapeHtml(place)}; points are medians, bars the 10 and 90 % of a network's runs`,
      width: 640,
      height: 480,
      xaxis: axis("sum over the layers and a call (ms)", { range: [...ends] }),
      yaxis: axis("measured (ms)", { range: [...ends] }),
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" },
    }),
  };
}
