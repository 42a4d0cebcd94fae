import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engine, fused, tf } from "../../src/engine";
import { close, type Values } from "./fused-helpers";

type Stored = Record<string, { shape: number[]; data: number[] }>;
type Tensors = Record<string, tf.Tensor>;

interface Case {
  name: string;
  // biome-ignore lint/suspicious/noExplicitAny: each op has options of its own.
  options: any;
  pull?: { shape: number[]; data: number[] };
  inputs: Stored;
  outputs: Stored;
  gradients?: Stored;
}

// Made by test/golden/fused/generate.py in float64.
const { cases } = JSON.parse(readFileSync(join(__dirname, "../golden/fused/pytorch.json"), "utf8")) as {
  cases: Case[];
};

function typed(stored: Stored): Values {
  return Object.fromEntries(
    Object.entries(stored).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
  );
}

function mbconv(t: Tensors, options: Case["options"]): Tensors {
  const part = (kernel: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => ({
    kernel: kernel as tf.Tensor4D,
    gamma,
    beta,
  });
  const { y, stats } = fused.mbconvTraining(
    t.x as tf.Tensor4D,
    {
      ...(t.w1 && { expand: part(t.w1, t.gamma1, t.beta1) }),
      depthwise: part(t.wd, t.gamma2, t.beta2),
      ...(t.se1 && { se: { w1: t.se1, b1: t.b1, w2: t.se2, b2: t.b2 } }),
      project: part(t.w2, t.gamma3, t.beta3),
    },
    options,
  );
  const named: Tensors = { y };
  for (const [name, { mean, variance }] of Object.entries(stats)) {
    named[`${name}.mean`] = mean;
    named[`${name}.variance`] = variance;
  }
  return named;
}

const ops: Record<string, (t: Tensors, options: Case["options"]) => Tensors> = {
  mbconvTraining: mbconv,
  batchNormTraining: (t, options) => ({ ...fused.batchNormTraining(t.x, t.gamma, t.beta, options) }),
  squeezeExcite: (t, { activation }) => ({
    y: fused.squeezeExcite(t.x as tf.Tensor4D, t.w1, t.b1, t.w2, t.b2, activation),
  }),
  softmaxCrossEntropy: (t, options) => ({
    loss: fused.softmaxCrossEntropy(t.logits as tf.Tensor2D, tf.cast(t.labels, "int32") as tf.Tensor1D, options),
  }),
  meanSquaredError: (t) => ({ loss: fused.meanSquaredError(t.y, t.target) }),
};

function read(tensors: Tensors): Values {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, t]) => [name, { shape: t.shape, data: Float32Array.from(t.dataSync()) }]),
  );
}

function checkGradients(c: Case): void {
  tf.tidy(() => {
    const inputs = Object.fromEntries(
      Object.entries(typed(c.inputs)).map(([name, { data, shape }]) => [name, tf.tensor(data, shape)]),
    );
    const names = Object.keys(c.gradients!);
    const gradients = tf.grads((...args: tf.Tensor[]) => {
      const outputs = ops[c.name]({ ...inputs, ...Object.fromEntries(names.map((n, i) => [n, args[i]])) }, c.options);
      close(read(outputs), typed(c.outputs));
      return tf.sum(tf.mul(Object.values(outputs)[0], tf.tensor(c.pull!.data, c.pull!.shape)));
    })(names.map((name) => inputs[name]));
    close(read(Object.fromEntries(names.map((n, i) => [n, gradients[i]]))), typed(c.gradients!));
  });
}

function checkOptimizer(c: Case): void {
  tf.tidy(() => {
    const start = typed(c.inputs);
    const w = tf.variable(tf.tensor(start.w.data, start.w.shape));
    const [a, b] = [tf.variable(tf.zerosLike(w)), tf.variable(tf.zerosLike(w))];
    for (let step = 1; step <= 3; step++) {
      const grad = tf.tensor(start[`grad${step - 1}`].data, start.w.shape);
      if (c.name === "sgd") fused.sgdUpdate(w, a, grad, c.options);
      else fused.adamUpdate(w, a, b, grad, { ...c.options, step });
    }
    close(read(c.name === "sgd" ? { w, velocity: a } : { w, m: a, v: b }), typed(c.outputs));
    tf.dispose([w, a, b]);
  });
}

describe.each(["native", "cpu"] as const)("stored float64 values and gradients of PyTorch, on %s", (name) => {
  beforeAll(() => {
    engine.use(name);
  });
  afterAll(() => {
    engine.use("native");
  });

  it.each(cases.map((c, i): [string, Case] => [`${i} ${c.name} ${JSON.stringify(c.options)}`, c]))("%s", (_, c) => {
    expect(tf.getBackend()).toBe(name);
    if (c.gradients) checkGradients(c);
    else checkOptimizer(c);
  });
});
