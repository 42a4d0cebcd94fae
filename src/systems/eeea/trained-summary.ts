import { spearman } from "../../benchmark";
import { mean, quantile } from "../../core/statistics";
import { type EeeaArmSummary, type SearchPlace, summariseArms } from "./summary";
import { type StoredTrained, trainedPairs } from "./trained-file";
import { TRAINED } from "./trained-settings";

/** What the searches that trained their networks say. */
export interface TrainedSummary {
  readonly arms: readonly EeeaArmSummary[];
  /** Different networks that were trained. */
  readonly networks: number;
  /** Validation accuracies of all, percent. */
  readonly accuracies: { readonly least: number; readonly median: number; readonly most: number };
  /** How far two trainings of a network agree. */
  readonly again: {
    readonly networks: number;
    /** Spearman's rho of the validation accuracies from two seeds. */
    readonly rho: number;
    /** Standard deviation of one training, percentage points. */
    readonly noise: number;
  };
  /** Spearman's rho of multiply-adds and parameters at the final size, over all networks. */
  readonly sizesAgree: number;
}

/** All figures, from the stored searches. */
export function summariseTrained(stored: StoredTrained): TrainedSummary {
  const table = trainedPairs(stored);
  const average = mean(Object.values(stored.trainedMacs));
  const place: SearchPlace = {
    arms: TRAINED.arms,
    plan: TRAINED,
    table,
    limit: (arm) => stored.limits[arm as keyof StoredTrained["limits"]],
    cost: (key) => stored.trainedMacs[key] / average,
  };
  const entries = [...table.entries.values()];
  const values = entries.flatMap(({ validation }) => (Number.isNaN(validation) ? [] : [validation]));
  values.sort((a, b) => a - b);
  const pairs = Object.entries(stored.again)
    .map(([key, [second]]) => [stored.cells[key][0], second])
    .filter((pair) => pair.every(Number.isFinite));
  const differences = pairs.map(([first, second]) => first - second);
  return {
    arms: summariseArms(place, stored.arms),
    networks: entries.length,
    accuracies: { least: values[0], median: quantile(values, 0.5), most: values[values.length - 1] },
    again: {
      networks: pairs.length,
      rho: spearman(
        pairs.map(([first]) => first),
        pairs.map(([, second]) => second),
      ),
      // Of a difference the variance is twice that of one training.
      noise: Math.sqrt(mean(differences.map((one) => one ** 2)) / 2),
    },
    sizesAgree: spearman(
      entries.map(({ macs }) => macs),
      entries.map(({ params }) => params),
    ),
  };
}
