import { formatCount } from "../core";

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
    // Plotly's own ticks of a logarithmic axis are bare digits between the powers of ten.
    options: isLog
      ? { type: "log", range: [...range], ...ticks(logTicks(10 ** range[0], 10 ** range[1])) }
      : { type: "linear", range: [...range], tickformat: "~s" },
  };
}

/** A logarithmic axis of losses or counts with readable ticks, however little or much the values span. */
export function logAxis(values: readonly number[], room = 0.08): Readonly<Record<string, unknown>> {
  const known = values.filter((value) => value > 0 && Number.isFinite(value));
  if (known.length === 0) return { type: "log" };
  const range = rangeAround(known.map(Math.log10), room);
  return { type: "log", range: [...range], ...ticks(logTicks(10 ** range[0], 10 ** range[1])) };
}

/** A logarithmic axis from 1 to a count, with ticks at whole numbers alone. @param end In plotly's terms, a logarithm. */
export function wholeLogAxis(most: number, end: number): Readonly<Record<string, unknown>> {
  const tickvals = logTicks(1, Math.max(2, most)).filter(Number.isInteger);
  return { type: "log", range: [0, end], ...ticks(tickvals) };
}

function ticks(tickvals: readonly number[]) {
  return { tickvals, ticktext: tickvals.map(shortNumber) };
}

/**
 * Ticks of an axis of whole numbers, such as epochs: at whole numbers alone, and not more than about eight. Empty, for
 * plotly to choose, where a value is not whole.
 */
export function wholeAxis(values: readonly number[]): Readonly<Record<string, unknown>> {
  const known = values.filter(Number.isFinite);
  if (known.length === 0 || !known.every(Number.isInteger)) return {};
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const raw = Math.max(1, (high - low) / 8);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max(1, power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10));
  const first = Math.ceil(low / step) * step;
  const tickvals = Array.from({ length: Math.floor((high - first) / step) + 1 }, (_, i) => first + i * step);
  return { tickvals, ticktext: tickvals.map((tick) => (tick >= 1e4 ? formatCount(tick) : String(tick))) };
}

/** About three to ten round numbers between two positive ones. */
export function logTicks(low: number, high: number): number[] {
  const decades = Math.log10(high / low);
  // Within a factor of five equal steps look even enough on a logarithmic axis, too.
  if (decades < 0.7) {
    // A step of at most half the span (2.5 fifths), so that two ticks always fit.
    const raw = (high - low) / 5;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw) ?? 10);
    const first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => exact((first + i) * step));
  }
  const steps = decades < 1 ? [1, 2, 3, 4, 5, 7] : decades < 3 ? [1, 2, 5] : [1];
  const stride = Math.ceil(decades / 8);
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    if (steps.length === 1 && power % stride !== 0) continue;
    ticks.push(...steps.map((step) => exact(step * 10 ** power)).filter((tick) => tick >= low && tick <= high));
  }
  return ticks;
}

function exact(value: number): number {
  return Number(value.toPrecision(6));
}

function shortNumber(value: number): string {
  if (value >= 1e4) return formatCount(value).replace(/\.0+(?=\D|$)/, "");
  return value >= 1e-3 ? String(value) : value.toExponential();
}
