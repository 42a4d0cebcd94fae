import { checkOptions, type OptionRules, rule } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  blockScoresOf,
  type ComparedSetting,
  type ComparedSettings,
  comparedSettings,
  settingBlockTaus,
} from "../../study/ranking";
import { jobsOf, type StudyJob } from "../../systems/dna-studies";
import type { FigureView } from "../display/figure-view";
import { decimals } from "../display/numbers";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { LabMeasures } from "./measures";
import {
  COMPARED_NAMES,
  COMPARED_TITLES,
  comparedCells,
  comparedColumns,
  MEASURE_AXES,
  macsCells,
  marksNote,
  SUMS,
  settingBars,
  settingBlocks,
  settingNumbers,
  settingSentence,
} from "./settings-tables";
import type { StudySource } from "./study-source";

export interface LabSettingsOptions {
  /** Whose ratings are compared, one a setting. Default 1. */
  readonly seed?: number;
  /** The study whose first setting says how far seeds lie apart. Default "ranking". */
  readonly seedsOf?: string;
  /** Only so many seeds of that one; with fewer than two no difference can be judged. */
  readonly seeds?: number;
}

export const SETTINGS_RULES: OptionRules<LabSettingsOptions> = {
  seed: rule.whole,
  seedsOf: rule.text,
  seeds: rule.wholeFrom(1),
};

const TITLES = { tau: "Ranking all networks", concordance: "Ranking networks that cost the same" };

/** The settings of a study, one switch of the distillation changed in each, compared by one seed's ratings. */
export class LabSettings implements Displayable {
  /** All figures, plain data. */
  readonly compared: ComparedSettings;
  private readonly seeds?: number;

  /** @param yard The study whose first setting's seeds are the yardstick. */
  constructor(
    private readonly study: StudySource,
    private readonly yard: StudySource,
    options: LabSettingsOptions,
  ) {
    checkOptions("study.settings", options, SETTINGS_RULES);
    const { seed = 1, seeds } = options;
    this.seeds = seeds;
    this.compared = comparedSettings(study.stored(), yard.stored({ seeds }), study.truth, seed);
  }

  /** What each setting is, and whether its ratings are there. */
  switches(): Table {
    const { stored, seed } = this.compared;
    return new Table({
      title: `${stored.title}; rated by ${stored.measure}`,
      columns: [
        ...["setting", "fed with", "label loss", "sampling"],
        ...["epochs x images", "batch norms", "rated on", "ratings"],
      ],
      rows: stored.variants.map(({ name, title, missing, seeds }) => {
        const { distill, rate } = this.experimentOf(name);
        return [
          title,
          `${distill.guideInput}'s features`,
          distill.labelLoss,
          distill.sampler,
          `${distill.epochs} x ${distill.images}`,
          rate.recalibrate ? "recalibrated" : "as distilled",
          `${rate.images} images`,
          missing.length === 0 && seeds.includes(seed)
            ? "there"
            : `MISSING: seed ${missing.length > 0 ? missing.join(" ") : seed}`,
        ];
      }),
    });
  }

  /** Sentences: which settings lack ratings of the seed, and how far the stored figures lie from those computed here. */
  standing(): string[] {
    return this.study.standing({ seed: this.compared.seed });
  }

  /** How far the seeds of one setting lie apart: the yardstick for all differences. */
  seedsApart(): Table {
    const { yard, ranges } = this.compared;
    const { summary } = yard;
    const bySeed = { plain: summary?.plainBySeed ?? [], weighted: summary?.weightedBySeed ?? [] };
    return new Table({
      title: `Seeds of one setting: ${yard.title}`,
      columns: ["sum", "seed", ...COMPARED_TITLES],
      rows: summary
        ? SUMS.flatMap((sum) => [
            ...bySeed[sum].map((of, i) => [sum, summary.seeds[i], ...COMPARED_NAMES.map((name) => decimals(of[name]))]),
            [sum, "range", ...COMPARED_NAMES.map((name) => decimals(ranges[sum][name]))],
          ])
        : [["NO RATINGS YET", "", "", "", "", ""]],
      note: yard.missing.length > 0 ? `MISSING: seed ${yard.missing.join(" ")}.` : undefined,
    });
  }

