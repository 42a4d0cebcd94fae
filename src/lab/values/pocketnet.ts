import { formatCount } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { type CellArchitecture, parseCell } from "../../space";
import {
  type ArmDifference,
  FALSE_ACCEPT_RATES,
  judgedPairs,
  type LengthSummary,
  POCKETNET_ARM_NAMES,
  POCKETNET_ARMS,
  type PocketNetArmName,
  type PocketNetArmSummary,
  type PocketNetSummary,
  rocOf,
  type StoredPocketNet,
  storedPocketNet,
  studentArchitecture,
  summariseLengths,
  summarisePocketNet,
} from "../../systems/pocketnet";
import type { MeanInterval } from "../../systems/search-comparison";
import { rocFigure, studyCurve } from "../../viz";
import { FigureView } from "../display/figure-view";
import { meanWords } from "../display/interval-words";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { type Findings, findings } from "../words/findings";
import { type LabCells, labCells } from "./cells";

/** What the paper's repository logs after the first epoch: 100 times the mean squared error, by KD and by multi-step KD. */
const PUBLISHED_FIRST = { kd: 1.22, "multi-step": 0.851 } as const;

/**
 * PocketNet on synthetic faces: `npx blockwise study pocketnet` made the trainings, all figures are computed here from the cosines
 * that they left.
 */
export class LabPocketNet implements Displayable {
  readonly summary: PocketNetSummary;

  constructor(readonly stored: StoredPocketNet) {
    this.summary = summarisePocketNet(stored, stored.settings);
  }

  /** The figures of one way to train: "none", "kd", "multi-step", "none-longer", "blockwise". */
  of(arm: PocketNetArmName): PocketNetArmSummary {
    return this.summary.arms.find((one) => one.arm === arm)!;
  }

  /** The cells that the search found, in the network of the students. */
  cells(): LabCells {
    return labCells(this.student());
  }

  /** The students' network. */
  student(): CellArchitecture {
    const { settings, search } = this.stored;
    const { side } = settings.faces;
    const read = (text: string) => parseCell(text, { output: "all" });
    const cells = { normal: read(search.cells.normal), reduction: read(search.cells.reduction) };
    return studentArchitecture(settings, { height: side, width: side, channels: 3 }, cells);
  }

  /** The search epoch by epoch. */
  search(): Table {
    const { history, best } = this.stored.search;
    return new Table({
      title: "Search by gradient descent",
      columns: ["epoch", "loss of the weights' half", "loss of the architecture's half", "top-1 on validation (%)"],
      rows: history.map(({ epoch, trainLoss, architectureLoss, validationAccuracy }) => [
        epoch,
        trainLoss.toFixed(3),
        architectureLoss.toFixed(3),
        (100 * validationAccuracy).toFixed(1),
      ]),
      note: `Cross-entropy of identities in nats, of the mixture of all operations. The cells are those of epoch ${best}, whose mixture validated best.`,
    });
  }

  /** What the networks cost. */
  networks(): Table {
    const { teacher, students, blockwise } = this.stored;
    const row = (name: string, { macs, params }: { readonly macs: number; readonly params: number }, what: string) => [
      name,
      formatCount(macs),
      formatCount(params),
      what,
    ];
    return new Table({
      title: "Networks",
      columns: ["network", "MACs", "parameters", "how it came about"],
      rows: [
        row("teacher", teacher.size, "three wide MBConv layers, given"),
        row("DARTS student", students.darts, "cells found by gradient descent, in PocketNet's design"),
        row(
          "block-wise student",
          students.blockwise,
          `best of ${product(blockwise.candidates)} by ratings, within the DARTS student's MACs`,
        ),
      ],
      note: `The block-wise student's layers: ${blockwise.layers}.`,
    });
  }

