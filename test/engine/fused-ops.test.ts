import fc from "fast-check";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { engine, fused, tf } from "../../src/engine";
import { activateComposed } from "../../src/engine/fused/activate";
import { batchNormInferenceComposed, batchNormTrainingComposed } from "../../src/engine/fused/batch-norm";
import { errorsOfComposed, meanSquaredErrorComposed, softmaxCrossEntropyComposed } from "../../src/engine/fused/losses";
import { squeezeExciteComposed } from "../../src/engine/fused/squeeze-excite";
import { close, onCpu, tensors, type Values } from "./fused-helpers";

type Op = (t: Record<string, tf.Tensor>) => tf.Tensor | tf.Tensor[];

/** Values of all outputs, and the gradients to every input of a random linear function of the first output. */
function run(op: Op, values: Values): Values {
  return tf.tidy(() => {
    const names = Object.keys(values);
    const out: Values = {};
    const keep = (name: string, t: tf.Tensor) => {
      out[name] = { shape: t.shape, data: Float32Array.from(t.dataSync()) };
    };
    const grads = tf.grads((...args: tf.Tensor[]) => {
      const result = op(Object.fromEntries(names.map((name, i) => [name, args[i]])));
      const outputs = Array.isArray(result) ? result : [result];
      for (const [i, t] of outputs.entries()) keep(`output ${i}`, t);
      const pull = tensors({ pull: outputs[0].shape }, 11).pull;
      return tf.sum(tf.mul(outputs[0], tf.tensor(pull.data, pull.shape)));
    })(names.map((name) => tf.tensor(values[name].data, values[name].shape)));
    for (const [i, name] of names.entries()) keep(`d ${name}`, grads[i]);
    return out;
  });
}

async function agree(ours: Op, composed: Op, values: Values, tolerance?: number): Promise<void> {
  const native = run(ours, values);
  close(native, await onCpu(() => run(composed, values)), tolerance);
}

const activations = ["none", "silu", "relu", "relu6", "hardswish"] as const;
const shapes = fc.record({
  batch: fc.integer({ min: 1, max: 70 }),
  height: fc.integer({ min: 1, max: 6 }),
  width: fc.integer({ min: 2, max: 5 }),
  channels: fc.integer({ min: 1, max: 41 }),
  activation: fc.constantFrom(...activations),
  seed: fc.integer({ min: 1, max: 999 }),
});
const few = { numRuns: 12, seed: 20261124 };

beforeEach(() => {
  engine.use("native", { threads: 2 });
});
afterAll(() => {
  engine.setThreads(1);
});

