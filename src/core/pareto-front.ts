/** A network as a point of a trade-off. */
export interface TradeOff {
  /** MACs, parameters, ms...: lower is better. */
  readonly cost: number;
  /** Score or accuracy; which way is better is said beside it. */
  readonly value: number;
}

/** "lower": scores and errors; "higher": accuracies. */
export type Better = "lower" | "higher";

/** Whether a point can be compared at all: what was not measured (NaN) or is infinite beats nothing and stands on no front. */
export function isMeasured({ cost, value }: TradeOff): boolean {
  return Number.isFinite(cost) && Number.isFinite(value);
}

/**
 * Points that no other beats in cost and value, rising in cost; of equal points the first. Points whose cost or value is NaN
 * or infinite are left out.
 */
export function paretoFront<T extends TradeOff>(points: readonly T[], better: Better = "lower"): T[] {
  const sign = better === "lower" ? 1 : -1;
  const front: T[] = [];
  let best = Number.POSITIVE_INFINITY;
  for (const point of points.filter(isMeasured).sort((a, b) => a.cost - b.cost || sign * (a.value - b.value))) {
    if (!(sign * point.value < best)) continue;
    best = sign * point.value;
    front.push(point);
  }
  return front;
}
