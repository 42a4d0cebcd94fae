import { ConfigError } from "../../core";
import type { Danfo, DataFrame, Grouped, Series } from "./danfo-types";

type Value = unknown;
interface SortOptions {
  readonly ascending?: boolean;
  readonly inplace?: boolean;
}
/** As much of danfo's inside as a changed order takes. */
type Settable = { $setValues(values: unknown): void; $setIndex(index: unknown): void };

/** What danfo's `describe` has, row by row. */
const STATISTICS = ["count", "mean", "std", "min", "median", "max", "variance"] as const;

/**
 * Teaches danfo what a missing value (null, undefined, NaN) is where it would count one as 0 or give up: sorted it comes
 * last, rising or falling; `describe` and the statistics of groups leave it out.
 */
export function leaveOutMissing({ DataFrame, Series }: Danfo): void {
  const frame = Object.getPrototypeOf(DataFrame.prototype);
  frame.sortValues = function (this: DataFrame, column: string, options: SortOptions = {}) {
    const at = this.columns.indexOf(column);
    if (at < 0) {
      throw new ConfigError(
        `sortValues: must be one of the columns ${this.columns.join(", ")}, got ${JSON.stringify(column)}`,
      );
    }
    const rows = order(
      (this.values as Value[][]).map((row) => row[at]),
      options.ascending,
    );
    return reordered(this, rows, (order_) => this.iloc({ rows: order_ }), options);
  };
  frame.describe = function (this: DataFrame) {
    const values = this.values as Value[][];
    const columns = this.columns.map((name, at) => ({ name, known: numbers(values.map((row) => row[at])) }));
    const numeric = columns.filter(({ known }) => known !== undefined && known.length > 0);
    if (numeric.length === 0) {
      throw new ConfigError(`describe: a frame must have a column of numbers, got ${this.columns.join(", ")}`);
    }
    const statistics = numeric.map(({ name, known = [] }) => [name, STATISTICS.map((of) => statistic(of, known))]);
    return new DataFrame(Object.fromEntries(statistics), { index: [...STATISTICS] });
  };
  const series = (Series as unknown as { prototype: Record<string, unknown> }).prototype;
  series.sortValues = function (this: Series & { index: Value[] }, options: SortOptions = {}) {
    const rows = order(this.values, options.ascending);
    return reordered(this, rows, (order_) => (this as unknown as DataFrame).iloc(order_ as never), options);
  };
  const groups = Object.getPrototypeOf(new DataFrame([["a", 1]], { columns: ["key", "value"] }).groupby(["key"]));
  const byDanfo = groups.groupMathLog as (values: Value[], operation: string) => Value;
  groups.groupMathLog = function (this: Grouped, values: Value[], operation: string) {
    const known = values.filter((value) => !isMissing(value));
    if (operation === "count") return [known.length];
    const isStatistic = ["mean", "sum", "std", "var", "median", "min", "max"].includes(operation);
    const asNumbers = isStatistic ? numbers(known) : undefined;
    if (asNumbers === undefined) return byDanfo.call(this, values, operation);
    return [statistic(operation === "var" ? "variance" : operation, asNumbers)];
  };
}

export function isMissing(value: Value): boolean {
  return value === null || value === undefined || (typeof value === "number" && Number.isNaN(value));
}

/** Indices by rising or falling value, those of missing ones last; equal ones stay as they are. */
function order(values: readonly Value[], ascending = true): number[] {
  const [known, missing]: [number[], number[]] = [[], []];
  for (const [i, value] of values.entries()) (isMissing(value) ? missing : known).push(i);
  const sign = ascending ? 1 : -1;
  return [...known.sort((a, b) => sign * compare(values[a], values[b]) || a - b), ...missing];
}

function compare(a: Value, b: Value): number {
  if (typeof a === "string" || typeof b === "string") {
    const [left, right] = [String(a), String(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  }
  return Number(a) - Number(b);
}

function reordered<T extends object>(
  data: T & { readonly index: readonly Value[]; readonly values: readonly Value[] },
  rows: readonly number[],
  pick: (rows: number[]) => unknown,
  { inplace = false }: SortOptions,
): unknown {
  if (!inplace) return pick([...rows]);
  const [values, index] = [rows.map((row) => data.values[row]), rows.map((row) => data.index[row])];
  const target = data as unknown as Settable;
  target.$setValues(values);
  target.$setIndex(index);
  return undefined;
}

/** The numbers among the values, undefined when there is anything else but missing ones. */
function numbers(values: readonly Value[]): number[] | undefined {
  const known = values.filter((value) => !isMissing(value));
  return known.every((value) => typeof value === "number") ? (known as number[]) : undefined;
}

/** NaN where there are too few values: of none, and for the spread of a single one. */
function statistic(name: string, values: readonly number[]): number {
  if (name === "count") return values.length;
  const sum = values.reduce((total, value) => total + value, 0);
  if (name === "sum") return values.length === 0 ? Number.NaN : sum;
  const mean = sum / values.length;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  const variance = values.length > 1 ? squares / (values.length - 1) : Number.NaN;
  switch (name) {
    case "mean":
      return mean;
    case "min":
      return sorted[0] ?? Number.NaN;
    case "max":
      return sorted[sorted.length - 1] ?? Number.NaN;
    case "median":
      return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
    case "std":
      return Math.sqrt(variance);
    default:
      return variance;
  }
}
