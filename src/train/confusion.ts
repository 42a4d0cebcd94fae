import type { StepContext } from "../core";
import type { ImageShape, Preprocessing, Split } from "../data";
import { type Classifier, eachBatch } from "./evaluate";

/** A class's answers. */
export interface ClassScore {
  readonly label: number;
  /** Images of the class. */
  readonly count: number;
  readonly correct: number;
  /** Images that were taken for the class, rightly or not. */
  readonly answered: number;
}

/** How often images of one class were taken for another. */
export interface Mistake {
  readonly label: number;
  readonly answer: number;
  readonly count: number;
}

/** Answers of a network by the classes of the images, of any number of classes. */
export class Confusion {
  private readonly counts = new Map<number, number>();
  private readonly ofClass: Uint32Array;
  private readonly answers: Uint32Array;
  private within = 0;
  private seen = 0;

  /** @param classes Number of classes. */
  constructor(readonly classes: number) {
    this.ofClass = new Uint32Array(classes);
    this.answers = new Uint32Array(classes);
  }

  /** Images that were classified. */
  get count(): number {
    return this.seen;
  }

  get correct(): number {
    return Array.from({ length: this.classes }, (_, label) => this.at(label, label)).reduce((sum, n) => sum + n, 0);
  }

  /** Images whose class was among the five highest logits: all of up to five classes. */
  get correctOfFive(): number {
    return this.within;
  }

  /** Images of a class that were taken for another, or for itself. */
  at(label: number, answer: number): number {
    return this.counts.get(label * this.classes + answer) ?? 0;
  }

  /** Class by class. */
  scores(): ClassScore[] {
    return Array.from({ length: this.classes }, (_, label) => ({
      label,
      count: this.ofClass[label],
      correct: this.at(label, label),
      answered: this.answers[label],
    }));
  }

  /** Mistakes, the most frequent first. */
  mistakes(): Mistake[] {
    const wrong = [...this.counts].map(([place, count]) => {
      return { label: Math.floor(place / this.classes), answer: place % this.classes, count };
    });
    return wrong
      .filter(({ label, answer }) => label !== answer)
      .sort((a, b) => b.count - a.count || a.label - b.label || a.answer - b.answer);
  }

  /** Takes a batch in: logits `[batch, classes]`, row-major. Of equal logits the first class counts as the higher. */
  add(logits: ArrayLike<number>, labels: ArrayLike<number>): void {
    const { classes } = this;
    for (let b = 0; b < labels.length; b++) {
      const row = b * classes;
      const label = labels[b];
      const own = logits[row + label];
      let best = 0;
      let above = 0;
      for (let c = 0; c < classes; c++) {
        const logit = logits[row + c];
        if (logit > logits[row + best]) best = c;
        if (logit > own || (logit === own && c < label)) above++;
      }
      const place = label * classes + best;
      this.counts.set(place, (this.counts.get(place) ?? 0) + 1);
      this.ofClass[label]++;
      this.answers[best]++;
      if (above < 5) this.within++;
      this.seen++;
    }
  }
}

/**
 * A network's answers on a split by class, with its running statistics.
 * @throws TrainingError when logits are NaN or infinite, InterruptedError when stopped.
 */
export async function confusionOf(
  network: Classifier,
  split: Split,
  data: { readonly shape: ImageShape; readonly preprocessing: Preprocessing; readonly classes: readonly string[] },
  context: StepContext = {},
  task = "evaluate by class",
): Promise<Confusion> {
  const confusion = new Confusion(data.classes.length);
  await eachBatch(network, split, data, { context, task }, (logits, labels) => {
    confusion.add(logits, labels);
    return { accuracy: confusion.correct / confusion.count };
  });
  return confusion;
}
