import type { Figure, Trace } from "./figure";

/** Trace types of the small plotly that the kernel brings; plotly's own default is "scatter". */
const CARTESIAN = new Set([
  ...["scatter", "bar", "box", "heatmap", "histogram", "histogram2d", "histogram2dcontour"],
  ...["contour", "image", "pie", "scatterternary", "violin"],
]);

/** Whether a value looks like a plotly figure: `{ data: [traces], layout? }`. */
export function isPlotlyFigure(value: unknown): value is { data: readonly Trace[]; layout?: Record<string, unknown> } {
  if (value === null || typeof value !== "object") return false;
  const { data, layout } = value as { data?: unknown; layout?: unknown };
  return (
    Array.isArray(data) &&
    data.length > 0 &&
    data.every((trace) => trace !== null && typeof trace === "object" && !Array.isArray(trace)) &&
    data.some((trace) => ["type", "x", "y", "z", "values"].some((key) => key in trace)) &&
    (layout === undefined || (layout !== null && typeof layout === "object"))
  );
}

/** A figure of the user with a size and a title's place, which our readers rely on; all else stays as it is. */
export function completeFigure(figure: Pick<Figure, "data" | "frames"> & { layout?: Record<string, unknown> }): Figure {
  // Typed arrays would become objects in JSON.
  const { data, layout = {}, frames } = JSON.parse(JSON.stringify(figure, plainArrays)) as typeof figure;
  const title = typeof layout.title === "string" ? { text: layout.title } : (layout.title as { text?: string });
  const { width, height } = layout as { width?: number; height?: number };
  return {
    data,
    ...(Array.isArray(frames) && { frames }),
    layout: { ...layout, title: { ...title, text: title?.text ?? "" }, width: width ?? 700, height: height ?? 450 },
  };
}

/** Whether the figure takes the whole of plotly (3D, maps, Sankey, ...), which draws in a browser alone. */
export function needsWholePlotly({ data }: Pick<Figure, "data">): boolean {
  return data.some(({ type }) => type !== undefined && !CARTESIAN.has(String(type)));
}

function plainArrays(_key: string, value: unknown): unknown {
  // JSON has no whole numbers without bound, and plotly none either: it draws with floats.
  if (typeof value === "bigint") return Number(value);
  if (value instanceof BigInt64Array || value instanceof BigUint64Array) return Array.from(value, Number);
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Float32Array) : value;
}
