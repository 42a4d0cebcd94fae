import { ConfigError, isPercent, parseCountOf, shown } from "../core";
import { knownLatency, type LatencyTable, networkCost } from "../cost";
import type { Architecture } from "../space";
import { COST_NAMES } from "./costs";
import type { Limit, Limits } from "./ilp";
import type { CostName } from "./types";

/** A count (milliseconds of a latency), or text such as "4M", or "45%" of what the teacher has. */
export type GivenAmount = number | string;

/** An upper limit, or an interval. */
export type GivenLimit = GivenAmount | readonly [low: GivenAmount, high: GivenAmount];

/** What percentages are of: the teacher's costs, as far as they are known. Latency is known where it was measured. */
export type WholeCosts = Readonly<Partial<Record<CostName, number>>>;

/** What a network has as a whole; its latency where a table knows all of its layers. */
export function wholeCosts(architecture: Architecture, latencies?: LatencyTable): WholeCosts {
  const { macs, params, activationBytes } = networkCost(architecture);
  const latencyMs = latencies && knownLatency(latencies, architecture);
  return { macs, params, activationBytes, ...(latencyMs !== undefined && { latencyMs }) };
}

/** Limits as the search takes them, of what a configuration has under their names. @throws ConfigError as {@link resolveLimit}. */
export function resolveLimits(
  where: string,
  given: { readonly [Name in CostName]?: GivenLimit },
  whole: WholeCosts,
): Limits {
  return Object.fromEntries(
    COST_NAMES.flatMap((name): [CostName, Limit][] => {
      const limit = given[name];
      return limit === undefined ? [] : [[name, resolveLimit(where, name, limit, whole)]];
    }),
  );
}

/**
 * A limit as the search takes it. Counts are whole, a share of the teacher's seldom is: an upper limit is rounded down, a lower
 * one up.
 * @throws ConfigError for what is no amount, a percentage of what is not known, or an interval that does not rise.
 */
export function resolveLimit(where: string, name: CostName, limit: GivenLimit, whole: WholeCosts): Limit {
  const [down, up] = name === "latencyMs" ? [Number, Number] : [Math.floor, Math.ceil];
  const amount = (given: GivenAmount) => resolveAmount(where, name, given, whole);
  if (typeof limit === "number" || typeof limit === "string") return down(amount(limit));
  if (!Array.isArray(limit) || limit.length !== 2) {
    throw new ConfigError(
      `${where}: the limit on ${name} must be a count or [low, high], got ${JSON.stringify(limit)}`,
      {
        name,
      },
    );
  }
  const [low, high] = [up(amount(limit[0])), down(amount(limit[1]))];
  if (low <= high) return [low, high];
  throw new ConfigError(`${where}: the limit on ${name} must rise, [low, high], got [${limit.join(", ")}]`, { name });
}

/** One amount of a quantity. @throws ConfigError as {@link resolveLimit}. */
export function resolveAmount(where: string, name: CostName, given: GivenAmount, whole: WholeCosts): number {
  if (isPercent(given) && whole[name] === undefined) throw unknownWhole(where, name, given);
  try {
    return parseCountOf(given, whole[name]);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const what = name === "latencyMs" ? "milliseconds such as 1.5" : "a count such as 2.5M";
    throw new ConfigError(`${where}: ${name} must be ${what} or a share such as "45%", got ${shown(given)}`, { name });
  }
}

function unknownWhole(where: string, name: CostName, given: string): ConfigError {
  const why =
    name === "latencyMs"
      ? "latency, which was not measured: measure the teacher's layers with the others, by lab.latency(ratings) or blockwise latency <run or experiment> --out <file>, and search by that table, or give milliseconds"
      : `${name}, which nobody knows here: give a number`;
  return new ConfigError(`${where}: ${shown(given)} is a share of the teacher's ${why}`, { name });
}
