import { kendallTauB } from "../../benchmark";
import { checkOptions, formatCount, type OptionRules, percent, rule } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  type ComparedSetting,
  type ComparedSettings,
  comparedSettings,
  MEASURES,
  type Measure,
  settingScores,
} from "../../study/ranking";
import {
  type DistilledFor,
  distillationCourse,
  type FoundByTeachers,
  foundByTeachers,
  jobsOf,
  OPERATIONS,
  operationShares,
} from "../../systems/dna-studies";
import type { FigureView } from "../display/figure-view";
import { decimals } from "../display/numbers";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { type LabSettingsOptions, SETTINGS_RULES } from "./settings";
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
import { courseFigure, courseTable, foundTable } from "./teachers-tables";

const TITLES = { tau: "Does a better teacher rank better?", concordance: "... among networks that cost the same?" };
const MEASURE_RULE = { measure: rule.oneOf("tau", "concordance") };

export interface LabTeachersOptions extends LabSettingsOptions {
  /** Another rating than the study's own, e.g. "log relativeL1": distances of features, which need no answers of a teacher. */
  readonly measure?: Measure;
}

const TEACHERS_RULES: OptionRules<LabTeachersOptions> = { ...SETTINGS_RULES, measure: rule.oneOf(...MEASURES) };

/** The settings of a study with a teacher each, and the first one's supernets after fewer epochs, by one seed's ratings. */
export class LabTeachers implements Displayable {
  /** All figures, plain data. */
  readonly compared: ComparedSettings;
  private readonly teachers: readonly ComparedSetting[];
  private readonly course: readonly DistilledFor[];
  private known?: FoundByTeachers;

  /** @param yard The study whose first setting's seeds are the yardstick. */
  constructor(
    private readonly study: StudySource,
    yard: StudySource,
    options: LabTeachersOptions,
  ) {
    checkOptions("study.teachers", options, TEACHERS_RULES);
    const { seed = 1, seeds, measure } = options;
    this.compared = comparedSettings(study.stored({ measure }), yard.stored({ seeds, measure }), study.truth, seed);
    this.teachers = this.compared.there.filter(({ raw }) => raw.epoch === undefined);
    this.course = distillationCourse(this.compared);
  }

  /** Who teaches: each teacher's architecture, training and accuracies, and for how long its supernets were distilled. */
  settings(): Table {
    const { stored, there, seed } = this.compared;
    return new Table({
      title: `${stored.title}; rated by ${stored.measure}`,
      columns: [
        ...["setting", "teacher", "its MACs", "its epochs", "accuracy here", "in the table"],
        ...["supernets after epoch", "rated on", "ratings"],
      ],
      rows: stored.variants.map(({ name, title, missing }) => {
        const one = there.find((of) => of.name === name);
        const { rate } = jobsOf(this.study.config).find((job) => job.name === name)!.experiment;
        const rated = `${rate.images} images`;
        const absent = `MISSING: seed ${missing.length > 0 ? missing.join(" ") : seed}`;
        if (!one) return [title, "", "", "", "", "", "", rated, absent];
        const { teacher, epoch, losses } = one.raw;
        const network = this.study.truth.find(({ key }) => key === one.teacherKey);
        return [
          title,
          one.teacherKey,
          network ? formatCount(network.macs) : "",
          teacher.epochs,
          accuracyOf(one),
          network ? `${network.accuracy.toFixed(2)} %` : "",
          epoch ?? losses[0]?.length ?? "",
          rated,
          missing.length === 0 ? "there" : absent,
        ];
      }),
      note: teacherNotes(there),
    });
  }

  /** Sentences: which settings lack ratings of the seed, and how far the stored figures lie from those computed here. */
  standing(): string[] {
    return this.study.standing({ seed: this.compared.seed });
  }

