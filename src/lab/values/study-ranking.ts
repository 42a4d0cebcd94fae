import { reportedSample } from "../../benchmark";
import {
  additiveLimit,
  type BudgetRegrets,
  blockTaus,
  budgetRegrets,
  divide,
  misplacedCandidates,
  networkScores,
  trueEffects,
} from "../../benchmark/ranking";
import { ConfigError, checkOptions, type OptionRules, rule } from "../../core";
import { mean } from "../../core/statistics";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  blockScoresOf,
  type Measure,
  measuresOnTuning,
  type RawRatings,
  type StoredVariant,
  underMeasure,
  type VariantSummary,
} from "../../study/ranking";
import { jobsOf, type RankingTargets, rankingResult, type StudySummary, targetsMet } from "../../systems/dna-studies";
import type { FigureView } from "../display/figure-view";
import { decimals } from "../display/numbers";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { regretFindings } from "./regret-words";
import { effectScatter, ratingScatter, regretCurve } from "./study-figures";
import type { StudySource } from "./study-source";
import { measuresTable, rawRatingsTable, rivalsTable, seedsTable, sposTable } from "./study-tables";

export interface RankingSampleOptions {
  /** Whose ratings. Default: the first seed's. */
  readonly seed?: number;
  /** So many of the networks that were not tuned on, a fixed draw. Default 1000. */
  readonly networks?: number;
}

export interface LabStudyRankingOptions {
  /** Name of one of the study's variants. Default: the first. */
  readonly variant?: string;
}

const SAMPLE_RULES: OptionRules<RankingSampleOptions> = { seed: rule.whole, networks: rule.wholeFrom(2) };

/** How well the ratings of one variant of a study rank the networks that were not tuned on, in tables and figures. */
export class LabStudyRanking implements Displayable {
  private readonly setting: StoredVariant & { readonly summary: VariantSummary };

  /** @throws ConfigError when the study has no such variant, or it has no ratings yet. */
  constructor(
    private readonly study: StudySource,
    options: LabStudyRankingOptions = {},
  ) {
    const { variants } = study.config;
    const names = variants.map(({ name }) => name);
    checkOptions("study.ranking", options, { variant: rule.oneOf(...names) });
    const asked = options.variant ?? names[0];
    const found = study.stored().variants.find(({ name }) => name === asked)!;
    const { summary } = found;
    if (!summary)
      throw new ConfigError(
        `study ${study.name}: ${found.title} must have ratings, and has none; npx blockwise study ${study.name} --variant ${asked} makes them`,
        { study: study.name, variant: asked },
      );
    this.setting = { ...found, summary };
  }

  /** All figures, plain data; of the variant alone where the study has several. */
  get summary(): StudySummary {
    return this.study.config.variants.length > 1
      ? this.study.summary(undefined, this.setting.name)
      : this.study.summary();
  }

  /** Which of several variants it is: "variant k1, K = 1: one block of 8 layers"; undefined where there is one. */
  private get which(): string | undefined {
    const { name, title } = this.setting;
    return this.study.config.variants.length > 1 ? `variant ${name}, ${title}` : undefined;
  }

  /** The same for a figure's title, which has less room. */
  private namedFigure(title: string): string {
    return this.which ? `${title}; variant ${this.setting.name}` : title;
  }

  /** A title that names the variant where the study has several. */
  private named(title: string): string {
    return this.which ? `${title}; ${this.which}` : title;
  }

  private namedTable(table: Table): Table {
    return table.retitled((title) => this.named(title));
  }

  /** The rating that stands for the study, and the weights of its blocks. */
  get measure(): Measure {
    return this.setting.summary.measure;
  }

  /** Under the study's measure, one a seed. */
  private get ratings(): readonly RawRatings[] {
    return underMeasure(this.setting.raws, this.measure);
  }

  /** Raw ratings, seed by seed: teacher, distillation, what was rated, and the time it took. */
  rated(): Table {
    const { distill, rate } = jobsOf(this.study.config).find(({ name }) => name === this.setting.name)!.experiment;
    return this.namedTable(rawRatingsTable(this.study.config.title, this.setting.raws, { distill, rate }));
  }

  /** Every measure of imitation, blocks joined by sum and by product, plain and weighted; means over seeds. */
  measures(): Table {
    return this.namedTable(measuresTable(this.summary.measures));
  }

  /** Tau-b of each measure, weighted, on the tuning networks: what the study's measure is chosen by. */
  measuresOnTuning(): { readonly measure: Measure; readonly tau: number }[] {
    return measuresOnTuning(this.study.truth, this.setting.raws);
  }

  /** The ratings beside rankings that need no search or are fitted to true accuracies, with 95 % intervals. */
  rivals(): Table {
    return this.namedTable(rivalsTable(this.summary, this.setting));
  }

  /** The global supernet beside the ratings on just the networks that it rated; undefined where there is none. */
  spos(): Table | undefined {
    return this.summary.spos && this.namedTable(sposTable(this.summary.spos));
  }

  /** The weighted ratings, each seed by itself. */
  seeds(): Table {
    return this.namedTable(seedsTable(this.setting.summary));
  }

