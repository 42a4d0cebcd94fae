import { ConfigError } from "../core";

/** A command line's whole number, from `least` on. @throws ConfigError naming the option. */
export function wholeNumber(option: string, text: string, least = 0): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least) return number;
  throw new ConfigError(`${option}: must be a whole number from ${least}, got ${JSON.stringify(text)}`);
}
