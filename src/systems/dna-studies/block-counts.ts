import type { TrueNetwork } from "../../benchmark";
import {
  type AdditiveLimit,
  type Agreement,
  additiveLimit,
  baselines,
  candidateCounts,
  divide,
  weightedMacs,
} from "../../benchmark/ranking";
import type { StoredStudy, StoredVariant, StudyConfig, VariantSummary } from "../../study/ranking";
import type { ExperimentConfig } from "../dna/config";
import { jobsOf } from "./jobs";

/** A setting of a study of block counts. */
export interface BlockCount extends StoredVariant {
  /** Number of blocks. */
  readonly K: number;
  /** Candidates of each block. */
  readonly candidates: readonly number[];
  readonly experiment: ExperimentConfig;
  /** The best that ratings of these blocks could reach. */
  readonly limit: AdditiveLimit;
  /** The control for the weights: multiply-adds in the place of ratings, weighted with the same knowledge. */
  readonly control: Agreement & { readonly weights: readonly number[] };
}

/** One that has ratings. */
export type RatedBlockCount = BlockCount & { readonly summary: VariantSummary; readonly stageTaus: readonly number[] };

/** Settings that differ by the number of blocks, beside what each division could reach at best. */
export interface BlockCounts {
  /** In the study's order, rated or not. */
  readonly settings: readonly BlockCount[];
  readonly rated: readonly RatedBlockCount[];
  /** What others are compared with: three blocks, where it has ratings. */
  readonly base?: RatedBlockCount;
  /** The control for the images: supernets of another setting, rated on other images; where it has ratings. */
  readonly rerated?: RatedBlockCount;
  /** Rankings that need no search, of the networks not tuned on. */
  readonly byMacs: Agreement;
  readonly ceiling: Agreement;
}

/** The number of blocks of {@link BlockCounts.base}: the stages of the space. */
export const BASE_BLOCKS = 3;

/** Brings a study whose variants differ in their cuts together with the limits and controls of each division. */
export function blockCounts(study: StoredStudy, config: StudyConfig, truth: readonly TrueNetwork[]): BlockCounts {
  const jobs = jobsOf(config);
  const networks = divide(truth);
  const all = study.variants.map((variant): BlockCount => {
    const { cuts } = variant;
    return {
      ...variant,
      K: cuts.length + 1,
      candidates: candidateCounts(truth, cuts),
      experiment: jobs.find(({ name }) => name === variant.name)!.experiment,
      limit: additiveLimit(truth, cuts),
      control: weightedMacs(networks, truth, cuts),
    };
  });
  const isRerated = ({ name }: BlockCount) => config.variants.some((one) => one.name === name && one.distilledBy);
  const isRated = (one: BlockCount): one is RatedBlockCount => one.summary !== undefined && one.stageTaus !== undefined;
  const settings = all.filter((one) => !isRerated(one));
  const rated = settings.filter(isRated);
  const { macs, ceiling } = baselines(networks.reported);
  return {
    settings,
    rated,
    base: rated.find(({ K }) => K === BASE_BLOCKS),
    rerated: all.filter(isRerated).find(isRated),
    byMacs: macs,
    ceiling,
  };
}

/** By name, to record; null where a setting has no ratings. */
export function blockCountsResult({ settings, byMacs }: BlockCounts): Record<string, number | null> {
  const figures = settings.flatMap(({ K, summary }): [string, number | null][] => [
    [`k${K}_tau_plain`, summary?.plain.tau ?? null],
    [`k${K}_tau`, summary?.weighted.tau ?? null],
    [`k${K}_concordance`, summary?.weighted.concordance ?? null],
    [`k${K}_regret`, summary?.weighted.regret ?? null],
  ]);
  return Object.fromEntries([
    ...figures,
    ...settings.map(({ K, limit }) => [`k${K}_tau_if_known`, limit.tau] as const),
    ...settings.map(({ K, control }) => [`k${K}_tau_macs_weighted`, control.tau] as const),
    ["tau_macs", byMacs.tau] as const,
  ]);
}
