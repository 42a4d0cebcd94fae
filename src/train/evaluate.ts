import { breathe, Progress, type StepContext, TrainingError } from "../core";
import { type ImageShape, imageSize, type Preprocessing, readAhead, type Split, takeBatch } from "../data";
import { tf } from "../engine";
import type { ForwardContext } from "../nn";

/** A network that classifies: a teacher's, a student's, or one of a test. */
export interface Classifier {
  logits(x: tf.Tensor4D, context: ForwardContext): tf.Tensor2D;
}

export interface Evaluation {
  /** Share of images whose highest logit is the label's (top-1). */
  readonly accuracy: number;
  readonly correct: number;
  readonly count: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
}

/** Images of an evaluation's batch; each is classified on its own, so this changes speed only. */
const BATCH = 250;

/**
 * Top-1 accuracy and cross-entropy of a network on a split, with its running statistics.
 * @throws TrainingError when logits are NaN or infinite: they would count as class 0.
 * @throws InterruptedError when stopped.
 */
export async function evaluate(
  network: Classifier,
  split: Split,
  data: { readonly shape: ImageShape; readonly preprocessing: Preprocessing },
  context: StepContext = {},
  task = "evaluate",
): Promise<Evaluation> {
  const { count } = split;
  let correct = 0;
  let lossSum = 0;
  let seen = 0;
  await eachBatch(network, split, data, { context, task }, (values, labels) => {
    const scored = score(values, labels);
    correct += scored.correct;
    lossSum += scored.lossSum;
    seen += labels.length;
    return { accuracy: correct / seen };
  });
  return { accuracy: correct / count, correct, count, loss: lossSum / count };
}

/**
 * Has all images of a split classified, batch by batch.
 * @param take Takes the logits `[batch, classes]`, row-major, and the labels of a batch; what it gives is shown with the progress.
 * @throws TrainingError when logits are NaN or infinite, InterruptedError when stopped.
 */
export async function eachBatch(
  network: Classifier,
  split: Split,
  data: { readonly shape: ImageShape; readonly preprocessing: Preprocessing },
  { context, task }: { readonly context: StepContext; readonly task: string },
  take: (logits: ArrayLike<number>, labels: ArrayLike<number>) => Record<string, number>,
): Promise<void> {
  const { count } = split;
  const progress = new Progress(context, task, count, "images");
  const size = imageSize(data.shape);
  for (let from = 0; from < count; from += BATCH) {
    const indices = Uint32Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => from + i);
    const next = from + BATCH;
    readAhead(
      split,
      Uint32Array.from({ length: Math.max(0, Math.min(BATCH, count - next)) }, (_, i) => next + i),
      size,
    );
    const logits = tf.tidy(() => {
      const { images } = takeBatch(split, indices, data);
      return network.logits(images, { mode: "eval" });
    });
    const labels = split.labels.subarray(from, from + indices.length);
    const values = logits.dataSync();
    logits.dispose();
    if (!values.every(Number.isFinite)) {
      throw new TrainingError(
        `${task}: logits must be finite, got NaN or infinity for images ${from} to ${from + indices.length - 1}: the weights are damaged or the training diverged; train it anew at a lower learning rate`,
        { task, from },
      );
    }
    progress.advance(indices.length, take(values, labels));
    await breathe();
  }
}

/** Right answers and summed cross-entropy of logits `[batch, classes]`, row-major. */
export function score(logits: ArrayLike<number>, labels: ArrayLike<number>): { correct: number; lossSum: number } {
  const classes = logits.length / labels.length;
  let correct = 0;
  let lossSum = 0;
  for (let b = 0; b < labels.length; b++) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (logits[b * classes + c] > logits[b * classes + best]) best = c;
    if (best === labels[b]) correct++;
    const highest = logits[b * classes + best];
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += Math.exp(logits[b * classes + c] - highest);
    lossSum += Math.log(sum) + highest - logits[b * classes + labels[b]];
  }
  return { correct, lossSum };
}
