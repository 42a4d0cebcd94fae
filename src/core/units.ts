import { ConfigError } from "./errors";

const FACTORS: Record<string, number> = { "": 1, k: 1e3, m: 1e6, g: 1e9, b: 1e9 };

/**
 * Reads a count such as `4_000_000`, "4M", "300k" or "0.6G" (decimal factors).
 * @throws ConfigError for anything else.
 */
export function parseCount(value: number | string): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return value;
  const match = /^\s*([0-9][0-9_]*(?:\.[0-9]+)?)\s*([kmgb]?)\s*$/i.exec(String(value));
  if (!match) {
    throw new ConfigError(
      `parseCount: a count must be a number or text such as "4M" or "300k", got ${JSON.stringify(value)}`,
    );
  }
  return Number(match[1].replaceAll("_", "")) * FACTORS[match[2].toLowerCase()];
}

/** Text such as "45%": a limit relative to the teacher. */
const PERCENT = /^\s*([0-9]+(?:\.[0-9]+)?)\s*%\s*$/;

/** Whether a limit is relative to the teacher, such as "45%". */
export function isPercent(value: unknown): value is string {
  return typeof value === "string" && PERCENT.test(value);
}

/** Reads a share such as 0.03, or text such as "3%". @throws ConfigError for anything else. */
export function parseShare(value: number | string): number {
  const [, percent] = PERCENT.exec(String(value)) ?? [];
  const share = percent === undefined ? (typeof value === "number" ? value : Number.NaN) : Number(percent) / 100;
  if (share >= 0 && Number.isFinite(share)) return share;
  throw new ConfigError(
    `parseShare: a share must be a number from 0 or text such as "3%", got ${JSON.stringify(value)}`,
  );
}

/**
 * Reads a count as {@link parseCount} does, or text such as "45%" of a whole.
 * @param whole What the percentage is of, undefined where nobody knows.
 * @throws ConfigError for anything else, and for a percentage of an unknown whole.
 */
export function parseCountOf(value: number | string, whole: number | undefined): number {
  const [, percent] = PERCENT.exec(String(value)) ?? [];
  if (percent === undefined) return parseCount(value);
  if (whole !== undefined) return (Number(percent) / 100) * whole;
  throw new ConfigError(
    `parseCountOf: ${JSON.stringify(value)} must be of something that is known of the teacher, and is not here; give the limit as a number`,
  );
}

/** "4.27M", "300.0k", "512". */
export function formatCount(count: number): string {
  const abs = Math.abs(count);
  if (abs >= 1e9) return `${(count / 1e9).toFixed(2)}G`;
  if (abs >= 1e6) return `${(count / 1e6).toFixed(2)}M`;
  if (abs >= 1e3) return `${(count / 1e3).toFixed(1)}k`;
  return String(Math.round(count * 1000) / 1000);
}

/** How many there are of something, to the last one: "1,152"; "27.99M" from a million on. */
export function formatWhole(count: number): string {
  return Math.abs(count) < 1e6 ? count.toLocaleString("en-US") : formatCount(count);
}

/** "850 ms", "12 s", "3 min 05 s", "2 h 10 min". */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** "91.23 %" of 0.9123; "not measured" of what is undefined or not a number: never a number that nobody measured. */
export function percent(share: number | undefined, digits = 2): string {
  return share === undefined || Number.isNaN(share) ? "not measured" : `${(100 * share).toFixed(digits)} %`;
}
