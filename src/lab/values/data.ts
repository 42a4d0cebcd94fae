import { checkOptions, formatCount, type OptionRules, Rng, rule } from "../../core";
import {
  AUGMENTATION_RULES,
  type Augmentation,
  batchValues,
  checkAugmentation,
  type Dataset,
  imageSize,
  imagesInMemory,
  type Split,
} from "../../data";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { sampleImages } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";

/** Classes that a figure has room for. */
const SHOWN_CLASSES = 20;
/** Pictures of a class in a figure. */
const COLUMNS = 10;

export interface ShowOptions {
  /** Random changes as a training makes them; the pictures as they are unless given. */
  readonly augment?: Augmentation;
  /** Of the changes; the data's unless given. */
  readonly seed?: number;
}

const SHOW_RULES: OptionRules<ShowOptions> = {
  augment: rule.options<Augmentation>(AUGMENTATION_RULES),
  seed: rule.whole,
};

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

  /** The first images of each class, of the first `SHOWN_CLASSES` classes. */
  samples(): FigureView {
    const { dataset, train } = this;
    const classes = this.classes.slice(0, SHOWN_CLASSES);
    const indices = classes.flatMap((_, label) => firstOf(train, label, COLUMNS));
    return new FigureView(
      sampleImages({
        dataset: this.name,
        classes,
        shape: dataset.shape,
        images: imagesInMemory(train, indices, imageSize(dataset.shape)),
        labels: indices.map((index) => train.labels[index]),
      }),
    );
  }

  /**
   * The pictures of each class; with `augment` its first one as it is, and then as a training by these random changes may see
   * it: `data.show({ augment: { crop: {}, flip: true, randAugment: {} } })`.
   * @throws ConfigError when an option is not known or cannot be.
   */
  show(options: ShowOptions = {}): FigureView {
    checkOptions("data.show", options, SHOW_RULES);
    const { augment, seed = this.seed } = options;
    if (!augment) return this.samples();
    const { shape, preprocessing } = this.dataset;
    checkAugmentation(augment, shape, "data.show");
    const classes = this.classes.slice(0, SHOWN_CLASSES);
    const firsts = classes.flatMap((_, label) => firstOf(this.train, label, 1));
    const size = imageSize(shape);
    const images = new Uint8Array(COLUMNS * firsts.length * size);
    images.set(imagesInMemory(this.train, firsts, size));
    for (let column = 1; column < COLUMNS; column++) {
      const rng = new Rng(seed).fork(`show${column}`);
      const values = batchValues(this.train, firsts, shape, preprocessing, { ...augment, rng });
      images.set(asBytes(values, preprocessing), column * firsts.length * size);
    }
    const labels = Array.from(
      { length: COLUMNS * firsts.length },
      (_, i) => this.train.labels[firsts[i % firsts.length]],
    );
    const words = `the first of each class, then as changed by ${Object.keys(augment).join(", ") || "nothing"}`;
    return new FigureView(sampleImages({ dataset: this.name, classes, shape, images, labels, words }, COLUMNS));
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.samples());
  }
}

/** Indices of a class's first images. */
function firstOf({ labels, count }: Split, label: number, most: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < count && found.length < most; i++) if (labels[i] === label) found.push(i);
  return found;
}

/** A network's inputs as pictures again. */
function asBytes(values: Float32Array, { mean, std }: Dataset["preprocessing"]): Uint8ClampedArray {
  return Uint8ClampedArray.from(values, (value, i) => 255 * (value * std[i % std.length] + mean[i % mean.length]));
}

function list(values: readonly number[]): string {
  return values.map((value) => formatCount(value)).join(", ");
}
