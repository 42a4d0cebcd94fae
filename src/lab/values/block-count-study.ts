import type { TrueNetwork } from "../../benchmark";
import { bestUnder, networkScores } from "../../benchmark/ranking";
import { ConfigError, checkOptions, formatCount, type OptionRules, rule } from "../../core";
import { mean } from "../../core/statistics";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { blockScoresOf, type StoredStudy, type StoredStudyOptions } from "../../study/ranking";
import { type BlockCounts, blockCounts, blockCountsResult } from "../../systems/dna-studies";
import type { FigureView } from "../display/figure-view";
import { decimals } from "../display/numbers";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { byBlockCount, durationBars, type MeasureByCount, seedBars, settingScatters } from "./block-count-figures";
import { agreementTable, limitsTable, spreadTable } from "./block-count-tables";
import { conclusions, findingsOf, sameImages } from "./block-count-words";
import type { StudySource } from "./study-source";

export interface BlockCountScatterOptions {
  /** Whose ratings. Default 1. */
  readonly seed?: number;
  /** So many of the networks that were not tuned on, a fixed draw. Default 300. */
  readonly networks?: number;
  /** Numbers of blocks. Default 1, 3 and 8, as far as they have ratings of the seed. */
  readonly blocks?: readonly number[];
}

const SCATTER_RULES: OptionRules<BlockCountScatterOptions> = {
  seed: rule.whole,
  networks: rule.wholeFrom(2),
  blocks: rule.list(rule.wholeFrom(1)),
};

/** A study whose settings differ by the number of blocks K: what each K ranks rightly, could rank at best, and costs. */
export class LabBlockCounts implements Displayable {
  /** All figures, plain data. */
  readonly counts: BlockCounts;
  private readonly stored: StoredStudy;
  private readonly truth: readonly TrueNetwork[];

  constructor(
    private readonly study: StudySource,
    private readonly options: StoredStudyOptions,
  ) {
    this.stored = study.stored(options);
    requireCounts(study.name, this.stored);
    this.truth = study.truth;
    this.counts = blockCounts(this.stored, study.config, this.truth);
  }

  /** The settings, what was rated of them, and which ratings are missing. */
  settings(): Table {
    return new Table({
      title: `${this.stored.title}; rated by ${this.stored.measure}`,
      columns: [
        "K",
        "blocks end after layer",
        "candidates a block",
        "rated in all",
        "rated on",
        "epochs x images",
        "seeds",
        "ratings",
      ],
      rows: this.counts.settings.map(({ K, cuts, seeds, missing, candidates, experiment: { rate, distill } }) => [
        K,
        [...cuts, 8].join(", "),
        candidates.join(" + "),
        total(candidates),
        `${rate.images} images`,
        `${distill.epochs} x ${distill.images}`,
        seeds.join(" "),
        missing.length === 0 ? "there" : `MISSING: seed ${missing.join(" ")}`,
      ]),
      note: "One teacher for all. Settings are rated on different numbers of images: see below.",
    });
  }

  /** Sentences: which settings lack ratings, and how far the stored figures lie from those computed here. */
  standing(): string[] {
    return this.study.standing(this.options);
  }

  /** What a sum of one number a candidate could reach for each K if all true accuracies were known. */
  limits(): Table {
    return limitsTable(this.counts);
  }

  /** How well the ratings of each K rank, plain and weighted, beside multiply-adds weighted with the same knowledge. */
  table(): Table {
    return agreementTable(this.counts);
  }

  /** A measure against the number of blocks: the limit, the ratings, and what multiply-adds alone reach. */
  figure(measure: MeasureByCount = "tau"): FigureView {
    checkOptions("study.byBlockCount().figure", { measure }, { measure: rule.oneOf("tau", "concordance", "regret") });
    return byBlockCount(this.counts, measure, this.stored.measure);
  }

  /** How far the seeds of each K lie apart, and what its difference from K = 3 is worth beside that. */
  spread(): Table {
    return spreadTable(this.counts);
  }

  /** Tau-b of every seed by itself, weighted sums. */
  seeds(): FigureView {
    return seedBars(this.counts, this.stored.measure);
  }

  /** Tau-b of each block's rating with the true effects of its candidates; means over seeds. */
  blocks(): Table {
    const { rated } = this.counts;
    const blocks = Array.from({ length: Math.max(1, ...rated.map(({ K }) => K)) }, (_, block) => block);
    return new Table({
      title: "Tau-b of each block's rating with its candidates' true effects; means over seeds",
      columns: ["K", ...blocks.map((block) => `block ${block + 1}`)],
      rows: rated.map(({ K, summary }) => [K, ...blocks.map((block) => decimals(summary.blockTaus[block], 2))]),
    });
  }

