import { shown } from "./options";

/**
 * The first part of a value that JSON would lose or change: a function, a number that is not finite, a map, an object of a class, a
 * cycle. Keys that are undefined count as absent.
 * @param place What the value is called, e.g. "settings".
 * @returns "settings.limit is NaN"; undefined where all of it is plain.
 */
export function notPlain(value: unknown, place: string, around: readonly unknown[] = []): string | undefined {
  if (value === null || value === undefined || typeof value === "string" || typeof value === "boolean")
    return undefined;
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `${place} is ${value}`;
  if (typeof value !== "object" || !(Array.isArray(value) || isRecord(value))) return `${place} is ${named(value)}`;
  if (around.includes(value)) return `${place} is an object within itself`;
  const parts = Array.isArray(value)
    ? value.map((item, i) => [`${place}[${i}]`, item] as const)
    : Object.entries(value).map(([key, item]) => [`${place}.${key}`, item] as const);
  for (const [name, item] of parts) {
    const found = notPlain(item, name, [...around, value]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Of any realm: a notebook's objects are of another one. */
function isRecord(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function named(value: unknown): string {
  return typeof value === "symbol" ? "a symbol" : shown(value);
}
