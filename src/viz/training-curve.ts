import { wholeAxis } from "./axis-range";
import { axis, COLOURS, type Figure, layoutOf, type Trace } from "./figure";

/** One epoch of training a classifier. Accuracies in [0, 1]. */
export interface TrainingEpoch {
  readonly epoch: number;
  readonly loss: number;
  readonly trainAccuracy?: number;
  readonly validationAccuracy?: number;
}

/** Loss and accuracy of a training, side by side, by epoch. */
export function trainingCurve(name: string, history: readonly TrainingEpoch[]): Figure {
  const epochs = history.map(({ epoch }) => epoch);
  const accuracy = (key: "trainAccuracy" | "validationAccuracy", label: string, color: string): Trace[] => {
    const known = history.filter((entry) => entry[key] !== undefined);
    if (known.length === 0) return [];
    return [
      {
        ...line(label, color),
        x: known.map(({ epoch }) => epoch),
        y: known.map((entry) => 100 * (entry[key] as number)),
        xaxis: "x2",
        yaxis: "y2",
        hovertemplate: `epoch %{x}: %{y:.2f} %<extra>${label}</extra>`,
      },
    ];
  };
  return {
    data: [
      { ...line("training loss", COLOURS.vermilion), x: epochs, y: history.map(({ loss }) => loss) },
      ...accuracy("trainAccuracy", "training accuracy", COLOURS.sky),
      ...accuracy("validationAccuracy", "validation accuracy", COLOURS.blue),
    ],
    layout: layoutOf({
      title: `Training of ${name}`,
      width: 860,
      height: 360,
      margin: { t: 76, r: 24, b: 56, l: 64 },
      xaxis: axis("epoch", { domain: [0, 0.45], ...wholeAxis(epochs) }),
      yaxis: axis("cross-entropy loss", { rangemode: "tozero" }),
      xaxis2: axis("epoch", { domain: [0.55, 1], anchor: "y2", ...wholeAxis(epochs) }),
      yaxis2: axis("accuracy (%)", { anchor: "x2" }),
    }),
  };
}

function line(name: string, color: string): Trace {
  return { type: "scatter", mode: "lines+markers", name, line: { color, width: 2 }, marker: { color, size: 6 } };
}