  /** The same for the candidates of the three stages, whatever the blocks. */
  stages(): Table {
    return new Table({
      title: "Tau-b stage by stage, whatever the blocks; plain sums, means over seeds",
      columns: ["K", "stage 1 (layers 1-2)", "stage 2 (3-5)", "stage 3 (6-8)"],
      rows: this.counts.rated.map(({ K, stageTaus }) => [K, ...stageTaus.map((tau) => decimals(tau, 2))]),
    });
  }

  /** Minutes of distillation and rating, and how often a candidate was trained. */
  cost(): Table {
    return new Table({
      title: "Cost on two cores; means over seeds",
      columns: [
        "K",
        "distillation (min)",
        "rating (min)",
        "candidates rated",
        "on images",
        "times a candidate was drawn",
        "rating a candidate and 1,000 images (s)",
      ],
      rows: this.counts.rated.map(({ K, candidates, experiment: { distill, rate }, summary }) => {
        const steps = Math.floor(distill.images / distill.batchSize) * mean([distill.epochs].flat());
        const drawn = candidates.map((count) => (steps / count).toFixed(steps < count ? 2 : 0));
        const count = total(candidates);
        return [
          K,
          decimals(summary.distillMs / 60000, 1),
          decimals(summary.rateMs / 60000, 1),
          count,
          rate.images,
          [...new Set(drawn)].join(", "),
          decimals(summary.rateMs / count / rate.images, 2),
        ];
      }),
      note: "Distillation: time of the threads that did it. Times were taken while other work ran on the machine, and say no more than their order of magnitude.",
    });
  }

  /** Minutes of distillation and rating as bars. */
  costFigure(): FigureView {
    return durationBars(this.counts);
  }

  /** What rating K = 1 would take on as many images as the others, in words; undefined without both. */
  sameImages(): string | undefined {
    return sameImages(this.counts);
  }

  /**
   * Weighted rating against true accuracy of a draw of networks: a figure a K.
   * @throws ConfigError for unknown options, and when none of the K has ratings of the seed.
   */
  scatters(options: BlockCountScatterOptions = {}): FigureView[] {
    checkOptions("study.byBlockCount().scatters", options, SCATTER_RULES);
    return settingScatters(this.counts, this.truth, this.stored.measure, options);
  }

  /** The network of the best weighted score at no more than half of the largest network's multiply-adds, K by K. */
  found(): Table {
    const largest = this.truth.reduce((a, b) => (b.macs > a.macs ? b : a));
    const under = (scores: readonly number[]) => bestUnder(this.truth, scores, largest.macs / 2);
    const best = under(this.truth.map(({ accuracy }) => accuracy));
    const row = (K: number | string, seed: number | string, { key, macs, accuracy }: TrueNetwork, words = "") => [
      K,
      seed,
      `${key}${words}`,
      formatCount(macs),
      `${accuracy.toFixed(2)} %`,
      decimals(best.accuracy - accuracy, 2),
    ];
    return new Table({
      title: `Found at half the MACs of ${largest.key} (${formatCount(largest.macs)}, ${largest.accuracy.toFixed(2)} %)`,
      columns: ["K", "seed", "found", "MACs", "true accuracy", "behind the best possible"],
      rows: [
        ...this.counts.rated.flatMap(({ K, raws, summary }) =>
          raws.map((raw) => {
            const blocks = blockScoresOf(raw, this.stored.measure);
            return row(K, raw.seed, under(networkScores(this.truth, blocks, raw.cuts, summary.weights)));
          }),
        ),
        row("", "", best, " (best possible)"),
      ],
    });
  }

  /** What came of it, in sentences made from the values: which K is best, what of its limit it reaches, what seeds explain. */
  conclusions(): string[] {
    return conclusions(this.counts);
  }

  /** Sentences on plain and weighted sums beside their controls, for `lab.findings`. */
  findings(): (string | undefined)[] {
    return findingsOf(this.counts);
  }

  /** The figures by name, for `lab.record`. */
  result(): Record<string, number | null> {
    return blockCountsResult(this.counts);
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }
}

/** Tables by K say nothing of variants that are all cut alike. */
function requireCounts(name: string, { variants }: StoredStudy): void {
  const cuts = new Set(variants.map((one) => one.cuts.join(", ")));
  if (cuts.size > 1) return;
  const call = `lab.study(${JSON.stringify(name)})`;
  const [first] = cuts;
  const layers = first === "" ? "none" : `after layers ${first}`;
  throw new ConfigError(
    variants.length === 1
      ? `${call}.byBlockCount: the study must have variants whose cuts differ, and has one variant (cuts: ${layers}); ${call}.ranking() shows how it ranks`
      : `${call}.byBlockCount: the study's variants must differ in their cuts, and all ${variants.length} have the same (${layers}); ${call}.settings() compares them, .teachers() where their teachers differ, and .ranking({ variant }) shows one`,
    { study: name, variants: variants.map((one) => one.name) },
  );
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
