import { fingerprint } from "../core";

/** Where two JSON values differ: "distill.epochs: 5, now 6". Keys are compared whatever their order. */
export function differences(before: unknown, now: unknown, place = ""): string[] {
  if (isRecord(before) && isRecord(now)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
    return keys.flatMap((key) => differences(before[key], now[key], place ? `${place}.${key}` : key));
  }
  if (Array.isArray(before) && Array.isArray(now) && before.length === now.length) {
    return before.flatMap((value, i) => differences(value, now[i], `${place}[${i}]`));
  }
  // For a fingerprint an absent value is null.
  if ((before === undefined) === (now === undefined) && fingerprint(before) === fingerprint(now)) return [];
  return [`${place || "all"}: ${show(before)}, now ${show(now)}`];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
