import { ConfigError, checkOptions, type OptionRules, rule } from "../core";
import { tf } from "../engine";

/** What an own rating function sees of a candidate on one batch of validation images. */
export interface RatedMaps {
  /** What the candidate makes of the batch, `[batch, height, width, channels]`. */
  readonly student: tf.Tensor4D;
  /** The teacher's feature maps there, of the same shape. */
  readonly teacher: tf.Tensor4D;
  /** What enters the block, `[batch, height, width, channels]`: the teacher's maps, or the preprocessed images in block 0. */
  readonly input: tf.Tensor4D;
  readonly block: number;
  readonly cell: number;
  /** One op index a layer. */
  readonly path: readonly number[];
  /** Classes of the images, `[batch]`, where the features know them. */
  readonly labels?: ArrayLike<number>;
  /**
   * The teacher from the block's end on: logits `[batch, classes]` of maps like `student` and `teacher`. Present where the
   * features have the teacher's `rest`; `supernet.rate` gives it.
   */
  logits?(maps: tf.Tensor4D): tf.Tensor2D;
}

/**
 * Rates a candidate on one batch: **lower is better**. Gives the batch's mean as a number or a tensor of one value, or one
 * number an image as an array or a tensor `[batch]`. Tensors that it makes are freed by the caller, those that it is given
 * stay.
 */
export type RatingFunction = (maps: RatedMaps) => number | ArrayLike<number> | tf.Tensor;

/** An own rating with the name that tables, figures and files call it by. */
export interface OwnRating {
  readonly name: string;
  readonly rate: RatingFunction;
  /**
   * Says that ratings of equal name, text and version are the same, so that what is rated is kept. Without it nothing is:
   * a function may see variables that change.
   */
  readonly version?: string | number;
}

const RULES: OptionRules<OwnRating> = {
  name: rule.text,
  rate: rule.any,
  version: rule.either(rule.text, rule.whole),
};

/**
 * An own rating under its name; a function's own name where it comes without one.
 * @param taken Names that mean something else.
 * @throws ConfigError when it is no function, or has no name or a taken one.
 */
export function resolveOwnRating(given: OwnRating | RatingFunction, taken: readonly string[]): OwnRating {
  const own: Partial<OwnRating> | null = typeof given === "function" ? { name: given.name, rate: given } : given;
  if (typeof own?.rate !== "function") {
    throw new ConfigError(
      `rate: rating must be a function of { student, teacher }, or { name, rate } with one, got ${JSON.stringify(given)}; e.g. rating: ({ student, teacher }) => tf.mean(tf.abs(tf.sub(student, teacher)))`,
    );
  }
  if (typeof own.name !== "string" || own.name.trim() === "" || taken.includes(own.name)) {
    throw new ConfigError(
      `rate: an own rating must have a name of its own (not ${taken.join(", ")}), got ${JSON.stringify(own.name)}; give { name: "...", rate: ... }`,
    );
  }
  checkOptions("rate: rating", own, RULES);
  const { name, rate, version } = own;
  return { name, rate, ...(version !== undefined && { version }) };
}

/**
 * Mean over the images of a batch of what an own rating says.
 * @throws ConfigError when it gives anything but finite numbers, one or one an image.
 */
export function meanOwnRating({ name, rate }: OwnRating, maps: RatedMaps): number {
  const images = maps.student.shape[0];
  return tf.tidy(() => {
    const given: unknown = rate(maps);
    const values = given instanceof tf.Tensor ? given.dataSync() : typeof given === "number" ? [given] : given;
    const fail = (must: string, got: string) => {
      const { block, cell, path } = maps;
      return new ConfigError(
        `rate: the own rating "${name}" must give ${must}, got ${got} for block ${block}, cell ${cell}, path [${path.join(", ")}]`,
        { rating: name, block, cell, path },
      );
    };
    if (given instanceof Promise) throw fail("its numbers at once", "a promise; make it no async function");
    if (!isList(values))
      throw fail("a number, or one an image", given === null ? "null" : `a value of type ${typeof given}`);
    if (values.length !== 1 && values.length !== images) {
      throw fail(`one number, or one for each of ${images} images`, `${values.length}`);
    }
    const list = Array.from(values);
    const odd = list.find((value) => !Number.isFinite(value));
    if (odd !== undefined) throw fail("finite numbers", `${odd}`);
    return list.reduce((sum, value) => sum + value, 0) / list.length;
  });
}

function isList(values: unknown): values is ArrayLike<number> {
  return Array.isArray(values) || ArrayBuffer.isView(values);
}

const serials = new WeakMap<RatingFunction, number>();
let last = 0;

/**
 * Plain data that names an own rating within this process: by name, text and version, or, without a version, which function
 * object it is, for two of the same text may see different variables.
 */
export function ownRatingIdentity({ name, rate, version }: OwnRating): Readonly<Record<string, string | number>> {
  if (version !== undefined) return { name, text: String(rate), version };
  if (!serials.has(rate)) serials.set(rate, ++last);
  return { name, text: String(rate), function: serials.get(rate)! };
}