  /** How far the seeds of one setting lie apart, largest less smallest: the yardstick for all differences. */
  ranges(): Table {
    const { yard, ranges } = this.compared;
    return new Table({
      title: `Range of ${yard.raws.length} seeds: ${yard.title}`,
      columns: ["sum", ...COMPARED_TITLES],
      rows: SUMS.map((sum) => [sum, ...COMPARED_NAMES.map((name) => decimals(ranges[sum][name]))]),
      note:
        yard.missing.length > 0
          ? `MISSING: seed ${yard.missing.join(" ")}; with fewer than two nothing can be judged.`
          : undefined,
    });
  }

  /** How well the ratings under each teacher rank, plain and weighted, with marked differences from the first one. */
  table(): Table {
    const { compared } = this;
    return new Table({
      title: `Against the true accuracies of the networks not tuned on; seed ${compared.seed}`,
      columns: ["teacher", "accuracy here", "sum", ...comparedColumns("the first one's"), "weights"],
      rows: [
        ...this.teachers.flatMap((one) =>
          SUMS.map((sum) => [
            one.title,
            accuracyOf(one),
            sum,
            ...comparedCells(compared, one, sum),
            sum === "weighted" ? one.summary.weights.join(" ") : "",
          ]),
        ),
        ["MACs alone", "", "", ...macsCells(compared), ""],
      ],
      note: marksNote(compared),
    });
  }

  /** A measure from the least to the most accurate teacher; whiskers are bootstrap intervals over networks. */
  figure(measure: "tau" | "concordance" = "tau"): FigureView {
    checkOptions("study.teachers().figure", { measure }, MEASURE_RULE);
    const shown = [...this.teachers].sort((a, b) => a.raw.teacher.accuracy - b.raw.teacher.accuracy);
    return settingBars(shown, measure, {
      title: TITLES[measure],
      subtitle: `rated by ${this.compared.stored.measure}, from the least to the most accurate teacher; seed ${this.compared.seed}`,
      groups: shown.map((one) => `${one.title} (${accuracyOf(one)})`),
      yTitle: MEASURE_AXES[measure],
    });
  }

  /** Tau of each block's rating with the true effects of its candidates, and the loss that its distillation ended with. */
  blocks(): Table {
    return settingBlocks(this.compared, this.teachers, this.study.truth, {
      what: "teacher",
      note: "Losses of different teachers are of different features and cannot be compared.",
    });
  }

  /** Which operations the hundred best rated networks have under each teacher, and the hundred truly best. */
  operations(): Table {
    const { truth } = this.study;
    const shares = (scores: readonly number[]) => operationShares(truth, scores).map((share) => percent(share, 0));
    return new Table({
      title: "Operations of the 100 best networks, by weighted sums",
      columns: ["rated by", "teacher's key", ...OPERATIONS],
      rows: [
        ...this.teachers.map((one) => [one.title, one.teacherKey, ...shares(settingScores(this.compared, one, truth))]),
        ["the truth", "", ...shares(truth.map(({ accuracy }) => accuracy))],
      ],
    });
  }

  /** A measure by the epochs that the first setting's supernets were distilled for. */
  epochFigure(measure: "tau" | "concordance" = "tau"): FigureView {
    checkOptions("study.teachers().epochFigure", { measure }, MEASURE_RULE);
    return courseFigure(this.compared, this.course, measure);
  }

  /** The same supernets epoch by epoch: figures, and each block's tau beside its loss. */
  epochs(): Table {
    return courseTable(this.compared, this.course, this.study.truth);
  }

  /** What each teacher's ratings find at half the multiply-adds of the largest network, beside other seeds and the best. */
  found(): Table {
    return foundTable(this.foundBy, this.compared.seed);
  }

