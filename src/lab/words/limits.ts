import { ConfigError, formatCount } from "../../core";
import type { LatencyTable } from "../../cost";
import {
  type CostName,
  checkLimitNames,
  type GivenAmount,
  type GivenLimit,
  type Limits,
  resolveLimit,
  type WholeCosts,
} from "../../search";
import type { LabLatency } from "../values/latency";

/** Upper limits as numbers or text, also as shares of what the teacher has: `{ macs: "4M", params: "45%" }`. */
export type LabBudget = Readonly<Partial<Record<CostName, GivenAmount>>>;

/** Upper limits, or intervals of which a network must lie inside: `{ macs: ["3M", "4M"], activationBytes: "400k" }`. */
export type LabLimits = Readonly<Partial<Record<CostName, GivenLimit>>>;

/** Limits of a search, and the latency table that they are of where the ratings have none, or another one. */
export interface WithTable {
  /** A file, JSON or CSV, or the name of a table in the folder `latency`, e.g. "chromium-wasm". */
  readonly table?: LatencyTable | LabLatency | string;
}

/** Takes the table out of what a search was given. */
export function splitTable<Given extends object>(given: Given & WithTable): [Given, WithTable["table"]] {
  if (typeof given !== "object" || given === null || !("table" in given)) return [given, undefined];
  const { table, ...limits } = given;
  return [limits as Given, table];
}

/**
 * Limits as the search takes them.
 * @param known What the ratings know of a network.
 * @param teacher What shares such as "45%" are of.
 * @throws ConfigError for a limit that is no count, an empty interval, or a quantity that nothing is known of.
 */
export function parseLimits(
  where: string,
  limits: LabLimits,
  known: readonly CostName[],
  teacher: WholeCosts = {},
): Limits {
  checkLimitNames(where, limits);
  const entries = Object.entries(limits).filter(([, limit]) => limit !== undefined);
  for (const [name] of entries) {
    if (!known.includes(name as CostName)) {
      throw new ConfigError(
        `${where}: a limit on ${name} needs measured latencies, and the ratings have none; search ratings.withLatency(await lab.latency(ratings)), or name a table beside the limit, { latencyMs: 8, table: "chromium-wasm" }`,
        { name },
      );
    }
  }
  return Object.fromEntries(
    entries.map(([name, limit]) => [name, resolveLimit(where, name as CostName, limit, teacher)]),
  );
}

/** "macs ≤ 4.00M", "params in 200.0k to 300.0k". */
export function limitWords(limits: Limits, latencyOf?: string): string[] {
  return Object.entries(limits).map(([name, limit]) => {
    const place = name === "latencyMs" && latencyOf !== undefined ? ` (${latencyOf})` : "";
    return typeof limit === "object"
      ? `${name} in ${formatCount(limit[0])} to ${formatCount(limit[1])}${place}`
      : `${name} \u2264 ${formatCount(limit)}${place}`;
  });
}
