import { median } from "../core/statistics";
import { type LatencyRange, type LatencyTable, networkCost, networkLatency } from "../cost";
import type { Architecture } from "../space";

/** What a whole network took. */
export interface WholeTiming {
  readonly network: string;
  readonly architecture: Architecture;
  readonly range: LatencyRange;
}

/** So many networks tell a scale; of fewer each would decide too much of the others' predictions. */
const LEAST_NETWORKS = 5;

/**
 * A table with the networks that were timed in its rounds. From five on the times of the table are scaled to those of whole networks
 * by one factor, the median over them: a layer that runs alone takes another time than among others, by a share that a place's
 * layers have in common. What is predicted of a network comes from the other networks' factor, as it would of one that was not timed.
 */
export function scaledToNetworks(table: LatencyTable, measured: readonly WholeTiming[]): LatencyTable {
  if (measured.length === 0) return table;
  const sums = measured.map(({ architecture }) => networkLatency(table, architecture));
  const factors = measured.map(({ range }, i) => range.medianMs / sums[i]);
  const scales = measured.length >= LEAST_NETWORKS;
  const networks = measured.map(({ network, architecture, range }, i) => {
    const factor = scales ? median(factors.filter((_, other) => other !== i)) : 1;
    return { network, macs: networkCost(architecture).macs, predictedMs: rounded(sums[i] * factor), ...range };
  });
  if (!scales) return { ...table, networks };
  const scaledBy = rounded(median(factors));
  const by = (ms: number) => rounded(ms * scaledBy);
  const entries = table.entries.map(({ medianMs, lowMs, highMs, ...entry }) => ({
    ...entry,
    medianMs: by(medianMs),
    ...(lowMs !== undefined && { lowMs: by(lowMs) }),
    ...(highMs !== undefined && { highMs: by(highMs) }),
  }));
  const { perCallMs } = table;
  return { ...table, scaledBy, ...(perCallMs !== undefined && { perCallMs: by(perCallMs) }), entries, networks };
}

/** To what a clock tells apart, and some. */
function rounded(value: number): number {
  return Number(value.toFixed(4));
}
