import { formatWhole } from "../core";
import { escapeHtml } from "./escape-html";
import { axis, type Figure, layoutOf, seriesColour } from "./figure";

/** Answers of a network by class. */
export interface ConfusionRecord {
  /** What was measured, e.g. "the found network on validation of flowers". */
  readonly title: string;
  readonly classes: readonly string[];
  /** `counts[label][answer]`: images of a class that were taken for another, or for itself. */
  readonly counts: readonly (readonly number[])[];
}

const SQUARE = 30;
const LETTER = 7;

/** Heat map of answers: a row a class, each in shares of its images; the diagonal is what is right. */
export function confusionFigure({ title, classes, counts }: ConfusionRecord): Figure {
  const shares = counts.map((row) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    // Of a class without images nothing is known.
    return row.map((count) => (all === 0 ? null : (100 * count) / all));
  });
  const names = classes.map(escapeHtml);
  const places = classes.map((_, i) => i);
  const room = 24 + LETTER * Math.max(...classes.map((name) => name.length));
  const side = Math.max(240, SQUARE * classes.length);
  const images = counts.flat().reduce((sum, count) => sum + count, 0);
  const margin = { t: 72, r: 90, b: room + 24, l: room + 40 };
  return {
    data: [
      {
        type: "heatmap",
        z: shares,
        x: places,
        y: places,
        xgap: 1,
        ygap: 1,
        zmin: 0,
        zmax: 100,
        colorscale: [
          [0, "#FFFFFF"],
          [1, "#0072B2"],
        ],
        colorbar: { title: { text: "%", side: "top" }, thickness: 12, len: 1, x: 1.01, outlinewidth: 0, nticks: 5 },
        text: counts.map((row) => row.map((count) => (count === 0 ? "" : String(count)))),
        texttemplate: "%{text}",
        textfont: { size: 10 },
        customdata: counts.map((row, label) => row.map((count, answer) => [count, names[label], names[answer]])),
        hovertemplate: "%{customdata[0]} of %{customdata[1]} taken for %{customdata[2]} (%{z:.1f} %)<extra></extra>",
      },
    ],
    layout: layoutOf({
      title: `Answers by class: ${escapeHtml(title)}`,
      subtitle: `${formatWhole(images)} images; colour is the share of the row's class, in %`,
      width: Math.max(520, side + margin.l + margin.r),
      height: side + margin.t + margin.b,
      margin,
      xaxis: axis("answer", { tickvals: places, ticktext: names, tickangle: -90, showgrid: false, ticks: "" }),
      yaxis: axis("class", { tickvals: places, ticktext: names, autorange: "reversed", showgrid: false, ticks: "" }),
    }),
  };
}

/** Accuracy of each class. */
export interface ClassAccuracyRecord {
  readonly title: string;
  /** Share of the class's images that were classified right, 0..1; with the ends of its interval. */
  readonly classes: readonly {
    readonly name: string;
    readonly accuracy: number;
    readonly low: number;
    readonly high: number;
  }[];
}

/** Accuracy class by class with 95 % intervals, in the order given. */
export function classAccuracyFigure({ title, classes }: ClassAccuracyRecord): Figure {
  const percents = (of: (one: ClassAccuracyRecord["classes"][number]) => number) => classes.map((one) => 100 * of(one));
  return {
    data: [
      {
        type: "scatter",
        mode: "markers",
        x: percents(({ accuracy }) => accuracy),
        y: classes.map((_, i) => i),
        error_x: {
          type: "data",
          symmetric: false,
          array: percents(({ accuracy, high }) => high - accuracy),
          arrayminus: percents(({ accuracy, low }) => accuracy - low),
          thickness: 1,
          width: 3,
        },
        marker: { color: seriesColour(0), size: 7 },
        text: classes.map(({ name }) => escapeHtml(name)),
        hovertemplate: "%{text}: %{x:.1f} %<extra></extra>",
      },
    ],
    layout: layoutOf({
      title: `Accuracy of each class: ${escapeHtml(title)}`,
      subtitle: "with 95 % intervals (Wilson)",
      width: 720,
      height: 140 + 20 * classes.length,
      margin: { t: 72, r: 24, b: 56, l: 40 + LETTER * Math.max(...classes.map(({ name }) => name.length)) },
      xaxis: axis("accuracy (%)", { range: [0, 101] }),
      yaxis: axis("class", {
        tickvals: classes.map((_, i) => i),
        ticktext: classes.map(({ name }) => escapeHtml(name)),
        range: [classes.length - 0.5, -0.5],
        showgrid: false,
      }),
    }),
  };
}
