import { ConfigError, checkOptions, type OptionRules, rule } from "../../core";
import { mean } from "../../core/statistics";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  additiveLimit,
  type BudgetRegrets,
  blocksOf,
  blockTaus,
  budgetRegrets,
  divide,
  jobsOf,
  type Measure,
  measuresOnTuning,
  misplacedCandidates,
  networkScores,
  type RankingTargets,
  type RawRatings,
  rankingResult,
  reportedSample,
  type StoredVariant,
  type StudySummary,
  targetsMet,
  trueEffects,
  type VariantSummary,
} from "../../systems/dna/ranking";
import type { FigureView } from "../display/figure-view";
import { decimals } from "../display/numbers";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { effectScatter, ratingScatter, regretCurve } from "./study-figures";
import type { StudySource } from "./study-source";
import { measuresTable, ratedTable, rivalsTable, seedsTable, sposTable } from "./study-tables";

export interface RankingSampleOptions {
  /** Whose ratings. Default: the first seed's. */
  readonly seed?: number;
  /** So many of the networks that were not tuned on, a fixed draw. Default 1000. */
  readonly networks?: number;
}

const SAMPLE_RULES: OptionRules<RankingSampleOptions> = { seed: rule.whole, networks: rule.wholeFrom(2) };

/** How well the ratings of a study's first setting rank the networks that were not tuned on, in tables and figures. */
export class LabStudyRanking implements Displayable {
  private readonly setting: StoredVariant & { readonly summary: VariantSummary };

  /** @throws ConfigError when the setting has no ratings yet. */
  constructor(private readonly study: StudySource) {
    const [first] = study.stored().variants;
    const { summary } = first;
    if (!summary)
      throw new ConfigError(
        `study ${study.name}: ${first.title} must have ratings, and has none; npx blockwise study ${study.name} makes them`,
        { study: study.name },
      );
    this.setting = { ...first, summary };
  }

  /** All figures of the study, plain data. */
  get summary(): StudySummary {
    return this.study.summary();
  }

  /** The rating that stands for the study, and the weights of its blocks. */
  get measure(): Measure {
    return this.setting.summary.measure;
  }

  /** Raw ratings, seed by seed: teacher, distillation, what was rated, and the time it took. */
  rated(): Table {
    const { distill, rate } = jobsOf(this.study.config)[0].experiment;
    return ratedTable(this.study.config.title, this.setting.raws, { distill, rate });
  }

  /** Every measure of imitation, blocks joined by sum and by product, plain and weighted; means over seeds. */
  measures(): Table {
    return measuresTable(this.summary.measures);
  }

  /** Tau-b of each measure, weighted, on the tuning networks: what the study's measure is chosen by. */
  measuresOnTuning(): { readonly measure: Measure; readonly tau: number }[] {
    return measuresOnTuning(this.study.truth, this.setting.raws);
  }

  /** The ratings beside rankings that need no search or are fitted to true accuracies, with 95 % intervals. */
  rivals(): Table {
    return rivalsTable(this.summary, this.setting);
  }

  /** The global supernet beside the ratings on just the networks that it rated; undefined where there is none. */
  spos(): Table | undefined {
    return this.summary.spos && sposTable(this.summary.spos);
  }

  /** The weighted ratings, each seed by itself. */
  seeds(): Table {
    return seedsTable(this.setting.summary);
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
    return ratingScatter(networks, networkScores(networks, blocksOf(raw, this.measure), raw.cuts, summary.weights), {
      tau: summary.weightedBySeed[summary.seeds.indexOf(raw.seed)].tau,
      interval: intervals?.weighted.tau,
      title: `DNA's rating, seed ${raw.seed}; ${networks.length} networks drawn for the picture`,
      predictedTitle: "weighted sum of the blocks' ratings (lower is better)",
    });
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
      raws.map((raw) => blockTaus(this.study.truth, blocksOf(raw, measure), cuts)),
    );
    const layers = (block: number) => `layers ${(cuts[block - 1] ?? 0) + 1}-${cuts[block] ?? 8}`;
    const loss = (block: number, epoch: number) => mean(raws.map(({ losses }) => losses[block].at(epoch)!)).toFixed(2);
    return new Table({
      title: "Tau-b of each block's rating with the true effects of its candidates; means over seeds",
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
    const blocks = blocksOf(raw, this.measure);
    return trueEffects(this.study.truth, raw.cuts).map((effects, i) =>
      effectScatter(effects, blocks[i], { block: i + 1, seed: raw.seed, measure: this.measure }),
    );
  }

  /** The three candidates of each block whose rank by rating lies farthest from the true one. */
  misplaced(): Table {
    return new Table({
      title: "The candidates that the rating misplaces most (ranks within the block, mean rating over seeds)",
      columns: ["block", "candidate", "true effect (%)", "true rank", "rank by rating", "off by"],
      rows: misplacedCandidates(this.study.truth, this.setting.raws, this.measure).map(
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
    return budgetRegrets(divide(this.study.truth).reported, this.setting.raws, this.setting.summary);
  }

  /** Regret of the network picked under each budget of multiply-adds. */
  regretByBudget(): FigureView {
    return regretCurve(this.regrets(), this.setting.raws.length);
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
