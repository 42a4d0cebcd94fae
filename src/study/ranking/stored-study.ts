import { existsSync } from "node:fs";
import { relative } from "node:path";
import type { TrueNetwork } from "../../benchmark";
import { type Agreement, blockTaus, divide, networkScores, trueEffects } from "../../benchmark/ranking";
import type { Interval } from "../../core";
import { NAS_BENCH_MACRO_CUTS } from "../../space";
import { blockScoresOf, type Measure } from "./measures";
import { type RawRatings, ratingsThere } from "./raw-ratings";
import { settingsOf } from "./settings";
import { figuresFile, readFigures } from "./stored-figures";
import type { StudyConfig } from "./study-config";
import { summarise, type VariantSummary } from "./variant-summary";

/** A variant of a study with the raw ratings of it that are there. */
export interface StoredVariant {
  readonly name: string;
  readonly title: string;
  readonly cuts: readonly number[];
  /** Seeds that the study asks for, and those of them without ratings yet. */
  readonly seeds: readonly number[];
  readonly missing: readonly number[];
  /** Rising in seed. */
  readonly raws: readonly RawRatings[];
  /** Computed from them; undefined when there are none. */
  readonly summary?: VariantSummary;
  /** Tau-b of the ratings with the true effects of the candidates of each stage, whatever the blocks are: see {@link stageTaus}. */
  readonly stageTaus?: readonly number[];
  /** The stored 95 % intervals of the bootstrap; undefined where there are none for just these ratings. */
  readonly intervals?: Readonly<Record<"plain" | "weighted", Record<keyof Agreement, Interval>>>;
}

/** What is there of a study: raw ratings, and all figures but the bootstrap's computed from them anew. */
export interface StoredStudy {
  readonly name: string;
  readonly title: string;
  readonly measure: Measure;
  /** All of the study's, in its order, rated or not. */
  readonly variants: readonly StoredVariant[];
  /** The file of the figures that were stored, from the study's root. */
  readonly figures: string;
  /** Largest difference between a stored agreement and the one computed here; undefined when none could be compared. */
  readonly largestDifference?: number;
}

export interface StoredStudyOptions {
  /** Another rating than the study's own. */
  readonly measure?: Measure;
  /** Only so many seeds of each variant. */
  readonly seeds?: number;
}

/**
 * Reads the ratings that a study has so far and compares them with the truth; trains nothing and writes nothing.
 *
 * Intervals are those that `blockwise study` stored, because the bootstrap takes minutes.
 */
export function storedStudy(
  config: StudyConfig,
  truth: readonly TrueNetwork[],
  { measure = config.measure, seeds: most = Number.POSITIVE_INFINITY }: StoredStudyOptions = {},
): StoredStudy {
  const settings = settingsOf(config);
  const networks = divide(truth);
  const figures = figuresFile(config);
  const stored = existsSync(figures) ? readFigures(figures) : undefined;
  const compared: number[] = [];
  const variants = config.variants.map(({ name, title }): StoredVariant => {
    const own = settings.filter((one) => one.name === name).slice(0, most);
    const raws = ratingsThere(own);
    const { cuts } = own[0];
    const seeds = own.map(({ seed }) => seed);
    const missing = seeds.filter((seed) => !raws.some((raw) => raw.seed === seed));
    const found = { name, title, cuts, seeds, missing, raws };
    if (raws.length === 0) return found;
    const summary = summarise(networks, raws, measure, { variant: name, title });
    const taus = raws.map((raw) => stageTaus(truth, raw, measure));
    const before = stored?.variants.find((one) => one.variant === name);
    const same = before?.measure === measure && String(before.seeds) === String(summary.seeds) ? before : undefined;
    if (same) compared.push(...differences(same, summary));
    return {
      ...found,
      summary,
      stageTaus: taus[0].map((_, stage) => taus.reduce((sum, of) => sum + of[stage], 0) / taus.length),
      ...(same && {
        intervals: { plain: stored!.intervals[`${name}/plain`], weighted: stored!.intervals[`${name}/weighted`] },
      }),
    };
  });
  return {
    name: config.name,
    title: config.title,
    measure,
    variants,
    figures: relative(config.root, figures),
    ...(compared.length > 0 && { largestDifference: Math.max(...compared) }),
  };
}

function differences(stored: VariantSummary, computed: VariantSummary): number[] {
  return (["plain", "weighted"] as const)
    .flatMap((sum) =>
      (Object.keys(computed[sum]) as (keyof Agreement)[]).map((name) =>
        Math.abs(stored[sum][name] - computed[sum][name]),
      ),
    )
    .filter(Number.isFinite);
}

/**
 * Tau-b, stage by stage, of what a rating says of the stage's candidates (mean score over all networks that have it) with
 * their true effects. Of ratings whose blocks are the stages it is the blocks' own tau; of other blocks it is what can be
 * compared with that.
 */
export function stageTaus(truth: readonly TrueNetwork[], raw: RawRatings, measure: Measure): number[] {
  const scores = networkScores(truth, blockScoresOf(raw, measure), raw.cuts);
  const predicted = truth.map((network, i) => ({ ...network, accuracy: scores[i] }));
  const effects = trueEffects(predicted, NAS_BENCH_MACRO_CUTS);
  const rated = effects.map((of) => Object.fromEntries([...of].map(([digits, effect]) => [digits, -effect])));
  return blockTaus(truth, rated, NAS_BENCH_MACRO_CUTS);
}

/** How far the seeds of one setting lie apart: largest less smallest value of each figure; NaN with fewer than two seeds. */
export function seedRange(bySeed: readonly Agreement[]): Agreement {
  const names = Object.keys(bySeed[0]) as (keyof Agreement)[];
  const range = (values: readonly number[]) =>
    values.length < 2 ? Number.NaN : Math.max(...values) - Math.min(...values);
  return Object.fromEntries(names.map((name) => [name, range(bySeed.map((one) => one[name]))])) as unknown as Agreement;
}

/** What a difference between two settings of one seed each is worth. */
export type DifferenceVerdict = "as seeds differ" | "hardly more than seeds" | "more than seeds" | "not known";

/**
 * Compares a difference between settings with the range of three seeds of one setting. If settings did not matter, a fifth
 * to a quarter of such differences would exceed the range, and one in fifty its double (normal errors).
 */
export function differenceVerdict(difference: number, range: number): DifferenceVerdict {
  if (Number.isNaN(difference) || Number.isNaN(range)) return "not known";
  const times = Math.abs(difference) / range;
  if (!(times > 1)) return "as seeds differ";
  return times > 2 ? "more than seeds" : "hardly more than seeds";
}
