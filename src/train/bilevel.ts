import { tf } from "../engine";
import { type LossAndGradients, lossAndGradients } from "../nn";

/** Architecture parameters that are to do well on other images than those the weights learn from (DARTS, equations 3 and 4). */
export interface BilevelProblem {
  readonly weights: Map<string, tf.Variable>;
  readonly architecture: Map<string, tf.Variable>;
  /** Losses as functions of both; they must leave nothing behind, such as running statistics. */
  trainingLoss(): tf.Scalar;
  validationLoss(): tf.Scalar;
}

export interface BilevelOptions {
  /**
   * 1: the weights count as given. 2: they are moved by one step of gradient descent first, and the architecture is
   * differentiated through that step (equation 7), which takes four passes in place of one.
   */
  readonly order: 1 | 2;
  /** xi, the rate of that step. */
  readonly learningRate: number;
}

/** Length of the step by which second derivatives are taken (DARTS, footnote 2). */
const STEP = 0.01;

/**
 * Validation loss, of order 2 at the moved weights, and its gradients for the architecture parameters; the caller disposes
 * both. The weights are as before in the end.
 */
export function architectureGradients(
  problem: BilevelProblem,
  { order, learningRate }: BilevelOptions,
): LossAndGradients {
  const { weights, architecture } = problem;
  const validation = () => problem.validationLoss();
  const training = () => problem.trainingLoss();
  if (order === 1) return lossAndGradients(validation, architecture);
  const before = new Map([...weights].map(([name, variable]) => [name, variable.clone()]));
  const moveTo = (along: ReadonlyMap<string, tf.Tensor>, by: number) => {
    for (const [name, direction] of along) {
      tf.tidy(() => weights.get(name)!.assign(tf.add(before.get(name)!, tf.mul(direction, by))));
    }
  };
  const owned: tf.Tensor[] = [...before.values()];
  try {
    const slopes = lossAndGradients(training, weights);
    owned.push(slopes.loss, ...slopes.gradients.values());
    moveTo(slopes.gradients, -learningRate);
    const moved = lossAndGradients(validation, new Map([...prefixed("w.", weights), ...prefixed("a.", architecture)]));
    const [ofWeights, ofArchitecture] = ["w.", "a."].map((prefix) => unprefixed(prefix, moved.gradients));
    owned.push(...ofWeights.values());
    const square = [...ofWeights.values()].map((one) => tf.tidy(() => tf.sum(tf.square(one)).dataSync()[0]));
    const norm = Math.sqrt(square.reduce((sum, value) => sum + value, 0));
    // Weights that do not matter to the validation loss carry nothing back.
    if (norm === 0) return { loss: moved.loss, gradients: ofArchitecture };
    const epsilon = STEP / norm;
    const [above, below] = [epsilon, -epsilon].map((by) => {
      // What the validation loss does not depend on goes back to where it was.
      for (const [name, values] of before) weights.get(name)!.assign(values);
      moveTo(ofWeights, by);
      const { loss, gradients } = lossAndGradients(training, architecture);
      owned.push(loss, ...gradients.values());
      return gradients;
    });
    const gradients = new Map(ofArchitecture);
    for (const [name, high] of above) {
      const through = tf.tidy(() => tf.mul(tf.sub(high, below.get(name)!), -learningRate / (2 * epsilon)));
      const own = gradients.get(name);
      gradients.set(name, own ? tf.add(own, through) : through);
      if (own) owned.push(own, through);
    }
    return { loss: moved.loss, gradients };
  } finally {
    for (const [name, values] of before) weights.get(name)!.assign(values);
    tf.dispose(owned);
  }
}

function prefixed(prefix: string, variables: Map<string, tf.Variable>): [string, tf.Variable][] {
  return [...variables].map(([name, variable]) => [`${prefix}${name}`, variable]);
}

function unprefixed(prefix: string, gradients: Map<string, tf.Tensor>): Map<string, tf.Tensor> {
  const own = [...gradients].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, gradient]) => [name.slice(prefix.length), gradient]));
}
