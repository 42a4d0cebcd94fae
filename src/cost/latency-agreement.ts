import { quantile } from "../core/statistics";
import type { LatencyTable } from "./latency-table";

/** How near the sums of the layers and a call come to whole networks' latencies, %. */
export interface LatencyAgreement {
  readonly networks: number;
  /** |predicted - measured| / measured: its median over the networks. */
  readonly medianError: number;
  /** Nine of ten networks are nearer. */
  readonly ninetiethError: number;
  /** Median of (predicted - measured) / measured: above 0 where sums are too large. */
  readonly medianBias: number;
}

/** Of the networks that were timed with a table's layers; undefined where none were. */
export function latencyAgreement({ networks }: Pick<LatencyTable, "networks">): LatencyAgreement | undefined {
  if (networks === undefined) return undefined;
  const signed = networks.map(({ predictedMs, medianMs }) => (100 * (predictedMs - medianMs)) / medianMs);
  const at = (values: readonly number[], share: number) => {
    const sorted = [...values].sort((a, b) => a - b);
    return Number(quantile(sorted, share).toFixed(2));
  };
  const errors = signed.map(Math.abs);
  return {
    networks: networks.length,
    medianError: at(errors, 0.5),
    ninetiethError: at(errors, 0.9),
    medianBias: at(signed, 0.5),
  };
}

/** The same in words; undefined where no network was timed. */
export function latencyAgreementWords(table: Pick<LatencyTable, "networks" | "scaledBy">): string | undefined {
  const of = latencyAgreement(table);
  if (of === undefined) return undefined;
  const { networks, medianError, ninetiethError, medianBias } = of;
  const side = medianBias < 0 ? "too small" : "too large";
  const { scaledBy } = table;
  const scaled =
    scaledBy === undefined
      ? ""
      : ` Layers alone take other times than among others: all are scaled by ${scaledBy.toFixed(2)}, and each network is predicted with the scale of the others.`;
  return `The sums of ${networks} random networks, timed whole in the same rounds, are off by ${medianError.toFixed(1)} % (median; nine of ten by at most ${ninetiethError.toFixed(1)} %; ${Math.abs(medianBias).toFixed(1)} % ${side} in the median).${scaled}`;
}