  /** Sentences: each setting's differences from the first one; whether better teachers, and longer distillation, rank better. */
  verdicts(): string[] {
    const { first, there, stored, seed } = this.compared;
    const said = first
      ? there.filter((of) => of !== first).map((of) => `${settingSentence(this.compared, of)} against ${first.title}.`)
      : [`NO RATINGS YET of ${stored.variants[0].title} with seed ${seed}: nothing can be compared.`];
    const { teachers, course } = this;
    if (teachers.length > 2) {
      const order = kendallTauB(
        teachers.map(({ raw }) => raw.teacher.accuracy),
        teachers.map(({ weighted }) => weighted.tau),
      );
      const falling = [...teachers].sort((a, b) => b.weighted.tau - a.weighted.tau);
      said.push(
        `By weighted tau, the highest first: ${falling.map(({ title, weighted }) => `${title} ${decimals(weighted.tau, 3)}`).join(", ")}.`,
        `Over ${teachers.length} teachers, their accuracy here and their ranking's tau agree by ${decimals(order, 2)} (1: the better teacher always ranks better; with so few teachers even 1 is easily chance).`,
      );
    }
    if (course.length > 1) {
      const rises = course.slice(1).every((one, i) => one.weighted.tau > course[i].weighted.tau);
      said.push(
        `After epochs ${this.epochList} tau is ${this.tauList}: it ${rises ? "rises with every epoch" : "does not rise with every epoch"}.`,
      );
    }
    return said;
  }

  /** Sentences for `lab.findings`: each teacher's ranking, how far seeds lie apart, what was found, and tau by epochs. */
  sentences(): string[] {
    const { tau, concordance, regret } = this.compared.ranges.weighted;
    const unknown = "an unknown part";
    const keys = [...new Set(this.foundBy.teachers.map(({ network }) => network.key))];
    return [
      ...this.teachers.map(
        ({ title, raw, weighted }) =>
          `${title} (${accuracyOf({ raw })} on validation images): weighted tau ${decimals(weighted.tau)}, equal-MACs concordance ${decimals(weighted.concordance)}, regret ${decimals(weighted.regret, 2)} points.`,
      ),
      `Seeds of one setting range over ${decimals(tau) || unknown} of tau, ${decimals(concordance) || unknown} of concordance and ${decimals(regret, 2) || unknown} of regret.`,
      keys.length === 0
        ? "No teacher has ratings: nothing was found."
        : keys.length === 1
          ? `Whoever taught, the same network was found: ${keys[0]}.`
          : `The teachers found ${keys.length} different networks: ${keys.join(", ")}.`,
      ...(this.course.length > 1
        ? [`After ${this.epochList} epochs of distillation tau stood at ${this.tauList}.`]
        : []),
    ];
  }

  /** What `notebook check` compares: five figures of each setting, what the teachers found, the range of the seeds. */
  numbers(): Record<string, string | number | number[] | null> {
    const { compared } = this;
    const { teachers } = this.foundBy;
    const range = compared.ranges.weighted.tau;
    return {
      ...settingNumbers(compared, (one) => ({ teacher_accuracy: one?.raw.teacher.accuracy ?? null })),
      found: teachers.map(({ name, network }) => `${name} ${network.key}`).join(", "),
      found_accuracy: teachers.map(({ network }) => network.accuracy),
      seed_range_tau: Number.isNaN(range) ? null : range,
    };
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table());
  }

  private get foundBy(): FoundByTeachers {
    this.known ??= foundByTeachers(this.compared, this.teachers, this.study.truth);
    return this.known;
  }

  private get epochList(): string {
    return this.course.map(({ epoch }) => epoch).join(", ");
  }

  private get tauList(): string {
    return this.course.map(({ weighted }) => decimals(weighted.tau)).join(", ");
  }
}

/** A teacher's accuracy, and by what where it has no classifier of its own. */
function accuracyOf({ raw }: Pick<ComparedSetting, "raw">): string {
  return `${percent(raw.teacher.accuracy, 1)}${raw.withoutLabels ? " by a linear classifier" : ""}`;
}

/** What is to be known of teachers that saw no labels. */
function teacherNotes(there: readonly ComparedSetting[]): string | undefined {
  const notes = there.flatMap(({ title, raw }) => (raw.teacher.remarks ?? []).map((remark) => `${title}: ${remark}.`));
  return notes.length > 0 ? notes.join(" ") : undefined;
}
