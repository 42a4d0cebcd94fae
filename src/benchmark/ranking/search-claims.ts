import { mean } from "../../core/statistics";
import type { SearchStudy, TrialMethod, TrialPoint } from "./search-study";

/** Points that a found network may lie behind its teacher for the claim to hold. */
export const CLAIMED_BEHIND = 1.2;

/** What a search study says of DNA's claims; means over the seeds of the ratings, accuracies in points. */
export interface SearchClaims {
  /** Seeds of the ratings, and those whose found network lies at most {@link CLAIMED_BEHIND} behind and above its equals. */
  readonly seeds: number;
  readonly held: number;
  /** At a share of the teacher's MACs, see {@link HalfOfTeacher}. */
  readonly behindTeacher: number;
  readonly leastBehindTeacher: number;
  readonly aboveEquals: number;
  /** Of the whole rated front and of the twelve picks, as shares of the true front's. */
  readonly frontHypervolume: number;
  readonly hypervolume: number;
  /** Of the twelve picks. */
  readonly regret: number;
}

export function searchClaims({ rated }: Pick<SearchStudy, "rated">): SearchClaims {
  const over = (of: (one: SearchStudy["rated"][number]) => number) => mean(rated.map(of));
  return {
    seeds: rated.length,
    held: rated.filter(({ half }) => half.behindTeacher <= CLAIMED_BEHIND && half.aboveEquals > 0).length,
    behindTeacher: over(({ half }) => half.behindTeacher),
    leastBehindTeacher: rated[0].half.leastBehindTeacher,
    aboveEquals: over(({ half }) => half.aboveEquals),
    frontHypervolume: over(({ frontHypervolume }) => frontHypervolume),
    hypervolume: over(({ hypervolume }) => hypervolume),
    regret: over(({ regret }) => regret),
  };
}

/** The trials of each method, rising in evaluations. */
export function trialsByMethod({ trials }: Pick<SearchStudy, "trials">): Map<TrialMethod, readonly TrialPoint[]> {
  const methods = [...new Set(trials.map(({ method }) => method))];
  return new Map(methods.map((name) => [name, trials.filter(({ method }) => method === name)]));
}

/**
 * Fewest evaluations after which a method's mean distance to the optimal score is below a share of the mean affordable
 * network's; undefined where all of its trials stay above.
 */
export function evaluationsUntil(trials: readonly TrialPoint[], gap = 0.05): number | undefined {
  return trials.find((trial) => trial.gap.mean < gap)?.evaluations;
}
