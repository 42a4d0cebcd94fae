import { type TrueNetwork, tuningKeys } from "../../benchmark";
import { fitAccuracyPredictor } from "../../rate";
import { type Agreement, agreement, bootstrap, type Interval } from "./agreement";
import type { RawRatings } from "./run-job";
import { type BlockScores, blocksOf, blockTaus, networkScores, ratingsOf, tuneWeights } from "./scores";
import type { Measure } from "./study-config";

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
  const seeds = raws.map((raw) => blocksOf(raw, measure));
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

/** Mean of the seeds' 95 % intervals of a score. */
export function meanIntervals(
  networks: readonly TrueNetwork[],
  scores: readonly (readonly number[])[],
  draws?: number,
): Record<keyof Agreement, Interval> {
  const all = scores.map((of) => bootstrap(networks, of, { draws }));
  const names = Object.keys(all[0]) as (keyof Agreement)[];
  return Object.fromEntries(
    names.map((name) => [name, [mean(all.map((one) => one[name][0])), mean(all.map((one) => one[name][1]))]]),
  ) as unknown as Record<keyof Agreement, Interval>;
}

/** Mean of each measure. */
export function meanAgreement(all: readonly Agreement[]): Agreement {
  const names = Object.keys(all[0]) as (keyof Agreement)[];
  return Object.fromEntries(names.map((name) => [name, mean(all.map((one) => one[name]))])) as unknown as Agreement;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
