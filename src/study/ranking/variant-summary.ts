import {
  type Agreement,
  agreement,
  type BlockScores,
  blockTaus,
  meanAgreement,
  type Networks,
  networkScores,
  ratingsOf,
  tuneWeights,
} from "../../benchmark/ranking";
import { mean } from "../../core/statistics";
import { fitAccuracyPredictor } from "../../rate";
import { blockScoresOf, type Measure } from "./measures";
import type { RawRatings } from "./raw-ratings";

/** What one setting's ratings are worth, against the true accuracies of the reported networks. */
export interface VariantSummary {
  readonly variant: string;
  readonly title: string;
  readonly measure: Measure;
  readonly cuts: readonly number[];
  readonly seeds: readonly number[];
  /** Plain sum of the blocks' ratings: mean over seeds. */
  readonly plain: Agreement;
  /** Weighted sum. */
  readonly weighted: Agreement;
  /** DNA's lambda, chosen on the tuning networks. */
  readonly weights: readonly number[];
  /** By seed. */
  readonly plainBySeed: readonly Agreement[];
  readonly weightedBySeed: readonly Agreement[];
  /** Tau-b of each block's rating with the candidates' true effects; mean over seeds. */
  readonly blockTaus: readonly number[];
  readonly teacherAccuracy: number;
  /** Of all blocks' distillation, the time of the threads that did it; mean over seeds. */
  readonly distillMs: number;
  /** Of all candidates' rating, wall clock; mean over seeds. */
  readonly rateMs: number;
}

/** An accuracy predictor on the blocks' ratings under all measures (ridge, as DONNA), fitted to tuning networks. */
export interface RidgeSummary extends Agreement {
  readonly networks: number;
  /** Leave-one-out error on the networks it was fitted to, points; and that of predicting their mean. */
  readonly rmse: number;
  readonly rmseOfMean: number;
}

/** Summarises the raw ratings of one variant (all its seeds) under a measure. */
export function summarise(
  { tuning, reported }: Networks,
  raws: readonly RawRatings[],
  measure: Measure,
  { variant, title }: Pick<RawRatings, "variant" | "title"> = raws[0],
): VariantSummary {
  const [{ cuts, teacher }] = raws;
  const seeds = raws.map((raw) => blockScoresOf(raw, measure));
  const weights = tuneWeights(tuning, seeds, cuts);
  const agreements = (of?: readonly number[]) =>
    seeds.map((blocks) => agreement(reported, networkScores(reported, blocks, cuts, of)));
  const plainBySeed = agreements();
  const weightedBySeed = agreements(weights);
  const all = [...tuning, ...reported];
  const taus = seeds.map((blocks) => blockTaus(all, blocks, cuts));
  return {
    variant,
    title,
    measure,
    cuts,
    seeds: raws.map(({ seed }) => seed),
    plain: meanAgreement(plainBySeed),
    weighted: meanAgreement(weightedBySeed),
    weights,
    plainBySeed,
    weightedBySeed,
    blockTaus: taus[0].map((_, block) => mean(taus.map((of) => of[block]))),
    teacherAccuracy: teacher.accuracy,
    distillMs: Math.round(mean(raws.map((raw) => timeOf(raw, "distill/")))),
    rateMs: Math.round(mean(raws.map((raw) => timeOf(raw, "rate/")))),
  };
}

/** Networks that the predictor is fitted to (DONNA has about 30). */
const PREDICTOR_NETWORKS = 30;

/** Fits a predictor for each seed and compares its predictions; means over seeds. */
export function ridge({ tuning, reported }: Networks, raws: readonly RawRatings[]): RidgeSummary {
  const all = raws.map((raw) => {
    const blocks = Object.values(raw.measures) as (readonly BlockScores[])[];
    const scores = (key: string) => blocks.flatMap((of) => ratingsOf(key, of, raw.cuts));
    const known = tuning.slice(0, PREDICTOR_NETWORKS);
    const predictor = fitAccuracyPredictor(known.map(({ key, accuracy }) => ({ scores: scores(key), accuracy })));
    const { networks, rmse, rmseOfMean } = predictor.crossValidation;
    const predicted = reported.map(({ key }) => predictor.predict(scores(key)));
    return { agreement: agreement(reported, predicted), networks, rmse, rmseOfMean };
  });
  return {
    ...meanAgreement(all.map((one) => one.agreement)),
    networks: all[0].networks,
    rmse: mean(all.map(({ rmse }) => rmse)),
    rmseOfMean: mean(all.map(({ rmseOfMean }) => rmseOfMean)),
  };
}

function timeOf({ durationsMs }: RawRatings, steps: string): number {
  return Object.entries(durationsMs).reduce((sum, [step, ms]) => (step.startsWith(steps) ? sum + ms : sum), 0);
}
