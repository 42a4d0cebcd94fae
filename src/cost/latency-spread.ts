import type { Architecture } from "../space";
import { latencyKey } from "./latency-key";
import { type LatencyTable, networkLatency, placedLayers } from "./latency-table";

/** A latency with its tenth and ninetieth percentile, ms; those are absent where a table does not give them. */
export interface LatencyRange {
  readonly medianMs: number;
  readonly lowMs?: number;
  readonly highMs?: number;
}

/**
 * Latency of a network, the sum of its layers' medians and of one call, with how uncertain it is: the sums of their tenth and of their
 * ninetieth percentiles, as if all layers were fast or slow at once. Milliseconds for the table's batch.
 * @throws ConfigError when the table lacks a layer.
 */
export function networkLatencyRange(table: LatencyTable, architecture: Architecture): LatencyRange {
  const medianMs = networkLatency(table, architecture);
  const entries = new Map(table.entries.map((entry) => [entry.key, entry]));
  const used = placedLayers(architecture).map(({ layer, input }) => entries.get(latencyKey(layer, input)));
  const sum = (name: "lowMs" | "highMs") =>
    used.reduce((all, entry) => all + (entry?.[name] ?? Number.NaN), table.perCallMs ?? 0);
  const [lowMs, highMs] = [sum("lowMs"), sum("highMs")];
  return Number.isNaN(lowMs + highMs) ? { medianMs } : { medianMs, lowMs, highMs };
}

/** Whether the runs of a layer are further apart (10 to 90 %) than their median: it says little then. */
export function isUnsteady({ medianMs, lowMs, highMs }: LatencyRange): boolean {
  return lowMs !== undefined && highMs !== undefined && highMs - lowMs > medianMs;
}

/** "1.234 ms (1.100 to 1.500 by the 10 and 90 % of each layer's runs)". */
export function rangeWords({ medianMs, lowMs, highMs }: LatencyRange): string {
  if (lowMs === undefined || highMs === undefined) return `${medianMs.toFixed(3)} ms`;
  const range = `${lowMs.toFixed(3)} to ${highMs.toFixed(3)}`;
  return `${medianMs.toFixed(3)} ms (${range} by the 10 and 90 % of each layer's runs)`;
}

/** What to do about layers whose runs are far apart; undefined where none are. */
export function unsteadyWords({ entries }: Pick<LatencyTable, "entries">): string | undefined {
  const spread = ({ lowMs = 0, highMs = 0 }: LatencyRange) => highMs - lowMs;
  const unsteady = entries.filter(isUnsteady).sort((a, b) => spread(b) - spread(a));
  const [worst] = unsteady;
  if (!worst) return undefined;
  const example = `${worst.key} took ${worst.lowMs} to ${worst.highMs} ms (10 to 90 %), its median is ${worst.medianMs} ms`;
  return `Beware: the runs of ${unsteady.length} of ${entries.length} layers are further apart than their median: ${example}. Something else was at work on this machine: end it and measure again, or with more rounds, before searching by these latencies.`;
}
