import { type Agreement, agreement, bootstrap, type Interval } from "./agreement";
import type { Measure, RawRatings } from "./run-job";
import { type BlockScores, blockTaus, networkScores, tuneWeights } from "./scores";
import { type TrueNetwork, tuningKeys } from "./truth";

/** Networks of the table for tuning and for reporting: never the same. */
export interface Networks {
  readonly tuning: readonly TrueNetwork[];
  readonly reported: readonly TrueNetwork[];
}

/** Divides the networks by the committed list of tuning keys. */
export function divide(networks: readonly TrueNetwork[]): Networks {
  const keys = new Set(tuningKeys());
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
  /** Distillation (thread time) and rating (wall clock), milliseconds; mean over seeds. */
  readonly costMs: number;
}

/** Summarises the raw ratings of one variant (all its seeds) under a measure. */
export function summarise(
  { tuning, reported }: Networks,
  raws: readonly RawRatings[],
  measure: Measure = "relativeL1",
): VariantSummary {
  const [{ variant, title, cuts, teacher }] = raws;
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
    costMs: Math.round(mean(raws.map(searchMs))),
  };
}

/** @throws TypeError when the ratings lack the measure. */
export function blocksOf({ measures, variant }: RawRatings, measure: Measure): readonly BlockScores[] {
  const blocks = measures[measure];
  if (!blocks) throw new TypeError(`ranking: the ratings of ${variant} must have ${measure}, and lack it`);
  return blocks;
}

function searchMs({ durationsMs }: RawRatings): number {
  return Object.values(durationsMs).reduce((sum, ms) => sum + ms, 0);
}

/** A ranking that needs no training: by MACs, by params, by another training of the same networks. */
export function baselines(networks: readonly TrueNetwork[]): Record<"macs" | "params" | "ceiling", Agreement> {
  const truthOf = (i: number) => networks.map((network) => ({ ...network, accuracy: network.trainings[i] }));
  const pairs = [
    [0, 1],
    [0, 2],
    [1, 2],
  ];
  return {
    macs: agreement(
      networks,
      networks.map(({ macs }) => macs),
    ),
    params: agreement(
      networks,
      networks.map(({ params }) => params),
    ),
    ceiling: meanAgreement(
      pairs.map(([a, b]) =>
        agreement(
          truthOf(a),
          networks.map(({ trainings }) => trainings[b]),
        ),
      ),
    ),
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
