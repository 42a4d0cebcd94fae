import { formatCount } from "../../core";
import type { Dataset, Split } from "../../data";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { sampleImages } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";

/** Classes that a figure has room for. */
const SHOWN_CLASSES = 20;

/** A data set at work in a notebook: its splits, and the seed that all later steps take by default. */
export class LabData implements Displayable {
  readonly name: string;
  readonly classes: readonly string[];
  readonly train: Split;
  readonly validation: Split;
  readonly test: Split;

  constructor(
    readonly dataset: Dataset,
    readonly seed: number,
  ) {
    const { name, classes, train, validation, test } = dataset;
    this.name = name;
    this.classes = classes;
    this.train = train;
    this.validation = validation;
    this.test = test;
  }

  /** The splits, what each is for and how large it is. */
  table(): Table {
    const { dataset } = this;
    const { height, width, channels } = dataset.shape;
    const row = (name: string, purpose: string, { count }: Split) => [name, count, purpose];
    return new Table({
      title: `${this.name}: ${height}x${width}x${channels}, ${this.classes.length} classes, seed ${this.seed}`,
      columns: ["split", "images", "used for"],
      rows: [
        row("train", "training and distillation", this.train),
        row("validation", "rating and search (held out of the training file)", this.validation),
        row("test", "the accuracies reported at the end", this.test),
      ],
      note: `${(dataset.remarks ?? []).map((remark) => `${remark} `).join("")}Pixels are normalised by mean ${list(dataset.preprocessing.mean)} and deviation ${list(dataset.preprocessing.std)} of the training split.`,
    });
  }

  /** The first images of each class, of the first {@link SHOWN_CLASSES} classes. */
  samples(): FigureView {
    const { dataset, train } = this;
    return new FigureView(
      sampleImages({
        dataset: this.name,
        classes: this.classes.slice(0, SHOWN_CLASSES),
        shape: dataset.shape,
        images: train.images,
        labels: train.labels,
      }),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.samples());
  }
}

function list(values: readonly number[]): string {
  return values.map((value) => formatCount(value)).join(", ");
}
