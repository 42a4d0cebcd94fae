import { type ComparedNetwork, comparisons } from "./front-comparison";
import type { RatedBy } from "./rated-by";

/** A trained network's place on the front: plain JSON, as `front.json` has it. */
export interface FrontPoint extends ComparedNetwork {
  readonly dataset: string;
  /** "teacher", "found 1", "random 2", "shrunk 1 (width)", ...; those of a kind are numbered by rising MACs. */
  readonly label: string;
  readonly kind: "teacher" | "found" | "random" | "shrunk";
  readonly macs: number;
  readonly params: number;
  /** Top-1 on the test split, 0..1; of several trainings their mean. */
  readonly accuracy: number;
  /** Top-1 on the validation split, 0..1, likewise; absent where it was never measured, of a teacher from a file. */
  readonly validationAccuracy?: number;
  /** Summed rating, what was predicted: lower is better. The teacher has none. */
  readonly score?: number;
  /** The network's file inside the run directory; of several trainings the first one's. */
  readonly file: string;
  /** Points of one kind that name one curve are joined in figures: how a teacher was shrunk. */
  readonly curve?: string;
}

/** Everything of a run that a figure of the trade-off needs; `front.json`. */
export interface MeasuredFront {
  /** What the networks were searched by; runs of older versions do not say it. */
  readonly ratedBy?: RatedBy;
  readonly measured: readonly FrontPoint[];
  /** The rated front: MACs, parameters and summed rating. */
  readonly predictedFront: readonly { readonly macs: number; readonly params: number; readonly score: number }[];
  /** Ratings of the measured networks, in the same order, without the teacher. */
  readonly predicted: readonly {
    readonly label: string;
    readonly kind: "found" | "random";
    readonly macs: number;
    readonly score: number;
  }[];
}

/** How the best found network compares; accuracies are differences in [-1, 1]. */
export interface Comparison {
  readonly best: FrontPoint;
  /** Absent, with what is compared with it, where it gave its feature maps alone and has no accuracy on this data. */
  readonly teacher?: FrontPoint;
  /** Share of the teacher's MACs. */
  readonly macsShare?: number;
  /** Test accuracy of the best found network, less the teacher's. */
  readonly toTeacher?: number;
  /**
   * Test accuracy of the best found network, less the mean of the random ones; absent without any. One that is this very
   * network stays among them: to leave it out would favour what was found.
   */
  readonly toRandom?: number;
  /** "of equal MACs", or how far those of the random ones lie from its own. */
  readonly cost: string;
  /** Of the random networks that were drawn for it, those that it beats. */
  readonly beaten: number;
  /** Random networks, the found one itself included where it was drawn. */
  readonly randoms: number;
  /** Labels of random networks that happen to be found ones. */
  readonly alsoFound: readonly string[];
}

/**
 * Compares the found network of least summed rating with the teacher and with random networks of the same cost: its part of
 * `comparisons`.
 */
export function compare({ measured }: MeasuredFront): Comparison {
  const of = (kind: FrontPoint["kind"]) => measured.filter((point) => point.kind === kind);
  const teacher: FrontPoint | undefined = of("teacher")[0];
  // One without a rating is the best of none.
  const rated = ({ score = Number.NaN }: FrontPoint) => (Number.isFinite(score) ? score : Number.POSITIVE_INFINITY);
  const best = of("found").reduce((a, b) => (rated(b) < rated(a) ? b : a));
  const against = comparisons(measured).find(({ found }) => found === best);
  const randoms = against?.random ?? [];
  return {
    best,
    ...(teacher && {
      teacher,
      macsShare: best.macs / teacher.macs,
      toTeacher: best.accuracy - teacher.accuracy,
    }),
    ...(against?.overRandom && { toRandom: against.overRandom.difference }),
    cost: costWords(best, randoms),
    beaten: against?.beaten ?? 0,
    randoms: randoms.length,
    alsoFound: randoms.filter(({ sameAs }) => sameAs !== undefined).map(({ label, sameAs }) => `${label} is ${sameAs}`),
  };
}

/** Where MACs differ by no more, as a share, they are called equal. */
const EQUAL_MACS = 0.03;

/** "of equal MACs", or "of MACs within 28 %" of a network's own where rivals lie further from it. */
export function costWords({ macs }: { readonly macs: number }, rivals: readonly { readonly macs: number }[]): string {
  const apart = Math.max(0, ...rivals.map((rival) => Math.abs(rival.macs - macs) / macs));
  return apart <= EQUAL_MACS ? "of equal MACs" : `of MACs within ${Math.ceil(100 * apart - 1e-9)} %`;
}
