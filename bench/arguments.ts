import { InvalidArgumentError } from "commander";

/** Reads a whole number of at least 1 from the command line. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("a whole number of at least 1 is needed");
  return value;
}

/** Reads such numbers from a list with commas. */
export function positives(text: string): number[] {
  return text.split(",").map(positive);
}

/** Reads numbers from a list with commas. @param needed What they must be, in words. */
export function numbersThat(holds: (value: number) => boolean, needed: string): (text: string) => number[] {
  return (text) => {
    const values = text.split(",").map(Number);
    if (!values.every(holds)) throw new InvalidArgumentError(needed);
    return values;
  };
}
