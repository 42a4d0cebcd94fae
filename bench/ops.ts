import { fused, tf } from "../src/engine";
import { adam, type Optimizer, type StoredTensor, sgd } from "../src/nn";
import { type Contestant, stored, type Task, valuesOf } from "./contest";
import { labelsOf, randomTensor, SMOOTH, toTensor } from "./training";

const LEARNING_RATE = 1e-3;
const MOMENTUM = 0.9;

/** An operation and its gradients for an incoming one, on tensors by name. */
function operation(
  name: string,
  inputs: Record<string, StoredTensor>,
  dy: StoredTensor,
  compute: (...tensors: tf.Tensor[]) => tf.Tensor,
  more: object = {},
): Task {
  const payload = Object.fromEntries(Object.entries({ ...inputs, dy }).map(([key, value]) => [key, stored(value)]));
  return {
    name,
    tolerance: SMOOTH,
    payload: { ...payload, ...more },
    ours: (): Contestant => {
      const tensors = Object.values(inputs).map((value) => toTensor<tf.Tensor>(value));
      const incoming = toTensor<tf.Tensor>(dy);
      const gradients = () => tf.grads(compute)(tensors, incoming);
      return {
        run: () => tf.dispose(gradients()),
        first: () => {
          const found = gradients();
          const values = valuesOf(Object.keys(inputs).map((key, i) => [key, found[i]]));
          tf.dispose(found);
          return { loss: 0, values };
        },
        dispose: () => tf.dispose([...tensors, incoming]),
      };
    },
  };
}

/** Squeeze-excite of `[batch, size, size, channels]`, forward and backward. */
export function squeezeExcite(batch: number, size: number, channels: number, reduced: number): Task {
  const map = [batch, size, size, channels];
  const inputs = {
    x: randomTensor("x", map),
    w1: randomTensor("w1", [channels, reduced], channels ** -0.5),
    b1: randomTensor("b1", [reduced], 0.1),
    w2: randomTensor("w2", [reduced, channels], reduced ** -0.5),
    b2: randomTensor("b2", [channels], 0.1),
  };
  return operation("squeeze-excite", inputs, randomTensor("dy", map), (x, w1, b1, w2, b2) =>
    fused.squeezeExcite(x as tf.Tensor4D, w1, b1, w2, b2, "silu"),
  );
}

/** A depthwise convolution of `[batch, size, size, channels]` by ordinary TensorFlow.js, forward and backward. */
export function depthwise(batch: number, size: number, channels: number, kernel: number, stride: 1 | 2): Task {
  const out = Math.ceil(size / stride);
  const inputs = {
    x: randomTensor("x", [batch, size, size, channels]),
    w: randomTensor("w", [kernel, kernel, channels, 1], 1 / kernel),
  };
  const dy = randomTensor("dy", [batch, out, out, channels]);
  const compute = (x: tf.Tensor, w: tf.Tensor) =>
    tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, kernel >> 1);
  return operation("depthwise", inputs, dy, compute, { stride });
}

/** Softmax cross-entropy of `[batch, classes]` and its gradient. */
export function crossEntropy(batch: number, classes: number): Task {
  const logits = randomTensor("logits", [batch, classes]);
  const labels = labelsOf(batch, classes);
  return {
    name: "cross-entropy",
    layouts: false,
    tolerance: SMOOTH,
    payload: { logits: stored(logits), labels: [...labels] },
    ours: () => {
      const x = toTensor<tf.Tensor>(logits);
      const y = tf.tensor1d(labels, "int32");
      const both = () => tf.valueAndGrad((t) => fused.softmaxCrossEntropy(t as tf.Tensor2D, y, { smoothing: 0 }))(x);
      return {
        run: () => {
          const { value, grad } = both();
          tf.dispose([value, grad]);
        },
        first: () => {
          const { value, grad } = both();
          const outcome = { loss: value.dataSync()[0], values: valuesOf([["logits", grad]]) };
          tf.dispose([value, grad]);
          return outcome;
        },
        dispose: () => tf.dispose([x, y]),
      };
    },
  };
}

/** One step of an optimiser over all parameters of a network, whose gradients stay. */
export function update(rule: "adam" | "sgd", shapes: readonly (readonly number[])[]): Task {
  const weights = shapes.map((shape, i) => randomTensor(`w${i}`, shape));
  const gradients = shapes.map((shape, i) => randomTensor(`g${i}`, shape));
  return {
    name: "update",
    layouts: false,
    tolerance: SMOOTH,
    payload: {
      rule,
      learningRate: LEARNING_RATE,
      momentum: MOMENTUM,
      weights: weights.map(stored),
      gradients: gradients.map(stored),
    },
    ours: () => {
      const named = <T>(list: readonly T[]) => new Map(list.map((value, i) => [String(i), value]));
      const parameters = named(weights.map((value) => tf.tidy(() => tf.variable(toTensor<tf.Tensor>(value)))));
      const incoming = named(gradients.map((value) => toTensor<tf.Tensor>(value)));
      const optimizer: Optimizer = rule === "adam" ? adam() : sgd({ momentum: MOMENTUM });
      const run = () => optimizer.step(incoming, parameters, LEARNING_RATE);
      return {
        run,
        first: () => {
          run();
          return { loss: 0, values: valuesOf(parameters) };
        },
        dispose: () => {
          optimizer.dispose();
          tf.dispose([...parameters.values(), ...incoming.values()]);
        },
      };
    },
  };
}
