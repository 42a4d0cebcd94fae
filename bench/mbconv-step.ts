import { Rng } from "../src/core/rng";
import { fused, tf } from "../src/engine";

/** One MBConv and the batch it is trained on. */
export interface StepShape {
  batch: number;
  size: number;
  channels: number;
  expansion: number;
  kernel: number;
  stride: 1 | 2;
  se: boolean;
  /** Width of squeeze-excite. */
  reduced: number;
  momentum: number;
  learningRate: number;
  epsilon: number;
  /** Whether the input asks for a gradient, as it does inside a network. */
  inputGradient: boolean;
}

/** Multiply-adds of one forward pass: convolutions and linear layers, one per pair. */
export function macsOf(s: StepShape): number {
  const middle = s.channels * s.expansion;
  const [inPixels, outPixels] = [s.size ** 2, Math.ceil(s.size / s.stride) ** 2];
  const expand = s.expansion > 1 ? inPixels * s.channels * middle : 0;
  const gate = s.se ? 2 * middle * s.reduced : 0;
  return s.batch * (expand + outPixels * middle * s.kernel ** 2 + outPixels * middle * s.channels + gate);
}

type Named = Record<string, { shape: number[]; data: Float32Array }>;

/** Weights, batch and target by name, the same for us and for PyTorch. */
export function stepTensors(s: StepShape, seed = 1): Named {
  const middle = s.channels * s.expansion;
  const out = Math.ceil(s.size / s.stride);
  const kernels: Record<string, number[]> = {
    ...(s.expansion > 1 && { "expand.kernel": [1, 1, s.channels, middle] }),
    "depthwise.kernel": [s.kernel, s.kernel, middle, 1],
    ...(s.se && { "se.w1": [middle, s.reduced], "se.w2": [s.reduced, middle] }),
    "project.kernel": [1, 1, middle, s.channels],
  };
  const named: Named = {};
  const fill = (name: string, shape: number[], value: (rng: Rng) => number) => {
    const rng = new Rng(seed).fork(name);
    const size = shape.reduce((a, b) => a * b, 1);
    named[name] = { shape, data: Float32Array.from({ length: size }, () => value(rng)) };
  };
  for (const [name, shape] of Object.entries(kernels)) {
    const fan = name === "depthwise.kernel" ? s.kernel ** 2 : shape[shape.length - 2];
    fill(name, shape, (rng) => rng.normal() / Math.sqrt(fan));
  }
  for (const [part, channels] of [
    ["expand", middle],
    ["depthwise", middle],
    ["project", s.channels],
  ] as const) {
    if (part === "expand" && s.expansion === 1) continue;
    fill(`${part}.gamma`, [channels], (rng) => 1 + 0.1 * rng.normal());
    fill(`${part}.beta`, [channels], (rng) => 0.1 * rng.normal());
  }
  if (s.se) {
    fill("se.b1", [s.reduced], (rng) => 0.1 * rng.normal());
    fill("se.b2", [middle], (rng) => 0.1 * rng.normal());
  }
  fill("x", [s.batch, s.size, s.size, s.channels], (rng) => rng.normal());
  fill("target", [s.batch, out, out, s.channels], (rng) => rng.normal());
  return named;
}

/** Our training step through the public API: forward, loss, gradients, SGD, running statistics. */
export class OurStep {
  private readonly weights: Record<string, tf.Variable> = {};
  private readonly running: Record<string, tf.Variable> = {};
  private readonly velocities: Record<string, tf.Variable> = {};
  private readonly x: tf.Variable;
  private readonly target: tf.Tensor;

  constructor(
    private readonly s: StepShape,
    named: Named,
  ) {
    const tensor = (name: string) => tf.tensor(named[name].data, named[name].shape);
    const variable = (value: tf.Tensor) => {
      const made = tf.variable(value);
      value.dispose();
      return made;
    };
    for (const name of Object.keys(named)) {
      if (name === "x" || name === "target") continue;
      this.weights[name] = variable(tensor(name));
      if (s.momentum) this.velocities[name] = variable(tf.zerosLike(this.weights[name]));
      if (name.endsWith("gamma")) {
        this.running[`${name.replace("gamma", "mean")}`] = variable(tf.zerosLike(this.weights[name]));
        this.running[`${name.replace("gamma", "variance")}`] = variable(tf.onesLike(this.weights[name]));
      }
    }
    this.x = variable(tensor("x"));
    this.target = tensor("target");
  }

  /** Loss and gradients; whoever calls disposes them. */
  private gradients(): { value: tf.Scalar; grads: tf.NamedTensorMap } {
    const { weights: w, s } = this;
    const part = (name: string) => ({
      kernel: w[`${name}.kernel`] as tf.Tensor as tf.Tensor4D,
      gamma: w[`${name}.gamma`],
      beta: w[`${name}.beta`],
    });
    const learned = Object.values(w);
    return tf.variableGrads(
      () => {
        const { y, stats } = fused.mbconvTraining(
          this.x as tf.Tensor as tf.Tensor4D,
          {
            ...(s.expansion > 1 && { expand: part("expand") }),
            depthwise: part("depthwise"),
            ...(s.se && { se: { w1: w["se.w1"], b1: w["se.b1"], w2: w["se.w2"], b2: w["se.b2"] } }),
            project: part("project"),
          },
          {
            stride: s.stride,
            padding: s.kernel >> 1,
            epsilon: s.epsilon,
            activation: "silu",
            residual: s.stride === 1,
            inputGradient: s.inputGradient,
          },
        );
        for (const [name, { mean, variance }] of Object.entries(stats)) {
          fused.updateRunning(this.running[`${name}.mean`], mean, 0.1);
          fused.updateRunning(this.running[`${name}.variance`], variance, 0.1);
        }
        return fused.meanSquaredError(y, this.target);
      },
      s.inputGradient ? [...learned, this.x] : learned,
    );
  }

  /** One step; returns the loss. */
  run(): number {
    const { value, grads } = this.gradients();
    const { learningRate, momentum } = this.s;
    const options = { learningRate, momentum, weightDecay: 0, nesterov: false };
    for (const [name, weight] of Object.entries(this.weights)) {
      fused.sgdUpdate(weight, this.velocities[name] ?? null, grads[weight.name], options);
    }
    const loss = value.dataSync()[0];
    tf.dispose([value, ...Object.values(grads)]);
    return loss;
  }

  /** Loss and gradients by name before the first step. */
  first(): { loss: number; grads: Record<string, Float32Array> } {
    const { value, grads } = this.gradients();
    const named: Record<string, Float32Array> = {};
    for (const [name, weight] of Object.entries(this.weights)) {
      named[name] = grads[weight.name].dataSync() as Float32Array;
    }
    if (this.s.inputGradient) named.x = grads[this.x.name].dataSync() as Float32Array;
    const loss = value.dataSync()[0];
    tf.dispose([value, ...Object.values(grads)]);
    return { loss, grads: named };
  }

  dispose(): void {
    const { weights, running, velocities, x, target } = this;
    tf.dispose([...Object.values(weights), ...Object.values(running), ...Object.values(velocities), x, target]);
  }
}
