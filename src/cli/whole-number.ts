import { ConfigError, MOST } from "../core";

/** A command line's whole number, from `least` to `most`. @throws ConfigError naming the option. */
export function wholeNumber(option: string, text: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
  throw new ConfigError(`${option}: must be a whole number ${range}, got ${JSON.stringify(text)}`);
}

/** The value of `--threads`: more than any machine has cores are a mistake, and take its memory. @throws ConfigError */
export function threadCount(text: string): number {
  return wholeNumber("--threads", text, 1, MOST.threads);
}
