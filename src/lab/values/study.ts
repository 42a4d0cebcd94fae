import type { TrueNetwork } from "../../benchmark";
import { type Agreement, divide, networkScores } from "../../benchmark/ranking";
import { ConfigError, checkOptions, type OptionRules, rule, type StepContext } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { provenanceOf } from "../../study";
import {
  blockScoresOf,
  findStudy,
  MEASURES,
  type RawRatings,
  ratingsThere,
  readStudy,
  type StoredStudy,
  type StoredStudyOptions,
  type StudyConfig,
  storedStudy,
  type VariantSummary,
  withOwnResults,
} from "../../study/ranking";
import { figuresOf, jobsOf, runStudy, type StudyPart, type StudySummary, sposRows } from "../../systems/dna-studies";
import { rankScatter } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { engineReady } from "../session/engine-ready";
import { notebookContext } from "../session/notebook-context";
import { LabBlockCounts } from "./block-count-study";
import { LabPlainRatings } from "./plain-ratings";
import { LabSettings, type LabSettingsOptions } from "./settings";
import { LabStudyRanking, type LabStudyRankingOptions } from "./study-ranking";
import type { StudySource } from "./study-source";
import { standingOf } from "./study-standing";
import { LabTeachers, type LabTeachersOptions } from "./teachers";

export interface LabStudyRunOptions extends StudyPart {
  /** CIFAR-10, see `cifar10`; the usual places when left out. */
  readonly images?: string;
  /** Where teachers, features and checkpoints are kept. Default `runs/studies`. */
  readonly runs?: string;
}

const RUN_RULES: OptionRules<LabStudyRunOptions> = {
  seed: rule.whole,
  variant: rule.text,
  images: rule.text,
  runs: rule.text,
};

const STORED_RULES: OptionRules<StoredStudyOptions> = { measure: rule.oneOf(...MEASURES), seeds: rule.wholeFrom(1) };

/** A study of rankings on NAS-Bench-Macro: what its ratings are worth against the true accuracies. */
export class LabStudy implements Displayable, StudySource {
  private readonly figures = new Map<string, StudySummary>();
  private readonly read = new Map<string, StoredStudy>();

  constructor(
    private study: StudyConfig,
    /** The benchmark's distinct networks. */
    readonly truth: readonly TrueNetwork[],
    /** What it was asked for by, for the commands that messages name. */
    readonly name: string = study.name,
  ) {}

  get config(): StudyConfig {
    return this.study;
  }

  /** Raw ratings that are there, by variant and seed. */
  get ratings(): readonly RawRatings[] {
    return ratingsThere(jobsOf(this.config));
  }

  /**
   * All figures, computed from the ratings that are there and the benchmark's table.
   * @param draws Of the bootstrap behind the 95 % intervals: 100 takes about ten seconds a variant and seed. Default 2: the
   *   intervals mean nothing.
   * @param variant Of this one alone: its measures, predictors and rivals. Of all when left out; those are the first one's.
   */
  summary(draws = 2, variant?: string): StudySummary {
    const key = JSON.stringify([draws, variant]);
    const known = this.figures.get(key) ?? figuresOf(this.config, this.truth, draws, variant);
    this.figures.set(key, known);
    return known;
  }

  /**
   * What is there of the study, setting by setting: raw ratings, all figures but the bootstrap's computed from them, the
   * stored 95 % intervals where they are of the same ratings. Trains nothing.
   * @param options `measure`: another rating than the study's own; `seeds`: only so many of each setting.
   * @throws ConfigError when an option is not known or the ratings lack the measure.
   */
  stored(options: StoredStudyOptions = {}): StoredStudy {
    checkOptions("study.stored", options, STORED_RULES);
    const key = JSON.stringify([options.measure, options.seeds]);
    const known = this.read.get(key) ?? storedStudy(this.config, this.truth, options);
    this.read.set(key, known);
    return known;
  }

  /**
   * Sentences: which settings lack ratings (of a seed, where one is given) and what makes them, and how far the stored
   * figures lie from those computed here.
   */
  standing(options: StoredStudyOptions & { readonly seed?: number } = {}): string[] {
    const { seed, ...stored } = options;
    return standingOf(this.stored(stored), this.name, seed);
  }

  /**
   * How well one variant's ratings rank: its seeds, measures, rivals, blocks and regrets. Titles name the variant where the
   * study has several.
   * @param options `variant`: the first one when left out.
   * @throws ConfigError when an option is not known, the study has no such variant, or it has no ratings yet.
   */
  ranking(options: LabStudyRankingOptions = {}): LabStudyRanking {
    return new LabStudyRanking(this, options);
  }

  /**
   * The settings by their number of blocks, beside what each number could reach at best.
   * @param options As of `stored`.
   * @throws ConfigError when the study's variants do not differ in their cuts.
   */
  byBlockCount(options: StoredStudyOptions = {}): LabBlockCounts {
    return new LabBlockCounts(this, options);
  }

