import { ConfigError, checkOptions, type OptionRules, rule, type StepContext } from "../../core";
import type { Preprocessing, Split } from "../../data";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { type Classifier, type Confusion, confusionOf } from "../../train";
import { classAccuracyFigure, confusionFigure } from "../../viz";
import { FigureView } from "../display/figure-view";
import { decimals, percent } from "../display/numbers";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import type { LabData } from "./data";

export interface ConfusionOptions {
  /** "validation" unless given; "test" is for what is reported at the end. */
  readonly split?: "validation" | "test" | "train";
}

const CONFUSION_RULES: OptionRules<ConfusionOptions> = { split: rule.oneOf("validation", "test", "train") };

/** Classes that a matrix has room for; of more the most frequent mistakes are shown. */
const MOST_CLASSES = 30;
const MOST_MISTAKES = 20;

/** What is measured, and what it is called. */
export interface Answerer {
  readonly network: Classifier;
  readonly preprocessing: Preprocessing;
  readonly title: string;
}

/** A network's answers on a split of its data, class by class. */
export class LabConfusion implements Displayable {
  constructor(
    readonly confusion: Confusion,
    readonly classes: readonly string[],
    private readonly title: string,
  ) {}

  /** Share of images whose highest logit is the class's (top-1), 0..1. */
  get accuracy(): number {
    return this.confusion.correct / this.confusion.count;
  }

  /** Share of images whose class is among the five highest logits (top-5), 0..1; 1 of up to five classes. */
  get topFive(): number {
    return this.confusion.correctOfFive / this.confusion.count;
  }

  /** Mean of the classes' accuracies (balanced accuracy), 0..1: classes count alike, however many images they have. */
  get meanOfClasses(): number {
    const scores = this.confusion.scores().filter(({ count }) => count > 0);
    return scores.reduce((sum, { correct, count }) => sum + correct / count, 0) / scores.length;
  }

  /** Top-1, top-5 and the mean over classes, with the number of images. */
  summary(): Table {
    const { count } = this.confusion;
    return new Table({
      title: `Accuracy: ${this.title}`,
      columns: ["", "accuracy", "95 % interval"],
      rows: [
        ["top-1", percent(this.accuracy), interval(this.confusion.correct, count)],
        ["top-5", percent(this.topFive), interval(this.confusion.correctOfFive, count)],
        ["mean of the classes", percent(this.meanOfClasses), null],
      ],
      note: `${count} images, ${this.classes.length} classes.${this.classes.length <= 5 ? " Of up to five classes every answer is among the five." : ""}`,
    });
  }

  /** Accuracy, precision and the most frequent mistake of each class. */
  perClass(): Table {
    const worst = new Map<number, { readonly answer: number; readonly count: number }>();
    for (const mistake of this.confusion.mistakes()) {
      if (!worst.has(mistake.label)) worst.set(mistake.label, mistake);
    }
    return new Table({
      title: `Accuracy of each class: ${this.title}`,
      columns: ["class", "images", "accuracy", "95 % interval", "precision", "taken most often for"],
      rows: this.confusion.scores().map(({ label, count, correct, answered }) => {
        const mistake = worst.get(label);
        return [
          this.classes[label],
          count,
          count > 0 ? percent(correct / count) : "not measured",
          count > 0 ? interval(correct, count) : null,
          answered > 0 ? percent(correct / answered) : "never answered",
          mistake ? `${this.classes[mistake.answer]} (${mistake.count})` : null,
        ];
      }),
      note: "Accuracy: of the images of the class those that were taken for it (recall). Precision: of the images taken for it those that are of it.",
    });
  }

  /** The classes' accuracies with their intervals. @throws ConfigError as {@link figure}. */
  perClassFigure(): FigureView {
    this.checkRoom("perClassFigure", "perClass()");
    const classes = this.confusion.scores().flatMap(({ label, count, correct }) => {
      if (count === 0) return [];
      const [low, high] = wilson(correct, count);
      return [{ name: this.classes[label], accuracy: correct / count, low, high }];
    });
    return new FigureView(classAccuracyFigure({ title: this.title, classes }));
  }

  /** The matrix: a row a class, a column an answer; of more than `MOST_CLASSES` classes the most frequent mistakes. */
  table(): Table {
    const { confusion, classes } = this;
    if (classes.length > MOST_CLASSES) return this.mistakes();
    const names = classes.map((_, i) => i);
    return new Table({
      title: `Answers by class: ${this.title}`,
      columns: ["class", ...classes.map((name) => `as ${name}`), "accuracy"],
      rows: confusion
        .scores()
        .map(({ label, count, correct }) => [
          classes[label],
          ...names.map((answer) => confusion.at(label, answer)),
          count > 0 ? percent(correct / count) : "not measured",
        ]),
      note: "A row a class of images, a column an answer.",
    });
  }

  /** The most frequent mistakes. */
  mistakes(most = MOST_MISTAKES): Table {
    checkOptions("confusion.mistakes", { most }, { most: rule.wholeFrom(1) });
    const scores = this.confusion.scores();
    const all = this.confusion.mistakes();
    return new Table({
      title: `Most frequent mistakes: ${this.title}`,
      columns: ["class", "taken for", "images", "share of the class (%)"],
      rows: all
        .slice(0, most)
        .map(({ label, answer, count }) => [
          this.classes[label],
          this.classes[answer],
          count,
          decimals((100 * count) / scores[label].count, 1),
        ]),
      note: `${all.length} pairs of classes were mistaken for each other at least once.`,
    });
  }

  /** Heat map of the matrix. @throws ConfigError when there are more classes than it has room for. */
  figure(): FigureView {
    this.checkRoom("figure", "mistakes()");
    const { confusion, classes } = this;
    const counts = classes.map((_, label) => classes.map((_, answer) => confusion.at(label, answer)));
    return new FigureView(confusionFigure({ title: this.title, classes, counts }));
  }

  private checkRoom(what: string, instead: string): void {
    if (this.classes.length <= MOST_CLASSES) return;
    throw new ConfigError(
      `confusion.${what}: it has room for ${MOST_CLASSES} classes, got ${this.classes.length}; take confusion.${instead}`,
      { classes: this.classes.length },
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    if (this.classes.length > MOST_CLASSES) return showTogether(this.summary(), this.mistakes());
    return showTogether(this.summary(), this.figure());
  }
}

/**
 * Classifies a split of a data set and counts the answers by class.
 * @throws ConfigError when an option is not known, TrainingError, InterruptedError when stopped.
 */
export async function labConfusion(
  where: string,
  { network, preprocessing, title }: Answerer,
  data: LabData,
  options: ConfusionOptions,
  context: StepContext,
): Promise<LabConfusion> {
  checkOptions(where, options, CONFUSION_RULES);
  const { split = "validation" } = options;
  const { shape, classes } = data.dataset;
  const images: Split = data.dataset[split];
  const name = `${title} on ${split} of ${data.name}`;
  const task = `${where} on ${split}`;
  return new LabConfusion(
    await confusionOf(network, images, { shape, classes, preprocessing }, context, task),
    classes,
    name,
  );
}

/** 95 % interval of a share (Wilson 1927): also of none and of all it has a width. */
function wilson(hits: number, count: number): [low: number, high: number] {
  const z = 1.959963984540054;
  const share = hits / count;
  const centre = (share + z ** 2 / (2 * count)) / (1 + z ** 2 / count);
  const half = (z / (1 + z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + z ** 2 / (4 * count ** 2));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

function interval(hits: number, count: number): string {
  const [low, high] = wilson(hits, count);
  return `${decimals(100 * low, 1)} to ${percent(high, 1)}`;
}
