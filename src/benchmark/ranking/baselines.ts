import { type TrueNetwork, tuningKeys } from "..";
import { type Agreement, agreement, meanAgreement } from "./agreement";

/** Networks of the table for tuning and for reporting: never the same. */
export interface Networks {
  readonly tuning: readonly TrueNetwork[];
  readonly reported: readonly TrueNetwork[];
}

/**
 * Divides networks into those to tune on and those to report on.
 * @param tuning Keys of the tuning ones; NAS-Bench-Macro's committed list unless given.
 */
export function divide(networks: readonly TrueNetwork[], tuning: readonly string[] = tuningKeys()): Networks {
  const keys = new Set(tuning);
  return {
    tuning: networks.filter(({ key }) => keys.has(key)),
    reported: networks.filter(({ key }) => !keys.has(key)),
  };
}

/** Rankings that need no search. */
export type Baselines = Readonly<Record<"macs" | "params" | "ceiling", Agreement>>;

/** All of {@link knownBaselines}, for networks that have MACs, params and several trainings, as NAS-Bench-Macro's. */
export function baselines(networks: readonly TrueNetwork[]): Baselines {
  return knownBaselines(networks) as Baselines;
}

/**
 * Rankings that need no training: by MACs, by params, by another training of the same networks (mean over pairs of
 * trainings); those that the networks lack are left out.
 */
export function knownBaselines(networks: readonly TrueNetwork[], budgets?: readonly number[]): Partial<Baselines> {
  const truthOf = (i: number) => networks.map((network) => ({ ...network, accuracy: network.trainings[i] }));
  const trainings = Math.min(...networks.map((network) => network.trainings.length));
  const pairs = Array.from({ length: trainings }, (_, a) =>
    Array.from({ length: trainings - a - 1 }, (_, i) => [a, a + 1 + i] as const),
  ).flat();
  const by = (scores: readonly number[]) =>
    scores.every(Number.isFinite) ? agreement(networks, scores, budgets) : undefined;
  const macs = by(networks.map((network) => network.macs));
  const params = by(networks.map((network) => network.params));
  return {
    ...(macs && { macs }),
    ...(params && { params }),
    ...(pairs.length > 0 && {
      ceiling: meanAgreement(
        pairs.map(([a, b]) =>
          agreement(
            truthOf(a),
            networks.map((network) => network.trainings[b]),
            budgets,
          ),
        ),
      ),
    }),
  };
}
