import { existsSync } from "node:fs";
import { relative } from "node:path";
import type { TrueNetwork } from "../../benchmark";
import {
  type Agreement,
  type Baselines,
  baselines,
  divide,
  meanIntervals,
  networkScores,
  type WeightedMacs,
  weightedMacs,
} from "../../benchmark/ranking";
import type { Interval } from "../../core";
import {
  blockScoresOf,
  type Measure,
  measuresTaken,
  type RawRatings,
  type RidgeSummary,
  ratingsThere,
  ridge,
  summarise,
  type VariantSummary,
} from "../../study/ranking";
import { readSposRatings } from "../spos";
import type { StudyJob } from "./jobs";
import { compareWithSpos, type SposComparison } from "./spos-comparison";

/** The best rated network under a share of the teacher's MACs, by one seed's ratings. */
export interface FoundByRating {
  readonly seed: number;
  readonly key: string;
  readonly macs: number;
  /** Mean test accuracy of the benchmark's trainings, percent. */
  readonly accuracy: number;
}

/** All figures of a study, computed from its raw ratings and the benchmark's table alone. */
export interface StudySummary {
  readonly study: string;
  /** The rating that stands for DNA. */
  readonly measure: Measure;
  /** Distinct networks of the benchmark, and those of them on which weights are tuned. */
  readonly architectures: number;
  readonly tuningNetworks: number;
  /** Of every variant whose ratings are there, under the study's measure. */
  readonly variants: readonly VariantSummary[];
  /** The first variant under every measure that was taken, and its logarithm. */
  readonly measures: readonly VariantSummary[];
  /** Accuracy predictors on the first variant's ratings. */
  readonly ridge?: RidgeSummary;
  /** What each seed of the first variant finds under half of the teacher's MACs, blocks weighted. */
  readonly found: readonly FoundByRating[];
  /** Rankings that need no search, of the reported networks; "ceiling": one training of the networks against another. */
  readonly baselines: Baselines;
  /**
   * The rival with equal knowledge: the blocks' mean MACs in the place of ratings, weighted on the tuning networks as the
   * first variant is; absent without ratings.
   */
  readonly macsByBlock?: WeightedMacs;
  /** The global supernet's ranking of the networks that it rated, beside others' of the same. */
  readonly spos?: SposComparison;
  /** 95 % intervals of the bootstrap over networks, by variant and "plain" or "weighted"; mean over seeds. */
  readonly intervals: Readonly<Record<string, Record<keyof Agreement, Interval>>>;
  /** Raw files, from the package's root. */
  readonly ratings: readonly string[];
}

/** Share of the teacher's MACs that a found network may have (DNA's claim at our scale). */
const FOUND_SHARE = 0.5;

/**
 * Summarises what a study has so far.
 * @param sposResults Files of the global supernet's ratings, those that exist count.
 * @param draws Of the bootstrap, see there.
 */
export function summariseStudy(
  study: string,
  jobs: readonly StudyJob[],
  truth: readonly TrueNetwork[],
  sposResults: readonly string[] = [],
  draws?: number,
): StudySummary {
  const networks = divide(truth);
  const there = jobs.filter(({ result }) => existsSync(result));
  const names = [...new Set(there.map(({ name }) => name))];
  const groups = names.map((name) => {
    const own = there.filter((job) => job.name === name);
    return { label: { variant: name, title: own[0].title }, raws: ratingsThere(own) };
  });
  const { measure } = jobs[0];
  const variants = groups.map(({ raws, label }) => summarise(networks, raws, measure, label));
  const [first] = groups;
  const macsByBlock = first && weightedMacs(networks, truth, variants[0].cuts);
  const sposRatings = sposResults.filter(existsSync).map((path) => readSposRatings(path));
  const spos =
    macsByBlock &&
    compareWithSpos(sposRatings, first.raws, variants[0], networks, { truth, weights: macsByBlock.weights });
  return {
    study,
    measure,
    architectures: truth.length,
    tuningNetworks: networks.tuning.length,
    variants,
    measures: first ? measuresTaken(first.raws[0]).map((one) => summarise(networks, first.raws, one, first.label)) : [],
    ...(first && { ridge: ridge(networks, first.raws) }),
    found: first ? first.raws.flatMap((raw) => foundBy(raw, variants[0], truth)) : [],
    baselines: baselines(networks.reported),
    ...(macsByBlock && { macsByBlock }),
    ...(spos && { spos }),
    intervals: Object.fromEntries(
      variants.flatMap(({ variant, weights, cuts }, i) => {
        const seeds = groups[i].raws.map((raw) => blockScoresOf(raw, measure));
        const scores = (of?: readonly number[]) =>
          seeds.map((blocks) => networkScores(networks.reported, blocks, cuts, of));
        return [
          [`${variant}/plain`, meanIntervals(networks.reported, scores(), draws)],
          [`${variant}/weighted`, meanIntervals(networks.reported, scores(weights), draws)],
        ];
      }),
    ),
    ratings: there.map(({ result, root }) => relative(root, result)),
  };
}

function foundBy(
  raw: RawRatings,
  { measure, weights, cuts }: VariantSummary,
  truth: readonly TrueNetwork[],
): FoundByRating[] {
  const teacher = truth.find(({ key }) => raw.teacher.architecture.endsWith(key));
  const limit = FOUND_SHARE * (teacher?.macs ?? Number.POSITIVE_INFINITY);
  const affordable = truth.filter(({ macs }) => macs <= limit);
  // The teacher is among the smallest networks.
  if (affordable.length === 0) return [];
  const scores = networkScores(affordable, blockScoresOf(raw, measure), cuts, weights);
  const { key, macs, accuracy } = affordable[scores.indexOf(Math.max(...scores))];
  return [{ seed: raw.seed, key, macs, accuracy }];
}

/**
 * A summary as it is stored: with the leading figures by short names, `dna` being the first variant under the study's rating
 * with its weights, and the numbers rounded to five digits.
 */
export function storedSummary(summary: StudySummary): unknown {
  const { variants, baselines, macsByBlock, spos } = summary;
  const dna = variants[0];
  const heads = dna && {
    tau_dna: dna.weighted.tau,
    tau_dna_plain: dna.plain.tau,
    ...(spos && { tau_spos: spos.spos.tau }),
    tau_macs: baselines.macs.tau,
    ...(macsByBlock && { tau_macs_by_block: macsByBlock.tau }),
    tau_params: baselines.params.tau,
    concordance_dna: dna.weighted.concordance,
    concordance_macs: baselines.macs.concordance,
    partial_tau_dna: dna.weighted.partialTau,
    noise_ceiling: baselines.ceiling.tau,
    regret_dna: dna.weighted.regret,
    regret_macs: baselines.macs.regret,
    weights: dna.weights,
  };
  return JSON.parse(
    JSON.stringify({ ...heads, ...summary }, (_, value) =>
      typeof value === "number" && !Number.isInteger(value) ? Number(value.toFixed(5)) : value,
    ),
  );
}
