import { escapeHtml } from "./escape-html";
import { axis, COLOURS, type Figure, layoutOf } from "./figure";

/** A network that was trained briefly. */
export interface EvidencePoint {
  readonly label: string;
  readonly macs: number;
  /** Validation accuracy, 0..1. */
  readonly accuracy: number;
  /** From 1: the round that proposed it. */
  readonly round: number;
}

/** A network of the front that is expected. */
export interface ExpectedPoint {
  readonly macs: number;
  /** Expected accuracy, 0..1, with the middle 95 %. */
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
}

export interface EvidenceFrontRecord {
  readonly evidence: readonly EvidencePoint[];
  readonly front: readonly ExpectedPoint[];
  readonly title: string;
  /** How the networks were trained. */
  readonly training: string;
}

/** Accuracies of briefly trained networks over MACs, later rounds darker, and the front that they let expect. */
export function evidenceFront({ evidence, front, title, training }: EvidenceFrontRecord): Figure {
  const percent = (share: number) => 100 * share;
  const macs = front.map((point) => point.macs);
  return {
    data: [
      {
        type: "scatter",
        mode: "lines",
        name: "middle 95 %",
        x: [...macs, ...[...macs].reverse()],
        y: [...front.map(({ high }) => percent(high)), ...[...front].reverse().map(({ low }) => percent(low))],
        fill: "toself",
        line: { width: 0, color: COLOURS.blue },
        opacity: 0.25,
        hoverinfo: "skip",
      },
      {
        type: "scatter",
        mode: "lines",
        name: "expected of the best at each cost",
        x: macs,
        y: front.map(({ accuracy }) => percent(accuracy)),
        line: { color: COLOURS.blue, width: 2 },
        hovertemplate: "%{x:.4s} MACs, expected %{y:.2f} %<extra></extra>",
      },
      {
        type: "scatter",
        mode: "markers",
        name: `${evidence.length} trained networks`,
        x: evidence.map((point) => point.macs),
        y: evidence.map(({ accuracy }) => percent(accuracy)),
        marker: {
          size: 9,
          color: evidence.map(({ round }) => round),
          colorscale: "Cividis",
          reversescale: true,
          line: { color: COLOURS.grey, width: 1 },
        },
        customdata: evidence.map(({ label, round }) => [escapeHtml(label), round]),
        hovertemplate: "%{customdata[0]}, round %{customdata[1]}<br>%{x:.4s} MACs, %{y:.2f} %<extra></extra>",
      },
    ],
    layout: layoutOf({
      title,
      subtitle: `${training}; validation accuracy; later rounds darker`,
      width: 720,
      height: 420,
      margin: { t: 100, r: 24, b: 60, l: 76 },
      xaxis: axis("FLOPs (multiply-adds)"),
      yaxis: axis("accuracy (%)"),
    }),
  };
}
