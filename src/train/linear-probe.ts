import { checkOptions, InterruptedError, type OptionRules, Rng, rule, type StepContext } from "../core";
import { type Dataset, type Split, takeBatch } from "../data";
import { fused, tf } from "../engine";
import { adam, cosine, type ForwardContext, linearKernel, lossAndGradients, ParameterContainer } from "../nn";
import { score } from "./evaluate";

/** What gives the features: its weights stay. */
export interface ProbedNetwork {
  /** `[batch, height, width, channels]` of preprocessed images; it is averaged over height and width. */
  forward(images: tf.Tensor4D, context: ForwardContext): tf.Tensor4D;
}

export interface LinearProbeOptions {
  readonly seed: number;
  /** Steps of Adam over all training images at once. */
  readonly steps?: number;
  readonly learningRate?: number;
}

const RULES: OptionRules<LinearProbeOptions> = {
  seed: rule.whole,
  steps: rule.wholeFrom(1),
  learningRate: rule.above(0),
};

const BATCH = 256;

/**
 * Accuracy, 0..1, on the test images of a linear classifier of a network's features, which do not change: how much of the
 * classes is in what was learnt without labels. Features are standardised by the training images.
 * @throws ConfigError for options out of range, InterruptedError when stopped.
 */
export async function linearProbe(
  source: ProbedNetwork,
  data: Pick<Dataset, "train" | "test" | "classes" | "shape" | "preprocessing">,
  options: LinearProbeOptions,
  { signal }: StepContext = {},
): Promise<number> {
  checkOptions("linearProbe", options, RULES);
  const { seed, steps = 300, learningRate = 0.05 } = options;
  const [train, test] = [features(source, data.train, data), features(source, data.test, data)];
  const { mean, variance } = tf.moments(train, 0);
  const deviation = tf.sqrt(tf.add(variance, 1e-6));
  const standard = (rows: tf.Tensor2D) => tf.div(tf.sub(rows, mean), deviation) as tf.Tensor2D;
  const [x, unseen] = [standard(train), standard(test)];
  const labels = (split: Split) => tf.tensor1d(Int32Array.from(split.labels), "int32");
  const [wanted, truth] = [labels(data.train), labels(data.test)];
  const probe = new LinearClassifier(x.shape[1], data.classes.length, new Rng(seed).fork("linear probe"));
  const optimizer = adam();
  const schedule = cosine({ base: learningRate, total: steps });
  try {
    for (let step = 0; step < steps; step++) {
      if (signal?.aborted) throw new InterruptedError(`linear probe: stopped at ${step} of ${steps} steps`);
      const { loss, gradients } = lossAndGradients(
        () => fused.softmaxCrossEntropy(probe.logits(x), wanted, { smoothing: 0 }),
        probe.parameters(),
      );
      optimizer.step(gradients, probe.parameters(), schedule(step));
      tf.dispose([loss, ...gradients.values()]);
    }
    return tf.tidy(() => score(probe.logits(unseen).dataSync(), truth.dataSync()).correct) / data.test.count;
  } finally {
    probe.dispose();
    optimizer.dispose();
    tf.dispose([train, test, mean, variance, deviation, x, unseen, wanted, truth]);
  }
}

class LinearClassifier extends ParameterContainer {
  private readonly kernel: tf.Variable<tf.Rank.R2>;
  private readonly bias: tf.Variable<tf.Rank.R1>;

  constructor(features: number, classes: number, rng: Rng) {
    super();
    this.kernel = this.parameter("kernel", linearKernel(features, classes, rng));
    this.bias = this.parameter("bias", tf.zeros<tf.Rank.R1>([classes]));
  }

  logits(x: tf.Tensor2D): tf.Tensor2D {
    return tf.add(tf.matMul(x, this.kernel), this.bias) as tf.Tensor2D;
  }
}

/** Pooled features of all images of a split, `[images, channels]`. */
function features(source: ProbedNetwork, split: Split, data: Pick<Dataset, "shape" | "preprocessing">): tf.Tensor2D {
  const parts: tf.Tensor2D[] = [];
  for (let start = 0; start < split.count; start += BATCH) {
    const indices = Array.from({ length: Math.min(BATCH, split.count - start) }, (_, i) => start + i);
    const { images, labels } = takeBatch(split, indices, data);
    parts.push(tf.tidy(() => tf.mean(source.forward(images, { mode: "eval" }), [1, 2]) as tf.Tensor2D));
    tf.dispose([images, labels]);
  }
  const all = tf.concat(parts, 0) as tf.Tensor2D;
  tf.dispose(parts);
  return all;
}