  /**
   * The settings compared by one seed's ratings, with what their differences are worth beside the seeds of one setting.
   * @throws ConfigError when an option is not known, or there is no such study to take the seeds of.
   */
  settings(options: LabSettingsOptions = {}): LabSettings {
    return new LabSettings(this, this.yardstick(options), options);
  }

  /**
   * The settings with a teacher each, compared in the same way, by the study's rating or another, and the first one's supernets after fewer epochs.
   * @throws ConfigError as `settings`.
   */
  teachers(options: LabTeachersOptions = {}): LabTeachers {
    return new LabTeachers(this, this.yardstick(options), options);
  }

  /** The settings by the plain sum of their ratings, without any accuracies. @param seed Shown beside the means. Default 1. */
  plainRatings(seed = 1): LabPlainRatings {
    return new LabPlainRatings(this.stored(), seed);
  }

  /**
   * Does what is missing of the study, or of a part of it: trains, distils, rates; writes raw ratings and figures as the
   * command `blockwise study` does. An interrupted run goes on where it stopped when it is called again.
   * @throws StudyError when what is there is of another setting, InterruptedError when stopped.
   * @throws ConfigError when an option is not known, or the study has no such variant or seed.
   */
  async run(options: LabStudyRunOptions = {}, context: StepContext = notebookContext()): Promise<LabStudy> {
    checkOptions("study.run", options, RUN_RULES);
    engineReady();
    const { images, runs = "runs/studies", ...part } = options;
    const provenance = () => provenanceOf(`lab.study("${this.config.name}").run()`);
    // Results go below the working folder, never into an installed package.
    this.study = withOwnResults(this.study);
    await runStudy(this.config, part, this.truth, { runs, images, provenance }, context);
    this.figures.clear();
    this.read.clear();
    return this;
  }

  /** How well each variant's rating ranks the networks, beside rankings that need no search; means over seeds. */
  table(): Table {
    const { variants, baselines, macsByBlock, measure, tuningNetworks, spos, ridge } = this.summary();
    const row = (name: string, of: Agreement, seeds: string | null, weights: string | null) => [
      name,
      seeds,
      weights,
      ...[of.tau, of.spearman, of.pearson, of.partialTau, of.concordance].map((value) => value.toFixed(3)),
      of.regret.toFixed(2),
    ];
    const both = ({ title, plain, weighted, weights, seeds }: VariantSummary) => [
      row(`${title}: plain sum`, plain, seeds.join(" "), null),
      row(`${title}: weighted`, weighted, seeds.join(" "), weights.join(" ")),
    ];
    return new Table({
      title: this.config.title,
      columns: ["ranking", "seeds", "weights", "tau-b", "rho", "r", "tau given MACs", "equal MACs", "regret (points)"],
      rows: [
        ...variants.flatMap(both),
        ...(ridge ? [row(`ridge on ${ridge.networks} networks`, ridge, null, null)] : []),
        row("MACs alone", baselines.macs, null, null),
        ...(macsByBlock ? [row("MACs by block, weighted", macsByBlock, null, macsByBlock.weights.join(" "))] : []),
        row("parameters alone", baselines.params, null, null),
        row("one training against another", baselines.ceiling, null, null),
        ...(spos ? sposRows(spos).map(({ name, of }) => row(name, of, spos.seeds.join(" "), null)) : []),
      ],
      note: `Rated by ${measure}; weights are chosen on the true accuracies of ${tuningNetworks} networks, figures are on others. Equal MACs: (concordant - discordant) / all pairs whose MACs differ by at most 2.5 %.`,
    });
  }

  /**
   * Every network that was not tuned on: its weighted rating against its true accuracy, for one variant and seed.
   * @param variant The first one when left out.
   * @throws ConfigError when there are no such ratings.
   */
  scatter(variant = this.config.variants[0].name, seed = this.config.seeds[0]): FigureView {
    const of = this.summary().variants.find((one) => one.variant === variant);
    const raw = ratingsThere(jobsOf(this.config).filter((job) => job.name === variant && job.seed === seed))[0];
    if (!of || !raw)
      throw new ConfigError(`study: there are no ratings of ${variant} for seed ${seed}`, { variant, seed });
    const { reported } = divide(this.truth);
    const scores = networkScores(reported, blockScoresOf(raw, of.measure), of.cuts, of.weights);
    const { tau } = of.weightedBySeed[of.seeds.indexOf(seed)];
    return new FigureView(
      rankScatter({
        points: reported.map(({ key, accuracy, macs }, i) => ({ key, predicted: -scores[i], actual: accuracy, macs })),
        tau,
        title: `${of.title}, seed ${seed}`,
        predictedTitle: "weighted sum of the blocks' ratings (lower is better)",
        actualTitle: "true test accuracy (%)",
      }),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table());
  }

  /** The study whose first setting's seeds are the yardstick, with the same table of truth. */
  private yardstick({ seedsOf = "ranking" }: LabSettingsOptions): LabStudy {
    const { file, root } = findStudy(seedsOf);
    return new LabStudy(readStudy(file, root), this.truth, seedsOf);
  }
}
