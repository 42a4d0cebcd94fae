import type { TrueNetwork } from "../../benchmark";
import { type Agreement, baselines, blockTaus, divide, networkScores } from "../../benchmark/ranking";
import { blockScoresOf } from "./measures";
import type { RawRatings } from "./raw-ratings";
import {
  type DifferenceVerdict,
  differenceVerdict,
  type StoredStudy,
  type StoredVariant,
  seedRange,
} from "./stored-study";
import type { VariantSummary } from "./variant-summary";

/** How the ratings of blocks are added: each as it is, or times its block's weight. */
export type SumOfBlocks = "plain" | "weighted";

/** A setting of a study, by the ratings of one seed. */
export interface ComparedSetting extends Pick<StoredVariant, "name" | "title" | "intervals"> {
  /** Of all seeds; the weights are chosen for all of them. */
  readonly summary: VariantSummary;
  readonly raw: RawRatings;
  readonly plain: Agreement;
  readonly weighted: Agreement;
  /** The teacher's key in the benchmark: eight digits. */
  readonly teacherKey: string;
}

/** Settings of one seed each, and how far the seeds of one setting lie apart: the yardstick for their differences. */
export interface ComparedSettings {
  readonly stored: StoredStudy;
  readonly seed: number;
  /** Those that have ratings of the seed, in the study's order. */
  readonly there: readonly ComparedSetting[];
  /** The study's first setting, which the others are compared with; undefined when it has no ratings of the seed. */
  readonly first?: ComparedSetting;
  /** The setting whose seeds are the yardstick. */
  readonly yard: StoredVariant;
  /** Its largest less its smallest value; NaN with fewer than two seeds. */
  readonly ranges: Readonly<Record<SumOfBlocks, Agreement>>;
  /** Ranking by multiply-adds alone. */
  readonly macs: Agreement;
}

/** @param yard The first setting of it has the seeds that are the yardstick. */
export function comparedSettings(
  stored: StoredStudy,
  { variants: [yard] }: Pick<StoredStudy, "variants">,
  truth: readonly TrueNetwork[],
  seed: number,
): ComparedSettings {
  const { macs } = baselines(divide(truth).reported);
  const there = stored.variants.flatMap(({ name, title, intervals, summary, raws }): ComparedSetting[] => {
    const at = summary ? summary.seeds.indexOf(seed) : -1;
    if (!summary || at < 0) return [];
    const raw = raws[at];
    const teacherKey = raw.teacher.architecture.split("/").at(-1) ?? "";
    const [plain, weighted] = [summary.plainBySeed[at], summary.weightedBySeed[at]];
    return [{ name, title, intervals, summary, raw, plain, weighted, teacherKey }];
  });
  return {
    stored,
    seed,
    there,
    first: there.find(({ name }) => name === stored.variants[0].name),
    yard,
    ranges: {
      plain: yard.summary ? seedRange(yard.summary.plainBySeed) : notKnown(macs),
      weighted: yard.summary ? seedRange(yard.summary.weightedBySeed) : notKnown(macs),
    },
    macs,
  };
}

function notKnown(like: Agreement): Agreement {
  return Object.fromEntries(Object.keys(like).map((name) => [name, Number.NaN])) as unknown as Agreement;
}

/** What a setting's difference from the first one is worth, weighted sums. */
export function settingVerdict(
  { first, ranges }: ComparedSettings,
  { weighted }: Pick<ComparedSetting, "weighted">,
  measure: keyof Agreement,
): { readonly difference: number; readonly verdict: DifferenceVerdict } {
  const difference = first ? weighted[measure] - first.weighted[measure] : Number.NaN;
  return { difference, verdict: differenceVerdict(difference, ranges.weighted[measure]) };
}

/** Tau-b of the rating of each block with the true effects of its candidates, by the setting's one seed. */
export function settingBlockTaus(
  { stored }: Pick<ComparedSettings, "stored">,
  { raw }: Pick<ComparedSetting, "raw">,
  truth: readonly TrueNetwork[],
): number[] {
  return blockTaus(truth, blockScoresOf(raw, stored.measure), raw.cuts);
}

/** Weighted scores of all networks, higher is better. */
export function settingScores(
  { stored }: Pick<ComparedSettings, "stored">,
  { raw, summary }: Pick<ComparedSetting, "raw" | "summary">,
  truth: readonly TrueNetwork[],
): number[] {
  return networkScores(truth, blockScoresOf(raw, stored.measure), raw.cuts, summary.weights);
}
