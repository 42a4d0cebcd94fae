import { ConfigError } from "../core";
import { mean, sampleVariance } from "../core/statistics";

/** Pairs as they are judged: whether both images are of one person, and the fold of each. */
export interface JudgedPairs {
  readonly folds: number;
  readonly pairs: readonly { readonly same: boolean; readonly fold: number }[];
}

export interface FoldVerification {
  /** Similarity from which on a pair counts as of one person: the best on all other folds. */
  readonly threshold: number;
  /** Share of the fold's pairs that are judged right. */
  readonly accuracy: number;
}

export interface Verification {
  /** Mean over the folds. */
  readonly accuracy: number;
  /** Sample standard deviation over the folds; NaN of one. */
  readonly deviation: number;
  readonly folds: readonly FoldVerification[];
}

/**
 * Accuracy of telling pairs apart by a threshold, as on LFW: for each fold the threshold that is best on all others (the highest
 * of equally good ones), and the accuracy it has on that fold. Of one fold, the best threshold of its own pairs.
 * @param similarities One a pair; higher is more alike.
 * @throws ConfigError unless there is one finite similarity a pair, and pairs of both kinds in every fold.
 */
export function verification(similarities: ArrayLike<number>, judged: JudgedPairs): Verification {
  check("verification", similarities, judged);
  const all = judged.pairs.map(({ same, fold }, i) => ({ same, fold, similarity: similarities[i] }));
  const folds = Array.from({ length: judged.folds }, (_, fold) => {
    const [own, others] = [all.filter((one) => one.fold === fold), all.filter((one) => one.fold !== fold)];
    const threshold = bestThreshold(judged.folds === 1 ? own : others);
    const right = own.filter(({ same, similarity }) => same === similarity >= threshold).length;
    return { threshold, accuracy: right / own.length };
  });
  const accuracies = folds.map(({ accuracy }) => accuracy);
  return { accuracy: mean(accuracies), deviation: Math.sqrt(sampleVariance(accuracies)), folds };
}

interface Judged {
  readonly same: boolean;
  readonly similarity: number;
}

/** The threshold, halfway between two similarities, by which most pairs are judged right; the highest of equally good ones. */
function bestThreshold(pairs: readonly Judged[]): number {
  const falling = [...pairs].sort((a, b) => b.similarity - a.similarity);
  // Above all of them: every pair is of two people.
  let right = falling.filter(({ same }) => !same).length;
  let [most, threshold] = [right, falling[0].similarity + 1];
  for (const [i, { same, similarity }] of falling.entries()) {
    right += same ? 1 : -1;
    const next = falling[i + 1]?.similarity ?? similarity - 1;
    if (next === similarity || right <= most) continue;
    most = right;
    threshold = (similarity + next) / 2;
  }
  return threshold;
}

/** A point of a receiver operating characteristic. */
export interface RocPoint {
  /** Pairs at least so similar are accepted; infinite where none is. */
  readonly threshold: number;
  /** False accept rate: share of the pairs of two people that are accepted. */
  readonly far: number;
  /** True accept rate: share of the pairs of one person that are accepted. */
  readonly tar: number;
}

/**
 * All points of the receiver operating characteristic, one a distinct similarity, from nothing accepted to everything.
 * @throws ConfigError as {@link verification}.
 */
export function rocCurve(similarities: ArrayLike<number>, judged: JudgedPairs): RocPoint[] {
  check("rocCurve", similarities, judged);
  const falling = judged.pairs
    .map(({ same }, i) => ({ same, similarity: similarities[i] }))
    .sort((a, b) => b.similarity - a.similarity);
  const people = { one: falling.filter(({ same }) => same).length, two: falling.filter(({ same }) => !same).length };
  const points: RocPoint[] = [{ threshold: Number.POSITIVE_INFINITY, far: 0, tar: 0 }];
  let [accepted, wrongly] = [0, 0];
  for (const [i, { same, similarity }] of falling.entries()) {
    if (same) accepted++;
    else wrongly++;
    if (falling[i + 1]?.similarity === similarity) continue;
    points.push({ threshold: similarity, far: wrongly / people.two, tar: accepted / people.one });
  }
  return points;
}

/**
 * True accept rate at a false accept rate: the highest of all thresholds that accept no larger share of the pairs of two people.
 * @returns undefined where there are too few pairs of two people to measure that rate: fewer than `1 / far`.
 * @throws ConfigError as {@link verification}, or unless `far` is above 0 and at most 1.
 */
export function tarAtFar(similarities: ArrayLike<number>, judged: JudgedPairs, far: number): number | undefined {
  if (!(far > 0 && far <= 1)) throw new ConfigError(`tarAtFar: far must be a number in (0, 1], got ${far}`, { far });
  const others = judged.pairs.filter(({ same }) => !same).length;
  const points = rocCurve(similarities, judged);
  if (others * far < 1) return undefined;
  return Math.max(...points.filter((point) => point.far <= far).map(({ tar }) => tar));
}

/** Area under the curve: the share of (one person, two people) couples of pairs that are ordered right, ties by half. */
export function areaUnder(curve: readonly RocPoint[]): number {
  return curve.slice(1).reduce((sum, { far, tar }, i) => sum + ((far - curve[i].far) * (tar + curve[i].tar)) / 2, 0);
}

function check(where: string, similarities: ArrayLike<number>, { folds, pairs }: JudgedPairs): void {
  if (similarities.length !== pairs.length || pairs.length === 0) {
    throw new ConfigError(`${where}: similarities must be one a pair, got ${similarities.length} for ${pairs.length}`);
  }
  const broken = Array.from(similarities).findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) {
    throw new ConfigError(
      `${where}: similarities must be finite, got ${similarities[broken]} for pair ${broken}; the embeddings are damaged`,
    );
  }
  for (let fold = 0; fold < folds; fold++) {
    const own = pairs.filter((pair) => pair.fold === fold);
    if (own.some(({ same }) => same) && own.some(({ same }) => !same)) continue;
    throw new ConfigError(
      `${where}: each of ${folds} folds must have pairs of one person and of two, got ${own.length} pairs of one kind in fold ${fold}`,
      { fold },
    );
  }
}
