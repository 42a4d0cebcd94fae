import { cpus } from "node:os";
import { checkOptions, type OptionRules, rule, type StepContext } from "../core";
import { quantile } from "../core/statistics";
import { type LatencyTable, latencyKey, latencyTableOf, layersToMeasure } from "../cost";
import { engine } from "../engine";
import { measureLatency } from "../nn";
import type { Architecture, SearchSpace } from "../space";

export interface LatencyOptions {
  /** Images at once; 1 unless given. */
  readonly batch?: number;
  /** Runs of each layer; 15 unless given. */
  readonly rounds?: number;
}

/** What each option must be. */
export const LATENCY_RULES: OptionRules<LatencyOptions> = { batch: rule.wholeFrom(1), rounds: rule.wholeFrom(1) };

/**
 * Measures how long each layer of a network, or each that a network of a space may have, takes on this machine and the
 * engine in use: medians with the spread from the tenth to the ninetieth percentile. What `blockwise latency` does.
 * @param teacher Measured with the others, so that limits may be shares of its latency.
 * @throws InterruptedError when stopped.
 */
export async function latencyTable(
  subject: Architecture | SearchSpace,
  options: LatencyOptions = {},
  context: StepContext = {},
  teacher?: Architecture,
): Promise<LatencyTable> {
  checkOptions("latencyTable", options, LATENCY_RULES);
  const { batch = 1, rounds = 15 } = options;
  const { backend, device, threads, versions } = engine.info();
  const results = await measureLatency(
    layersToMeasure(subject, ...(teacher ? [teacher] : [])),
    subject,
    { batch, rounds },
    context,
  );
  return latencyTableOf({
    subject: subject.name,
    batch,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    engine: { backend: backend ?? "none", device, threads, versions },
    entries: results.map(({ subject: { layer, input }, sortedMs }) => ({
      key: latencyKey(layer, input),
      medianMs: at(sortedMs, 0.5),
      lowMs: at(sortedMs, 0.1),
      highMs: at(sortedMs, 0.9),
      runs: sortedMs.length,
    })),
  });
}

/** A quantile of rising values, to the microsecond. */
function at(sorted: readonly number[], share: number): number {
  return Number(quantile(sorted, share).toFixed(3));
}