  /** Verification of strangers by every training. */
  table(): Table {
    const { arms, teacher } = this.summary;
    const { folds, pairs } = this.stored.settings.pairs;
    const rate = (value: number | null | undefined) => (typeof value === "number" ? value.toFixed(1) : "not measured");
    return new Table({
      title: `Verification of ${2 * folds * pairs} pairs of synthetic strangers`,
      columns: [
        "training",
        "epochs",
        "accuracy (%)",
        "by seed",
        ...FALSE_ACCEPT_RATES.map((far) => `TAR (%) at FAR ${100 * far} %`),
        "cosine with the teacher",
      ],
      rows: [
        [
          "teacher",
          this.stored.teacher.epochs.length,
          teacher.accuracy.toFixed(2),
          "",
          ...FALSE_ACCEPT_RATES.map((far) => rate(teacher.tar[String(far)])),
          "",
        ],
        ...arms.map(({ arm, epochs, accuracy, runs, tar, withTeacher }) => [
          POCKETNET_ARMS[arm].title,
          epochs,
          meanWords(accuracy),
          runs.map((run) => run.accuracy.toFixed(2)).join(", "),
          ...FALSE_ACCEPT_RATES.map((far) => rate(tar[String(far)]?.mean)),
          withTeacher.mean.toFixed(3),
        ]),
      ],
      note: `Accuracy: the threshold of each of ${folds} folds is chosen on the others. Means over ${this.seeds} seeds, with 95 % intervals by Student's t.`,
    });
  }

  /** The same trainings with fewer and with more epochs. */
  lengths(): Table {
    return new Table({
      title: "Verification by the students' epochs: accuracy (%)",
      columns: [
        "epochs",
        ...POCKETNET_ARM_NAMES.map((arm) => POCKETNET_ARMS[arm].title),
        "KD less none (points)",
        "multi-step less KD (points)",
      ],
      rows: this.byLength().map(({ epochs, accuracy, kdLessNone, multiStepLessKd }) => [
        epochs,
        ...POCKETNET_ARM_NAMES.map((arm) => accuracy[arm].mean.toFixed(2)),
        meanWords(kdLessNone),
        meanWords(multiStepLessKd),
      ]),
      note: `Means over ${this.seeds} seeds; differences seed by seed with 95 % intervals by Student's t. The teacher, of ${this.stored.teacher.epochs.length} epochs, verifies ${this.summary.teacher.accuracy.toFixed(2)} %. Training at KD's cost has some epochs more.`,
    });
  }

  /** What depends on how long students learn, by their epochs. */
  byLength(): LengthSummary[] {
    return summariseLengths(this.stored, this.stored.settings);
  }

  /** Receiver operating characteristics of the first seed's trainings. */
  roc(): FigureView {
    const judged = judgedPairs(this.stored.settings);
    const { folds, pairs } = this.stored.settings.pairs;
    const curve = (name: string, run: { readonly cosines: string }) => {
      const points = rocOf(run, judged);
      return { name, far: points.map(({ far }) => far), tar: points.map(({ tar }) => tar) };
    };
    return new FigureView(
      rocFigure({
        title: "Telling synthetic strangers apart",
        subtitle: `first seed of each; ${folds * pairs} pairs of one person, ${folds * pairs} of two`,
        series: [
          curve("teacher", this.stored.teacher),
          ...POCKETNET_ARM_NAMES.map((arm) => curve(POCKETNET_ARMS[arm].title, this.stored.arms[arm][0])),
        ],
        pairs: folds * pairs,
      }),
    );
  }

  /** How far the student is from what it learns from, epoch by epoch. */
  distances(): FigureView {
    const series = (["kd", "multi-step", "blockwise"] as const).map((arm) => {
      const { distances } = this.of(arm);
      return {
        name: POCKETNET_ARMS[arm].title,
        x: distances.map((_, i) => i + 1),
        y: distances.map(({ mean }) => mean),
        interval: distances.map(({ mean, interval = [mean, mean] }): [number, number] => [interval[0], interval[1]]),
      };
    });
    return new FigureView(
      studyCurve({
        title: "Distance to the teacher's embeddings",
        subtitle: `mean squared difference x ${this.stored.settings.distillationWeight}, means of ${this.seeds} seeds`,
        series,
        xTitle: "epoch",
        yTitle: "weighted distance",
      }),
    );
  }