describe("fused ops on the native engine have the values and gradients of their composed forms", () => {
  it("activate", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ batch, channels, activation, seed }) => {
        const values = tensors({ x: [batch, channels] }, seed);
        await agree(
          (t) => fused.activate(t.x, activation),
          (t) => activateComposed(t.x, activation),
          values,
        );
      }),
      few,
    );
  });

  it("silu far from 0: to 1e-6 of float64, and neither NaN nor infinity", () => {
    const x = Float32Array.from([-1e30, -200, -100, -88, -87, -20, -1e-3, -0, 0, 1e-20, 0.5, 3, 40, 87, 90, 1e4, 1e30]);
    const y = fused.activate(tf.tensor1d(x), "silu").dataSync();
    for (const [i, value] of x.entries()) {
      const exact = value / (1 + Math.exp(-value));
      expect(Math.abs(y[i] - exact), `silu(${value})`).toBeLessThanOrEqual(
        1e-6 * Math.abs(exact) + 1e-5 * Number(value < -80) + 0,
      );
    }
  });

  it("batchNormTraining", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ batch, height, width, channels, activation, seed }) => {
        const values = tensors({ x: [batch, height, width, channels], gamma: [channels], beta: [channels] }, seed);
        const op = (f: typeof fused.batchNormTraining) => (t: Record<string, tf.Tensor>) => {
          const { y, mean, variance } = f(t.x, t.gamma, t.beta, { epsilon: 1e-2, activation });
          return [y, mean, variance];
        };
        await agree(op(fused.batchNormTraining), op(batchNormTrainingComposed), values);
      }),
      few,
    );
  });

  it("batchNormTraining where the mean is a thousand times the deviation", async () => {
    const values = tensors({ x: [64, 3, 3, 8], gamma: [8], beta: [8] }, 4);
    values.x.data = values.x.data.map((v) => v + 1000);
    const { mean, variance } = fused.batchNormTraining(
      tf.tensor4d(values.x.data, [64, 3, 3, 8]),
      tf.ones([8]),
      tf.zeros([8]),
      { epsilon: 1e-3, activation: "none" },
    );
    const [means, variances] = [mean.dataSync(), variance.dataSync()];
    for (let c = 0; c < 8; c++) {
      const channel = [...values.x.data].filter((_, i) => i % 8 === c);
      const exact = channel.reduce((a, b) => a + b, 0) / channel.length;
      const spread = channel.reduce((a, b) => a + (b - exact) ** 2, 0) / channel.length;
      expect(Math.abs(means[c] - exact)).toBeLessThan(1e-4);
      expect(Math.abs(variances[c] / spread - 1)).toBeLessThan(1e-5);
    }
  });

  it("batchNormInference", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ batch, width, channels, activation, seed }) => {
        const vector = [channels];
        const values = tensors(
          { x: [batch, width, channels], gamma: vector, beta: vector, mean: vector, gammaV: vector },
          seed,
        );
        const op = (f: typeof fused.batchNormInference) => (t: Record<string, tf.Tensor>) =>
          f(t.x, t.gamma, t.beta, t.mean, t.gammaV, { epsilon: 1e-3, activation });
        await agree(op(fused.batchNormInference), op(batchNormInferenceComposed), values);
      }),
      few,
    );
  });

  it("squeezeExcite", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 1, max: 6 }), async (s, reduced) => {
        const { batch, height, width, channels, activation, seed } = s;
        const weights = { w1: [channels, reduced], b1: [reduced], w2: [reduced, channels], b2: [channels] };
        const values = tensors({ x: [batch, height, width, channels], ...weights }, seed);
        const op = (f: typeof fused.squeezeExcite) => (t: Record<string, tf.Tensor>) =>
          f(t.x as tf.Tensor4D, t.w1, t.b1, t.w2, t.b2, activation);
        await agree(op(fused.squeezeExcite), op(squeezeExciteComposed), values);
      }),
      few,
    );
  });

  it("softmaxCrossEntropy", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.constantFrom(0, 0.1), async ({ batch, channels, seed }, smoothing) => {
        const values = tensors({ x: [batch, channels] }, seed);
        const labels = Int32Array.from({ length: batch }, (_, i) => (i * 7) % channels);
        const op = (f: typeof fused.softmaxCrossEntropy) => (t: Record<string, tf.Tensor>) =>
          f(t.x as tf.Tensor2D, tf.tensor1d(labels, "int32"), { smoothing });
        await agree(op(fused.softmaxCrossEntropy), op(softmaxCrossEntropyComposed), values);
      }),
      few,
    );
  });

  it("softmaxCrossEntropy brings no gradient of zeros for the gradient that it keeps", () => {
    const [logits, labels] = [tf.randomNormal<tf.Rank.R2>([64, 50]), tf.zeros<tf.Rank.R1>([64], "int32")];
    const write = vi.spyOn(tf.backend(), "write");
    const { value, grad } = tf.valueAndGrad((x) =>
      fused.softmaxCrossEntropy(x as tf.Tensor2D, labels, { smoothing: 0 }),
    )(logits);
    const written = write.mock.calls.map(([, shape]) => shape.join());
    write.mockRestore();
    expect(written).not.toContain("64,50");
    expect(grad.shape).toEqual([64, 50]);
    tf.dispose([value, grad, logits, labels]);
  });

  it("softmaxCrossEntropy of so many logits that threads share them gives the same bytes on any number of threads", () => {
    const values = tensors({ x: [600, 1000] }, 3);
    const labels = Int32Array.from({ length: 600 }, (_, i) => (i * 7) % 1000);
    const op = (t: Record<string, tf.Tensor>) =>
      fused.softmaxCrossEntropy(t.x as tf.Tensor2D, tf.tensor1d(labels, "int32"), { smoothing: 0.1 });
    const [one, two] = [1, 2].map((count) => {
      engine.use("native", { threads: count });
      return run(op, values);
    });
    expect(two).toEqual(one);
  });

  it.each([[[7]], [[5, 3]], [[3, 4, 2, 19]]])("errorsOf, of any rank: %j", (shape) => {
    const { x, target } = tensors({ x: shape, target: shape }, 4);
    const [mine, composed] = [fused.errorsOf, errorsOfComposed].map((f) => {
      const { absolute, squared } = f(tf.tensor(x.data, shape), tf.tensor(target.data, shape));
      return { absolute, squared };
    });
    expect(mine.squared.shape).toEqual(shape.slice(-1));
    for (const name of ["absolute", "squared"] as const) {
      expect(mine[name].shape).toEqual(composed[name].shape);
      const [got, wanted] = [mine[name].dataSync(), composed[name].dataSync()];
      for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 5);
    }
  });

  it("meanSquaredError", async () => {
    await fc.assert(
      fc.asyncProperty(shapes, async ({ batch, height, width, channels, seed }) => {
        const shape = [batch, height, width, channels];
        const op = (f: typeof fused.meanSquaredError) => (t: Record<string, tf.Tensor>) => f(t.x, t.target);
        await agree(
          op(fused.meanSquaredError),
          op(meanSquaredErrorComposed),
          tensors({ x: shape, target: shape }, seed),
        );
      }),
      few,
    );
  });
});

