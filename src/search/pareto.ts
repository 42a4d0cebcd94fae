import { type Better, ConfigError, isMeasured, paretoFront, type TradeOff } from "../core";

export { type Better, paretoFront, type TradeOff };

/**
 * Area that the front of some points dominates up to a reference point (Zitzler and Thiele, 1998), in units of cost times
 * value. Points beyond the reference add nothing, nor do those whose cost or value is NaN or infinite.
 * @throws ConfigError when the reference point is not finite.
 */
export function hypervolume(points: readonly TradeOff[], reference: TradeOff, better: Better = "lower"): number {
  const sign = better === "lower" ? 1 : -1;
  if (!isMeasured(reference)) {
    throw new ConfigError(
      `hypervolume: the reference point must have a finite cost and value, got ${reference.cost} and ${reference.value}`,
      { reference },
    );
  }
  const front = paretoFront(points, better).filter(
    ({ cost, value }) => cost < reference.cost && sign * (reference.value - value) > 0,
  );
  return front.reduce((area, { cost, value }, i) => {
    const next = front[i + 1]?.cost ?? reference.cost;
    return area + (next - cost) * sign * (reference.value - value);
  }, 0);
}

/**
 * The share of the rectangle between no cost and a reference point, in cost and value, that the front of some points
 * dominates; scores and errors from 0, lower is better. 1 is a perfect score for nothing.
 * @param from Cheaper points count as if they cost as much, and the rectangle begins there: fronts that reach less far down
 *   are then compared where all have networks.
 * @throws ConfigError when the reference point is not finite, or is not beyond `from` and above 0.
 */
export function hypervolumeShare(points: readonly TradeOff[], reference: TradeOff, from = 0): number {
  if (!(reference.cost > from && reference.value > 0)) {
    throw new ConfigError(
      `hypervolumeShare: the reference point must cost more than ${from} and have a value above 0, got ${reference.cost} and ${reference.value}`,
      { reference, from },
    );
  }
  const moved = points.map(({ cost, value }) => ({ cost: Math.max(cost, from), value }));
  return hypervolume(moved, reference) / ((reference.cost - from) * reference.value);
}

/** The corner that some fronts have in common: the highest cost and the worst value of any point. */
export function worstCorner(points: readonly TradeOff[]): TradeOff {
  const measured = points.filter(isMeasured);
  return {
    cost: Math.max(...measured.map(({ cost }) => cost)),
    value: Math.max(...measured.map(({ value }) => value)),
  };
}
