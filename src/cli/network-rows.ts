import { formatCount, percent } from "../core";
import type { FrontPoint } from "../retrain";
// Not the room's index: that loads an engine.
import { errorOf } from "../retrain/compare/front-comparison";

/** Columns of a table of measured networks. */
export const NETWORK_COLUMNS = ["network", "MACs", "params", "test", "standard error", "validation", "rating"] as const;

/** What the columns say of a measured network. */
export function networkRow(network: FrontPoint): string[] {
  const { label, macs, params, accuracy, validationAccuracy, score } = network;
  return [
    label,
    formatCount(macs),
    formatCount(params),
    percent(accuracy),
    percent(errorOf(network)),
    percent(validationAccuracy),
    score === undefined ? "" : score.toFixed(4),
  ];
}