describe("updates in place", () => {
  const start = tensors({ w: [37, 5], velocity: [37, 5], gammaV: [37, 5], grad: [37, 5] }, 8);
  type Vars = Record<"w" | "velocity" | "gammaV" | "grad", tf.Variable>;

  function trained(update: (v: Vars) => void): Values {
    return tf.tidy(() => {
      const vars = Object.fromEntries(
        Object.entries(start).map(([k, { data, shape }]) => [k, tf.variable(tf.tensor(data, shape))]),
      ) as Vars;
      for (let step = 0; step < 3; step++) update(vars);
      const out: Values = {};
      for (const [k, v] of Object.entries(vars)) {
        out[k] = { shape: v.shape, data: Float32Array.from(v.dataSync()) };
        v.dispose();
      }
      return out;
    });
  }

  it.each<[string, (v: Vars) => void]>([
    [
      "plain SGD",
      (v) => fused.sgdUpdate(v.w, null, v.grad, { learningRate: 0.1, momentum: 0, weightDecay: 0, nesterov: false }),
    ],
    [
      "SGD with momentum and weight decay",
      (v) =>
        fused.sgdUpdate(v.w, v.velocity, v.grad, {
          learningRate: 0.1,
          momentum: 0.9,
          weightDecay: 1e-2,
          nesterov: false,
        }),
    ],
    [
      "Nesterov",
      (v) =>
        fused.sgdUpdate(v.w, v.velocity, v.grad, { learningRate: 0.1, momentum: 0.9, weightDecay: 0, nesterov: true }),
    ],
    [
      "Adam",
      (v) =>
        fused.adamUpdate(v.w, v.velocity, v.gammaV, v.grad, {
          learningRate: 0.1,
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weightDecay: 0.1,
          decoupled: false,
          step: 4,
        }),
    ],
    [
      "AdamW",
      (v) =>
        fused.adamUpdate(v.w, v.velocity, v.gammaV, v.grad, {
          learningRate: 0.1,
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weightDecay: 0.1,
          decoupled: true,
          step: 4,
        }),
    ],
    ["running average", (v) => fused.updateRunning(v.w, v.grad, 0.1)],
  ])("%s: as composed of ordinary ops", async (_, update) => {
    close(trained(update), await onCpu(() => trained(update)));
  });

  it("leave every other tensor that shared the variable's memory as it was", () => {
    tf.tidy(() => {
      const source = tf.tensor2d([1, 2, 3, 4], [2, 2]);
      const w = tf.variable(source);
      const clone = w.clone();
      const reshaped = tf.reshape(w, [4]);
      const slice = tf.slice(w, [0, 0], [1, 2]);
      const options = { learningRate: 1, momentum: 0, weightDecay: 0, nesterov: false };
      for (let i = 0; i < 2; i++) fused.sgdUpdate(w, null, tf.ones([2, 2]), options);
      expect([...w.dataSync()]).toEqual([-1, 0, 1, 2]);
      expect([...source.dataSync()]).toEqual([1, 2, 3, 4]);
      expect([...clone.dataSync()]).toEqual([1, 2, 3, 4]);
      expect([...reshaped.dataSync()]).toEqual([1, 2, 3, 4]);
      expect([...slice.dataSync()]).toEqual([1, 2]);
      w.dispose();
    });
  });

  it("do not disturb a read that is under way, and leave no tensor behind", async () => {
    const w = tf.variable(tf.zeros([1000, 1000]));
    const grad = tf.ones([1000, 1000]);
    const options = { learningRate: -1, momentum: 0, weightDecay: 0, nesterov: false };
    fused.sgdUpdate(w, null, grad, options);
    const before = tf.memory().numTensors;
    const reading = w.data();
    for (let i = 0; i < 5; i++) fused.sgdUpdate(w, null, grad, options);
    const read = await reading;
    expect(new Set(read)).toEqual(new Set([1]));
    expect(w.dataSync()[0]).toBe(6);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([w, grad]);
  });
});

describe("wrong arguments", () => {
  it("name both shapes", () => {
    const options = { epsilon: 1e-3, activation: "none" } as const;
    expect(() => fused.batchNormTraining(tf.zeros([2, 3]), tf.zeros([4]), tf.zeros([3]), options)).toThrow(
      /\[3\].*\[4\]/,
    );
    expect(() => fused.meanSquaredError(tf.zeros([2, 3]), tf.zeros([3, 2]))).toThrow(/\[2,3\].*\[3,2\]/);
    expect(() => fused.errorsOf(tf.zeros([2, 3]), tf.zeros([3, 2]))).toThrow(/\[2,3\].*\[3,2\]/);
    expect(() => fused.errorsOf(tf.scalar(1), tf.scalar(2))).toThrow(/rank 1 or more/);
    expect(() => fused.softmaxCrossEntropy(tf.zeros([2, 3]), tf.zeros([3], "int32"), { smoothing: 0 })).toThrow(
      /\[2,3\].*\[3\]/,
    );
  });

  it("name the classes when a label is none of them", () => {
    expect(() => fused.softmaxCrossEntropy(tf.zeros([2, 3]), tf.tensor1d([0, 3], "int32"), { smoothing: 0 })).toThrow(
      /from 0 to 2/,
    );
  });
});
