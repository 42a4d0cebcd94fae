import type { ResultRecord, ResultValue, Tolerance } from "./result-record";

/** One value of a result, then and now; undefined where it is absent. */
export interface ValueComparison {
  readonly result: string;
  readonly value: string;
  readonly stored: ResultValue | undefined;
  readonly now: ResultValue | undefined;
  readonly tolerance: Tolerance;
  /** Largest distance, of numbers. */
  readonly difference: number | undefined;
  readonly agrees: boolean;
}

export interface Tolerances {
  /** For values whose record says nothing. */
  readonly byDefault?: Tolerance;
  /** Value name -> tolerance, before the record's own. */
  readonly byName?: Readonly<Record<string, Tolerance>>;
}

/** Same engine, same threads, same seed: what differs beyond rounding is a difference. */
const DEFAULT_TOLERANCE: Tolerance = "0.0001%";

/**
 * Compares results, value by value. A value or a whole result that only one side has is a difference, unless its
 * tolerance is "any".
 */
export function compareResults(
  stored: readonly ResultRecord[],
  now: readonly ResultRecord[],
  { byDefault = DEFAULT_TOLERANCE, byName = {} }: Tolerances = {},
): ValueComparison[] {
  const names = [...new Set([...stored, ...now].map(({ name }) => name))];
  return names.flatMap((result) => {
    const [before, after] = [stored, now].map((records) => records.find(({ name }) => name === result));
    const values = new Set([...Object.keys(before?.values ?? {}), ...Object.keys(after?.values ?? {})]);
    return [...values].map((value): ValueComparison => {
      const tolerance = byName[value] ?? before?.tolerance[value] ?? after?.tolerance[value] ?? byDefault;
      const [then, current] = [before?.values[value], after?.values[value]];
      const difference = distance(then, current);
      const agrees = tolerance === "any" || isWithin(then, current, difference, tolerance);
      return { result, value, stored: then, now: current, tolerance, difference, agrees };
    });
  });
}

function isWithin(
  then: ResultValue | undefined,
  now: ResultValue | undefined,
  difference: number | undefined,
  tolerance: Exclude<Tolerance, "any">,
): boolean {
  if (then === undefined || now === undefined || isNoNumber(now)) return false;
  if (difference === undefined) return JSON.stringify(then) === JSON.stringify(now);
  if (typeof tolerance === "number") return difference <= tolerance;
  const scale = Math.max(0, ...numbersOf(then).map(Math.abs));
  return difference <= (Number.parseFloat(tolerance) / 100) * scale;
}

/** What was to be measured and is not a number agrees with nothing, not even with itself. */
function isNoNumber(value: ResultValue): boolean {
  return typeof value === "string" && value.split(" ").some((word) => /^(NaN|-?Infinity)$/.test(word));
}

function distance(then: ResultValue | undefined, now: ResultValue | undefined): number | undefined {
  const [a, b] = [numbersOf(then), numbersOf(now)];
  if (a.length === 0 || a.length !== b.length || Array.isArray(then) !== Array.isArray(now)) return undefined;
  return Math.max(...a.map((value, i) => Math.abs(value - b[i])));
}

function numbersOf(value: ResultValue | undefined): readonly number[] {
  if (typeof value === "number") return [value];
  return Array.isArray(value) ? value : [];
}
