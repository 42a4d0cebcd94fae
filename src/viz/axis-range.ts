export type Range = readonly [number, number];

/** The range that holds all values with room around them; `room` is a fraction of the spread. */
export function rangeAround(values: readonly number[], room = 0.12): Range {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const spread = high - low || Math.abs(high) * 0.2 || 1;
  return [low - spread * room, high + spread * room];
}

/** How a count axis (MACs, parameters) runs: logarithmic where the values span more than a decade. */
export interface CountAxis {
  readonly type: "linear" | "log";
  /** In plotly's terms: of the logarithms where the axis is logarithmic. */
  readonly range: Range;
  /** Share of the way from the left end at which a value lies. */
  position(value: number): number;
  /** Ticks and range as options of a plotly axis. */
  readonly options: Readonly<Record<string, unknown>>;
}

export function countAxis(values: readonly number[], room = 0.12): CountAxis {
  const isLog = Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 10;
  const scale = isLog ? Math.log10 : (value: number) => value;
  const padded = rangeAround(values.map(scale), room);
  const range: Range = isLog ? padded : [Math.max(0, padded[0]), padded[1]];
  return {
    type: isLog ? "log" : "linear",
    range,
    position: (value) => (scale(value) - range[0]) / (range[1] - range[0]),
    options: { type: isLog ? "log" : "linear", range: [...range], tickformat: "~s", ...(isLog && { dtick: "D2" }) },
  };
}
