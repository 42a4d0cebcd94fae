import { formatCount, percent } from "../core";
import type { FrontPoint } from "../systems/dna";

/** Columns of a table of measured networks. */
export const NETWORK_COLUMNS = ["network", "MACs", "params", "test", "validation", "rating"] as const;

/** What the columns say of a measured network. */
export function networkRow({ label, macs, params, accuracy, validationAccuracy, score }: FrontPoint): string[] {
  return [
    label,
    formatCount(macs),
    formatCount(params),
    percent(accuracy),
    percent(validationAccuracy),
    score === undefined ? "" : score.toFixed(4),
  ];
}
