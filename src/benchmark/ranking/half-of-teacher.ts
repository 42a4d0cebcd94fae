import { type RatingTable, searchBest } from "../../search";
import { type TrueNetwork, tuningKeys } from "..";
import { equalsOf } from "./found-equals";
import { macroKey } from "./macro-table";

/** The claim of DNA's paper at the benchmark's scale: a net of half the teacher's cost that is nearly as good. */
export interface HalfOfTeacher {
  readonly teacher: { readonly key: string; readonly macs: number; readonly accuracy: number };
  /** Most multiply-adds that the net may have. */
  readonly limit: number;
  /** The net of the best score within the limit; accuracies are the table's, percent. */
  readonly found: {
    readonly key: string;
    readonly macs: number;
    readonly params: number;
    readonly accuracy: number;
    readonly score: number;
    /** Whether it is one of those on which weights are tuned. */
    readonly isTuning: boolean;
  };
  /** Accuracy of the teacher less that of the found net, points. */
  readonly behindTeacher: number;
  /** The same for the best net within the limit: no search can do better. */
  readonly leastBehindTeacher: number;
  readonly best: { readonly key: string; readonly macs: number; readonly accuracy: number };
  /** See {@link equalsOf}. */
  readonly equals: {
    readonly count: number;
    readonly meanAccuracy: number;
    /** Share of them that the found net is better than, 0..1. */
    readonly beaten: number;
  };
  /** Accuracy of the found net less the mean of its equals, points. */
  readonly aboveEquals: number;
}

/** What a rating finds at a share of the teacher's MACs, by true accuracies. */
export function halfOfTeacher(
  table: RatingTable,
  truth: readonly TrueNetwork[],
  { teacher: teacherKey = "22222222", share = 0.5 }: { teacher?: string; share?: number } = {},
): HalfOfTeacher {
  const byKey = new Map(truth.map((network) => [network.key, network]));
  const teacher = byKey.get(teacherKey)!;
  const limit = share * teacher.macs;
  const [network] = searchBest(table, { macs: limit });
  const found = byKey.get(macroKey(network))!;
  const best = truth.filter(({ macs }) => macs <= limit).reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const equals = equalsOf(found, truth);
  const meanAccuracy = equals.reduce((sum, { accuracy }) => sum + accuracy, 0) / equals.length;
  return {
    teacher: { key: teacher.key, macs: teacher.macs, accuracy: teacher.accuracy },
    limit,
    found: {
      key: found.key,
      macs: found.macs,
      params: found.params,
      accuracy: found.accuracy,
      score: network.score,
      isTuning: tuningKeys().includes(found.key),
    },
    behindTeacher: teacher.accuracy - found.accuracy,
    leastBehindTeacher: teacher.accuracy - best.accuracy,
    best: { key: best.key, macs: best.macs, accuracy: best.accuracy },
    equals: {
      count: equals.length,
      meanAccuracy,
      beaten: equals.filter(({ accuracy }) => found.accuracy > accuracy).length / equals.length,
    },
    aboveEquals: found.accuracy - meanAccuracy,
  };
}
