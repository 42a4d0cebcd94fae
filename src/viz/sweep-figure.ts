import { axis, COLOURS, type Figure, layoutOf, type Trace } from "./figure";

/** One combination of settings, over its seeds; accuracies are shares. */
export interface SweepRow {
  /** "split 3". */
  readonly label: string;
  readonly seeds: number;
  readonly found: SweepMean;
  readonly random?: SweepMean;
  readonly shrunk?: SweepMean;
  /** Absent where teachers gave their feature maps alone. */
  readonly teacher?: SweepMean;
}

interface SweepMean {
  readonly mean: number;
  /** Over seeds; unknown of one. */
  readonly standardError?: number;
}

const SERIES = [
  { key: "teacher", name: "teacher", colour: COLOURS.black, symbol: "star" },
  { key: "found", name: "found by rating, retrained", colour: COLOURS.blue, symbol: "circle" },
  { key: "random", name: "random at equal MACs, mean", colour: COLOURS.vermilion, symbol: "diamond-open" },
  { key: "shrunk", name: "teacher shrunk to equal MACs", colour: COLOURS.green, symbol: "square-open" },
] as const;

/** Test accuracy for each combination of settings: means over seeds, with a standard error up and down. */
export function sweepFigure(rows: readonly SweepRow[], dataset: string): Figure {
  const data = SERIES.flatMap(({ key, name, colour, symbol }): Trace[] => {
    const known = rows.flatMap((row) => (row[key] ? [{ label: row.label, ...row[key] }] : []));
    if (known.length === 0) return [];
    return [
      {
        type: "scatter",
        mode: "lines+markers",
        name,
        x: known.map(({ label }) => label),
        y: known.map(({ mean }) => 100 * mean),
        error_y: {
          type: "data",
          array: known.map(({ standardError = 0 }) => 100 * standardError),
          color: colour,
          thickness: 1.5,
          width: 4,
        },
        line: { color: colour, width: 1, dash: "dot" },
        marker: { color: colour, symbol, size: 10 },
        hovertemplate: "%{x}: %{y:.2f} %<extra></extra>",
      },
    ];
  });
  const most = Math.max(...rows.map(({ seeds }) => seeds));
  return {
    data,
    layout: layoutOf({
      title: `Settings swept on ${dataset}`,
      subtitle:
        most > 1
          ? `means over ${most} seeds; bars: one standard error over seeds`
          : "one seed: how much may be chance is not known",
      xaxis: axis("", { type: "category" }),
      yaxis: axis("test accuracy (%)"),
    }),
  };
}
