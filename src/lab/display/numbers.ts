export { percent } from "../../core";
export { meanOf, standardError } from "../../retrain";

/** "1 network", "3 networks". */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A number with so many decimals, for a cell of a table; empty where nothing was measured. */
export function decimals(value: number | undefined, count = 3): string {
  return value === undefined || Number.isNaN(value) ? "" : value.toFixed(count);
}

/** A difference with its sign, "+0.012"; empty where nothing was measured. */
export function signedDecimals(value: number | undefined, count = 3): string {
  const text = decimals(value, count);
  return text === "" || Number(value) < 0 ? text : `+${text}`;
}
