import type { Limits } from "./ilp";
import type { Budget, CostName, FoundNetwork } from "./types";

/** Whether all limits are upper ones. */
export function isBudget(limits: Limits): limits is Budget {
  return Object.values(limits).every((limit) => typeof limit === "number" || limit === undefined);
}

/** The upper ends of limits. */
export function upperLimits(limits: Limits): Budget {
  return Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => [name, typeof limit === "object" ? limit[1] : limit]),
  );
}

/** Whether a network's costs lie within all limits. */
export function meetsLimits({ cost }: Pick<FoundNetwork, "cost">, limits: Limits): boolean {
  return (Object.entries(limits) as [CostName, Limits[CostName]][]).every(([name, limit]) => {
    if (limit === undefined) return true;
    const [low, high] = typeof limit === "number" ? [0, limit] : limit;
    const value = cost[name] ?? Number.NaN;
    return value >= low && value <= high;
  });
}

/** Limits as single numbers, for a record: `{ macs: 4e6, "macs from": 3e6 }` of an interval. */
export function flatLimits(limits: Limits): Record<string, number> {
  return Object.fromEntries(
    Object.entries(limits).flatMap(([name, limit]): [string, number][] => {
      if (limit === undefined) return [];
      return typeof limit === "object"
        ? [
            [`${name} from`, limit[0]],
            [name, limit[1]],
          ]
        : [[name, limit]];
    }),
  );
}