  /**
   * Weighted rating against true accuracy of a draw of networks; the tau is of all networks not tuned on.
   * @throws ConfigError when an option is not known or there are no ratings of the seed.
   */
  scatter(options: RankingSampleOptions = {}): FigureView {
    checkOptions("study.ranking().scatter", options, SAMPLE_RULES);
    const { summary, intervals } = this.setting;
    const raw = this.rawOf(options.seed);
    const drawn = new Set(reportedSample(options.networks ?? 1000));
    const networks = this.study.truth.filter(({ key }) => drawn.has(key));
    return ratingScatter(
      networks,
      networkScores(networks, blockScoresOf(raw, this.measure), raw.cuts, summary.weights),
      {
        tau: summary.weightedBySeed[summary.seeds.indexOf(raw.seed)].tau,
        interval: intervals?.weighted.tau,
        title: this.namedFigure(`DNA's rating, seed ${raw.seed}; ${networks.length} networks drawn for the picture`),
        predictedTitle: "weighted sum of the blocks' ratings (lower is better)",
      },
    );
  }

  /** What the best sums of one number a candidate reach, in words. */
  additiveLimit(): string {
    const { tau, concordance, regret } = additiveLimit(this.study.truth, this.setting.cuts);
    return `Best sums of one number a candidate: tau ${decimals(tau)}, equal-MACs concordance ${decimals(concordance)}, regret ${decimals(regret, 2)}.`;
  }

  /** Tau-b of each block's rating with its candidates' true effects, measure by measure; means over seeds. */
  blocks(): Table {
    const { raws, cuts, summary } = this.setting;
    const measures = (["relativeL1", "relativeMse", "nsr", "divergence"] as const).filter(
      (one) => raws[0].measures[one],
    );
    const taus = measures.map((measure) =>
      raws.map((raw) => blockTaus(this.study.truth, blockScoresOf(raw, measure), cuts)),
    );
    const layers = (block: number) => `layers ${(cuts[block - 1] ?? 0) + 1}-${cuts[block] ?? 8}`;
    const loss = (block: number, epoch: number) => mean(raws.map(({ losses }) => losses[block].at(epoch)!)).toFixed(2);
    return new Table({
      title: this.named("Tau-b of each block's rating with the true effects of its candidates; means over seeds"),
      columns: ["block", "candidates", ...measures, "mean loss, first to last epoch"],
      rows: summary.blockTaus.map((_, block) => [
        `${block + 1} (${layers(block)})`,
        Object.keys(raws[0].blocks[block]).length,
        ...taus.map((seeds) => decimals(mean(seeds.map((of) => of[block])), 2)),
        `${loss(block, 0)} to ${loss(block, -1)}`,
      ]),
      note: "A logarithm does not change the order within a block, so the measures stand for their products, too.",
    });
  }

  /**
   * A figure a block: each candidate's rating against its true effect, the mean true accuracy of the networks with it.
   * @throws ConfigError when there are no ratings of the seed.
   */
  effects(seed?: number): FigureView[] {
    const raw = this.rawOf(seed);
    const blocks = blockScoresOf(raw, this.measure);
    return trueEffects(this.study.truth, raw.cuts).map((effects, i) =>
      effectScatter(effects, blocks[i], {
        title: this.namedFigure(`Block ${i + 1}: ${effects.size} candidates, seed ${raw.seed}`),
        measure: this.measure,
      }),
    );
  }

  /** The three candidates of each block whose rank by rating lies farthest from the true one. */
  misplaced(): Table {
    return new Table({
      title: this.named(
        "The candidates that the rating misplaces most (ranks within the block, mean rating over seeds)",
      ),
      columns: ["block", "candidate", "true effect (%)", "true rank", "rank by rating", "off by"],
      rows: misplacedCandidates(this.study.truth, this.ratings).map(
        ({ block, digits, effect, trueRank, ratedRank }) => [
          block,
          digits,
          effect.toFixed(2),
          trueRank,
          ratedRank,
          ratedRank - trueRank,
        ],
      ),
      note: "Negative: the rating thinks too well of it.",
    });
  }

  /** Regret budget by budget, means over seeds, and what each seed picks under the smallest budget; plain data. */
  regrets(): BudgetRegrets {
    return budgetRegrets(divide(this.study.truth).reported, this.ratings, this.setting.summary.weights);
  }

  /** Regret of the network picked under each budget of multiply-adds. */
  regretByBudget(): FigureView {
    return regretCurve(this.regrets(), this.setting.raws.length, this.which);
  }

  /** Sentences, for `lab.findings`: where regret is lost, by budgets, weights and measures, and which candidates are misplaced. */
  regretFindings(): string[] {
    const { summary } = this.setting;
    const misplaced = misplacedCandidates(this.study.truth, this.ratings);
    return regretFindings(summary, this.regrets(), this.summary.measures, misplaced);
  }

  /** The targets beside what the weighted ratings reach, and the rivals that they are to be above. */
  targets(targets: RankingTargets): ReturnType<typeof targetsMet> {
    return targetsMet(this.summary, targets);
  }

  /** The leading figures by name, for `lab.record`. */
  result(): Record<string, number | null> {
    return rankingResult(this.summary);
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.rivals(), this.regretByBudget());
  }

  private rawOf(seed: number = this.setting.raws[0].seed): RawRatings {
    const found = this.setting.raws.find((raw) => raw.seed === seed);
    if (found) return found;
    const seeds = this.setting.raws.map((raw) => raw.seed).join(", ");
    throw new ConfigError(
      `study ${this.study.name}: the seed must be one with ratings (${seeds}), got ${seed}; npx blockwise study ${this.study.name} --seed ${seed} makes them where the study has the seed`,
      { seed },
    );
  }
}
