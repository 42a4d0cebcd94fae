import { ConfigError, formatCount, parseCountOf } from "../core";
import { type CostName, checkLimitNames, type Limits } from "../search";

type Count = number | string;

/** Upper limits as numbers or text, also as shares of what the teacher has: `{ macs: "4M", params: "45%" }`. */
export type LabBudget = Readonly<Partial<Record<CostName, Count>>>;

/** Upper limits, or intervals of which a network must lie inside: `{ macs: ["3M", "4M"], activationBytes: "400k" }`. */
export type LabLimits = Readonly<Partial<Record<CostName, Count | readonly [low: Count, high: Count]>>>;

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
  teacher: Readonly<Partial<Record<CostName, number>>> = {},
): Limits {
  checkLimitNames(where, limits);
  const entries = Object.entries(limits).filter(([, limit]) => limit !== undefined);
  for (const [name] of entries) {
    if (!known.includes(name as CostName)) {
      throw new ConfigError(
        `${where}: a limit on ${name} needs measured latencies, and the ratings have none; search ratings.withLatency(await lab.latency(ratings))`,
        { name },
      );
    }
  }
  return Object.fromEntries(
    entries.map(([name, limit]) => [name, parseLimit(where, name, limit, teacher[name as CostName])]),
  );
}

function parseLimit(
  where: string,
  name: string,
  limit: LabLimits[CostName],
  whole: number | undefined,
): number | [number, number] {
  // Counts are whole; a share of the teacher's seldom is.
  const [down, up] = name === "latencyMs" ? [Number, Number] : [Math.floor, Math.ceil];
  if (typeof limit === "number" || typeof limit === "string") return down(parseCountOf(limit, whole));
  if (!Array.isArray(limit) || limit.length !== 2) {
    throw new ConfigError(
      `${where}: the limit on ${name} must be a count or [low, high], got ${JSON.stringify(limit)}`,
      { name },
    );
  }
  const [low, high] = [up(parseCountOf(limit[0], whole)), down(parseCountOf(limit[1], whole))];
  if (low <= high) return [low, high];
  throw new ConfigError(`${where}: the limit on ${name} must rise, [low, high], got [${limit.join(", ")}]`, { name });
}

/** "macs ≤ 4.00M", "params in 200.0k to 300.0k". */
export function limitWords(limits: Limits): string[] {
  return Object.entries(limits).map(([name, limit]) =>
    typeof limit === "object"
      ? `${name} in ${formatCount(limit[0])} to ${formatCount(limit[1])}`
      : `${name} \u2264 ${formatCount(limit)}`,
  );
}
