import { fused, tf } from "../engine";
import type { Activation } from "../space/types";
import { type ForwardContext, Module } from "./module";

/** Share of the batch's statistics in the running ones (PyTorch's meaning of momentum). */
const MOMENTUM = 0.1;

/** Batch normalisation over all but the last axis, with the activation that follows it. */
export class BatchNorm extends Module {
  readonly gamma: tf.Variable<tf.Rank.R1>;
  readonly beta: tf.Variable<tf.Rank.R1>;
  readonly runningMean: tf.Variable<tf.Rank.R1>;
  readonly runningVariance: tf.Variable<tf.Rank.R1>;

  constructor(
    channels: number,
    private readonly epsilon: number,
    private readonly activation: Activation,
  ) {
    super();
    this.gamma = this.parameter("gamma", tf.ones<tf.Rank.R1>([channels]));
    this.beta = this.parameter("beta", tf.zeros<tf.Rank.R1>([channels]));
    this.runningMean = this.buffer("runningMean", tf.zeros<tf.Rank.R1>([channels]));
    this.runningVariance = this.buffer("runningVariance", tf.ones<tf.Rank.R1>([channels]));
  }

  forward(x: tf.Tensor4D, { mode }: ForwardContext): tf.Tensor4D {
    const { gamma, beta, epsilon, activation } = this;
    if (mode === "eval") {
      const { runningMean, runningVariance } = this;
      return fused.batchNormInference(x, gamma, beta, runningMean, runningVariance, {
        epsilon,
        activation,
      }) as tf.Tensor4D;
    }
    const { y, mean, variance } = fused.batchNormTraining(x, gamma, beta, { epsilon, activation });
    absorbStatistics([[this, { mean, variance }]], mode);
    return y as tf.Tensor4D;
  }

  /** What a layer needs to fold this norm into its kernel: scale, shift and the running statistics. */
  get inference() {
    const { gamma, beta, runningMean: mean, runningVariance: variance } = this;
    return { gamma, beta, mean, variance };
  }
}

/** Lets the running statistics of norms follow a batch's, as the mode asks; all at once, for each is small. */
export function absorbStatistics(
  norms: readonly (readonly [BatchNorm, fused.BatchStatistics])[],
  mode: ForwardContext["mode"],
): void {
  if (mode !== "train" && mode !== "recalibrate") return;
  const updates = norms.flatMap(([{ runningMean, runningVariance }, { mean, variance }]) => [
    { running: runningMean, batch: mean },
    { running: runningVariance, batch: variance },
  ]);
  fused.updateRunningAll(updates, mode === "train" ? MOMENTUM : 1);
}
