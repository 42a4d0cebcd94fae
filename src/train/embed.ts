import type { StepContext } from "../core";
import type { ImageShape, Preprocessing, Split } from "../data";
import { type Classifier, eachBatch } from "./evaluate";

/** Embeddings of images, each brought to length 1. */
export interface Embeddings {
  /** `[count, features]` */
  readonly values: Float32Array;
  readonly features: number;
}

/**
 * The embeddings of all images of a split, by the network's running statistics.
 * @param network Its `logits` are the features `[batch, features]`.
 * @throws TrainingError when one is NaN or infinite, InterruptedError when stopped.
 */
export async function embed(
  network: Classifier,
  split: Split,
  data: { readonly shape: ImageShape; readonly preprocessing: Preprocessing },
  context: StepContext = {},
  task = "embed",
): Promise<Embeddings> {
  const parts: Float32Array[] = [];
  let features = 0;
  await eachBatch(network, split, data, { context, task }, (values, labels) => {
    features = values.length / labels.length;
    parts.push(unit(values, features));
    return {};
  });
  const all = new Float32Array(split.count * features);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return { values: all, features };
}

function unit(values: ArrayLike<number>, features: number): Float32Array {
  const rows = Float32Array.from(values);
  for (let at = 0; at < rows.length; at += features) {
    const row = rows.subarray(at, at + features);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) for (let i = 0; i < features; i++) row[i] /= length;
  }
  return rows;
}

/** Cosines of pairs of images, one a pair. */
export function pairCosines(
  { values, features }: Embeddings,
  pairs: readonly { readonly first: number; readonly second: number }[],
): Float64Array {
  return Float64Array.from(pairs, ({ first, second }) => {
    let sum = 0;
    for (let i = 0; i < features; i++) sum += values[first * features + i] * values[second * features + i];
    return sum;
  });
}

/** Mean over images of the mean squared difference, a component, of two networks' embeddings. */
export function meanDistance(one: Embeddings, other: Embeddings): number {
  let sum = 0;
  for (let i = 0; i < one.values.length; i++) sum += (one.values[i] - other.values[i]) ** 2;
  return sum / one.values.length;
}