  /** What is true of these trainings. */
  findings(): Findings {
    const [none, kd, multi] = (["none", "kd", "multi-step"] as const).map((arm) => this.of(arm));
    const of = (one: PocketNetArmName, other: PocketNetArmName) => verdict(this.difference(one, other));
    const ordered = none.accuracy.mean < kd.accuracy.mean && kd.accuracy.mean <= multi.accuracy.mean;
    const nearer = kd.distances.filter(({ mean }, i) => multi.distances[i].mean < mean).length;
    const [first, firstMulti] = [kd.distances[0].mean, multi.distances[0].mean];
    const { teacher } = this.summary;
    return findings([
      `The teacher verifies ${teacher.accuracy.toFixed(2)} % of the pairs, students without it ${none.accuracy.mean.toFixed(2)} %: ${teacher.accuracy > none.accuracy.mean ? "there is something to learn from it" : "it is no better than they, so that this cannot show what a good teacher gives"}.`,
      `The paper's order, none < KD <= multi-step KD, ${ordered ? "is" : "is not"} that of the mean accuracies here: ${list([none, kd, multi])}.`,
      this.stored.lengths.length > 0 && this.orderByLength(),
      `KD against none, seed by seed: ${of("kd", "none")}. Multi-step KD against none: ${of("multi-step", "none")}. Multi-step KD against KD: ${of("multi-step", "kd")}.`,
      `At equal training cost, where the final teacher's one pass over the images is counted as well, training without a teacher has ${this.of("none-longer").epochs} epochs in place of ${none.epochs}: against it KD ${of("kd", "none-longer")}; multi-step KD, whose teacher makes a pass for each epoch and so costs more, ${of("multi-step", "none-longer")}.`,
      `The teacher that is as far in its training as the student is nearer than the final one in ${nearer} of ${kd.distances.length} epochs; after the first the weighted distance is ${firstMulti.toFixed(3)} against ${first.toFixed(3)}, ${(firstMulti / first).toFixed(2)} of it (the paper's logs: ${PUBLISHED_FIRST["multi-step"]} against ${PUBLISHED_FIRST.kd}, ${(PUBLISHED_FIRST["multi-step"] / PUBLISHED_FIRST.kd).toFixed(2)}).`,
      `In the end the mean cosine with the final teacher, on strangers, is ${[none, kd, multi].map(({ arm, withTeacher }) => `${withTeacher.mean.toFixed(3)} (${POCKETNET_ARMS[arm].title})`).join(", ")}.`,
      `The block-wise student against the DARTS one, at no more MACs: both with multi-step KD: ${of("blockwise", "multi-step")}.`,
      `The faces are synthetic: what is said here is of the methods, not of how well real people are told apart.`,
    ]);
  }

  private orderByLength(): string {
    const said = this.byLength().map(({ epochs, kdLessNone, multiStepLessKd }) => {
      const holds = kdLessNone.mean > 0 && multiStepLessKd.mean >= 0;
      return `after ${epochs} epochs it ${holds ? "is" : "is not"} so (KD less none ${signed(kdLessNone)}; multi-step less KD ${signed(multiStepLessKd)})`;
    });
    return `By how long students learn: ${said.join("; ")}.`;
  }

  private get seeds(): number {
    return this.stored.settings.seeds.length;
  }

  private difference(one: PocketNetArmName, other: PocketNetArmName): ArmDifference {
    return this.summary.differences.find(({ of, against }) => of === one && against === other)!;
  }

  async [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.roc());
  }
}

function signed({ mean, interval }: MeanInterval): string {
  const told = interval && (interval[0] > 0 || interval[1] < 0);
  return `${mean > 0 ? "+" : ""}${mean.toFixed(2)} points${told ? "" : ", not told apart"}`;
}

function list(arms: readonly PocketNetArmSummary[]): string {
  return arms.map(({ arm, accuracy }) => `${accuracy.mean.toFixed(2)} % (${POCKETNET_ARMS[arm].title})`).join(", ");
}

function verdict({ accuracy, ahead: [seeds, all] }: ArmDifference): string {
  const { mean, interval } = accuracy;
  const told = interval && (interval[0] > 0 || interval[1] < 0);
  const said = `${mean > 0 ? "+" : ""}${meanWords(accuracy)} points, ahead or equal in ${seeds} of ${all} seeds`;
  return told ? said : `${said}, not told apart`;
}

function product(values: readonly number[]): string {
  return formatCount(values.reduce((all, value) => all * value, 1));
}

/**
 * The stored trainings of PocketNet's study.
 * @param path Of a file that `npx blockwise study pocketnet` wrote; the one that ships with Blockwise when left out.
 * @throws DataError when there is none.
 */
export function pocketnet(path?: string): LabPocketNet {
  return new LabPocketNet(storedPocketNet(path));
}