  /** What each setting reaches, plain and weighted, with its marked difference from the first one. */
  table(): Table {
    const { compared } = this;
    const columns = ["setting", "sum", ...comparedColumns("DNA's"), "weights"];
    return new Table({
      title: `Against the true accuracies of the networks not tuned on; seed ${compared.seed}`,
      columns,
      rows: [
        ...compared.stored.variants.flatMap(({ name, title }) => {
          const one = compared.there.find((of) => of.name === name);
          if (!one) return [[title, "NO RATINGS YET", ...columns.slice(2).map(() => "")]];
          return SUMS.map((sum) => [
            title,
            sum,
            ...comparedCells(compared, one, sum),
            sum === "weighted" ? one.summary.weights.join(" ") : "",
          ]);
        }),
        ["MACs alone", "", ...macsCells(compared), ""],
      ],
      note: marksNote(compared),
    });
  }

  /** A measure of all settings that have ratings, plain and weighted; whiskers are bootstrap intervals over networks. */
  figure(measure: "tau" | "concordance" = "tau"): FigureView {
    checkOptions("study.settings().figure", { measure }, { measure: rule.oneOf("tau", "concordance") });
    const { there, stored, seed, ranges } = this.compared;
    return settingBars(there, measure, {
      title: TITLES[measure],
      subtitle: `rated by ${stored.measure}, seed ${seed}; range of seeds, weighted: ${decimals(ranges.weighted[measure]) || "not known"}`,
      groups: there.map(({ title }) => title),
      yTitle: MEASURE_AXES[measure],
    });
  }

  /** Tau of each block's rating with the true effects of its candidates, and the loss that its distillation ended with. */
  blocks(): Table {
    return settingBlocks(this.compared, this.compared.there, this.study.truth, {
      what: "setting",
      note: "With a label loss the loss is the mixture of both, and cannot be compared with the others'. Uniform and fair sampling average over different epochs of training.",
    });
  }

  /** Sentences: what feeding the student's own features changes, block by block. */
  guideInput(): string[] {
    const { first, there, stored } = this.compared;
    const student = there.find(({ name }) => this.experimentOf(name).distill.guideInput === "student");
    if (!first || !student) {
      return ["NOT SHOWN: needs the ratings of DNA's setting and of the one fed with the student's features."];
    }
    const both = [first, student];
    const [a, b] = both.map(({ raw }) => blockScoresOf(raw, stored.measure)[0]);
    const apart = Math.max(...Object.keys(a).map((digits) => Math.abs(a[digits] - b[digits])));
    const images = [...new Set(both.map(({ name }) => this.experimentOf(name).rate.images))];
    const taken = images.length > 1 ? `, being taken on ${images.join(" and ")} images` : "";
    const later = (one: ComparedSetting) =>
      settingBlockTaus(this.compared, one, this.study.truth)
        .slice(1)
        .map((tau) => decimals(tau, 2))
        .join(", ");
    return [
      `Block 1 is fed the same in both: its ratings differ by at most ${apart.toExponential(1)}${taken}.`,
      `Tau of the later blocks: ${later(first)} with the teacher's features in, ${later(student)} with the student's.`,
    ];
  }

  /** The rating measures, taken on the same supernets for all seeds of the setting that is the yardstick. */
  measures(): LabMeasures {
    return new LabMeasures(this.yard, { measure: this.compared.stored.measure, seeds: this.seeds });
  }

  /** A sentence a setting: its differences from the first one, and what they are worth. */
  sentences(): string[] {
    const { first, there, seed } = this.compared;
    if (!first) return [`NO RATINGS YET of DNA's own setting with seed ${seed}: nothing can be compared.`];
    return there.filter((one) => one !== first).map((one) => `${settingSentence(this.compared, one)}.`);
  }

  /** What `notebook check` compares: four figures of each setting, and the ranges of the seeds; null where not known. */
  numbers(): Record<string, number | null> {
    const { tau, concordance } = this.compared.ranges.weighted;
    const known = (value: number) => (Number.isNaN(value) ? null : value);
    return {
      ...settingNumbers(this.compared),
      seed_range_tau: known(tau),
      seed_range_concordance: known(concordance),
    };
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table());
  }

  private experimentOf(setting: string): StudyJob["experiment"] {
    return jobsOf(this.study.config).find(({ name }) => name === setting)!.experiment;
  }
}
