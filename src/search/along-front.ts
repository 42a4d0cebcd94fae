import type { FoundNetwork } from "./types";

/**
 * Up to `count` networks of a predicted front, the one given included: it, and cheaper ones about evenly spaced in MACs.
 * @param front Rising in MACs.
 * @returns Rising in MACs; the one given is the last.
 */
export function alongFront(front: readonly FoundNetwork[], last: FoundNetwork, count: number): FoundNetwork[] {
  const left = front.filter((network) => macsOf(network) < macsOf(last));
  const start = left.length > 0 ? macsOf(left[0]) : 0;
  const steps = Math.max(0, Math.min(left.length, count - 1));
  const chosen = Array.from({ length: steps }, (_, i) => {
    const wanted = start + ((macsOf(last) - start) * i) / steps;
    const distances = left.map((network) => Math.abs(macsOf(network) - wanted));
    return left.splice(distances.indexOf(Math.min(...distances)), 1)[0];
  });
  return [...chosen.sort((a, b) => macsOf(a) - macsOf(b)), last];
}

/** Multiply-adds of a network that the search gave. */
export function macsOf({ cost }: FoundNetwork): number {
  return cost.macs ?? 0;
}
