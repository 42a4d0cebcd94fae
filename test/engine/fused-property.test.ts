import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { engine, fused, tf } from "../../src/engine";
import { close, tensors, type Values } from "./fused-helpers";
import { describeNative, instructionSets, withIsa } from "./native";
import { describePyTorch, Reference } from "./reference";

// Values and gradients of every fused kernel on random shapes against PyTorch in float64, to 1e-4 of each tensor's
// largest value, for each instruction set that the machine has. The seed is stored in test/setup/property-seed.ts.

type Tensors = Record<string, tf.Tensor>;
type Shapes = Record<string, number[]>;

let reference: Reference;

const activation = fc.constantFrom("none", "silu", "relu", "relu6");
// From 24 on the expansion is stored, and from 32 on the widest kernels take two vectors at once.
const channels = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 21 }) },
  { weight: 1, arbitrary: fc.integer({ min: 22, max: 50 }) },
);
const seed = fc.integer({ min: 1, max: 1 << 20 });
const threads = fc.constantFrom(1, 2);

function read(t: Tensors): Values {
  return Object.fromEntries(
    Object.entries(t).map(([name, x]) => [name, { shape: x.shape, data: Float32Array.from(x.dataSync()) }]),
  );
}

/** Variances of a norm are squares and more than nothing. */
function drawn(shapes: Shapes, from: number): Values {
  const values = tensors(shapes, from);
  for (const [name, { data }] of Object.entries(values)) {
    if (name.startsWith("variance")) for (const [i, v] of data.entries()) data[i] = 0.3 + v * v;
  }
  return values;
}

/** Calls `check` with the kernels of each instruction set, on the threads in use. */
async function onEach(check: () => void | Promise<void>): Promise<void> {
  const { threads } = engine.info();
  for (const isa of instructionSets()) {
    await withIsa(isa, async () => {
      expect(engine.use("native", { threads }).isa).toBe(isa);
      await check();
    });
  }
}

/** Compares one op's outputs, and the gradients for `wanted` where it has any, with PyTorch's. */
async function agrees(
  op: string,
  options: Record<string, unknown>,
  inputs: Values,
  wanted: readonly string[],
  ours: (t: Tensors) => Tensors,
): Promise<void> {
  const given = Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== "pull"));
  const expected = await reference.ask({ op, options, inputs, gradients: wanted });
  const compare = () => {
    const t = Object.fromEntries(
      Object.entries(given).map(([name, { data, shape }]) => [name, tf.tensor(data, shape)]),
    );
    let outputs: Values = {};
    if (wanted.length === 0) {
      close(read(ours(t)), expected.outputs);
      return;
    }
    const gradients = tf.grads((...args: tf.Tensor[]) => {
      const named = { ...t, ...Object.fromEntries(wanted.map((name, i) => [name, args[i]])) };
      const out = ours(named);
      outputs = read(out);
      const first = Object.values(out)[0];
      return inputs.pull ? tf.sum(tf.mul(first, tf.tensor(inputs.pull.data, first.shape))) : (first as tf.Scalar);
    })(wanted.map((name) => t[name]));
    close(outputs, expected.outputs);
    close(read(Object.fromEntries(wanted.map((name, i) => [name, gradients[i]]))), expected.gradients);
  };
  await onEach(() => tf.tidy(compare));
}

const layer = fc
  .record({
    batch: fc.integer({ min: 1, max: 4 }),
    height: fc.integer({ min: 1, max: 13 }),
    width: fc.integer({ min: 1, max: 13 }),
    inChannels: channels,
    expansion: fc.integer({ min: 1, max: 4 }),
    outChannels: channels,
    kernel: fc.constantFrom(3, 5, 7),
    stride: fc.constantFrom(1 as const, 2 as const),
    same: fc.boolean(),
    reduced: fc.integer({ min: 0, max: 9 }),
    activation: fc.constantFrom("silu", "relu", "relu6"),
    residual: fc.boolean(),
    seed,
    threads,
  })
  // Statistics of fewer than some dozen values have gradients that float32 cannot hold to 1e-4.
  .filter(({ batch, height, width, stride }) => {
    return batch * Math.ceil(height / stride) * Math.ceil(width / stride) >= 24;
  })
  .map((c) => (c.residual && c.stride === 1 ? { ...c, outChannels: c.inChannels } : { ...c, residual: false }));

type LayerCase = typeof layer extends fc.Arbitrary<infer T> ? T : never;

function layerShapes(c: LayerCase): Shapes {
  const middle = c.inChannels * c.expansion;
  const out = (size: number) =>
    c.same ? Math.ceil(size / c.stride) : Math.floor((size + 2 * (c.kernel >> 1) - c.kernel) / c.stride) + 1;
  return {
    x: [c.batch, c.height, c.width, c.inChannels],
    ...(c.expansion > 1 && { w1: [1, 1, c.inChannels, middle], gamma1: [middle], beta1: [middle] }),
    wd: [c.kernel, c.kernel, middle, 1],
    gamma2: [middle],
    beta2: [middle],
    ...(c.reduced > 0 && { se1: [middle, c.reduced], b1: [c.reduced], se2: [c.reduced, middle], b2: [middle] }),
    w2: [1, 1, middle, c.outChannels],
    gamma3: [c.outChannels],
    beta3: [c.outChannels],
    pull: [c.batch, out(c.height), out(c.width), c.outChannels],
  };
}

function layerOptions(c: LayerCase) {
  return {
    stride: c.stride,
    padding: c.same ? ("same" as const) : c.kernel >> 1,
    epsilon: 1e-3,
    activation: c.activation,
    residual: c.residual,
  };
}

function part(t: Tensors, kernel: string, i: number) {
  return {
    kernel: t[kernel] as tf.Tensor4D,
    gamma: t[`gamma${i}`],
    beta: t[`beta${i}`],
    mean: t[`mean${i}`],
    variance: t[`variance${i}`],
  };
}

function layerWeights(t: Tensors) {
  return {
    ...(t.w1 && { expand: part(t, "w1", 1) }),
    depthwise: part(t, "wd", 2),
    ...(t.se1 && { se: { w1: t.se1, b1: t.b1, w2: t.se2, b2: t.b2 } }),
    project: part(t, "w2", 3),
  };
}

describeNative("fused kernels on random shapes", () => {
  describePyTorch("have PyTorch's float64 values and gradients", () => {
    beforeAll(() => {
      engine.use("native");
      reference = new Reference();
    });
    afterAll(() => {
      reference.close();
      engine.setThreads(1);
    });

    const property = <T extends { threads: number }>(
      runs: number,
      cases: fc.Arbitrary<T>,
      check: (c: T) => Promise<void>,
    ) =>
      fc.assert(
        fc.asyncProperty(cases, (c) => {
          engine.use("native", { threads: c.threads });
          expect(tf.getBackend()).toBe("native");
          return check(c);
        }),
        { numRuns: runs },
      );

    it("MBConv with batch statistics", () =>
      property(40, layer, (c) => {
        const { pull, ...inputs } = layerShapes(c);
        return agrees("mbconv", layerOptions(c), drawn({ ...inputs, pull }, c.seed), Object.keys(inputs), (t) => {
          const { y, stats } = fused.mbconvTraining(t.x as tf.Tensor4D, layerWeights(t), layerOptions(c));
          const named: Tensors = { y };
          for (const [name, { mean, variance }] of Object.entries(stats)) {
            named[`${name}.mean`] = mean;
            named[`${name}.variance`] = variance;
          }
          return named;
        });
      }));

    it("MBConv with given statistics", () =>
      property(60, layer, (c) => {
        const { pull, ...inputs } = layerShapes(c);
        const last = (i: number) => inputs[`gamma${i}`];
        for (const i of [1, 2, 3])
          if (last(i)) Object.assign(inputs, { [`mean${i}`]: last(i), [`variance${i}`]: last(i) });
        return agrees("mbconv", { ...layerOptions(c), inference: true }, drawn(inputs, c.seed), [], (t) => ({
          y: fused.mbconvInference(t.x as tf.Tensor4D, layerWeights(t), layerOptions(c)),
        }));
      }));

    it("convolution, norm with given statistics, activation", () =>
      property(
        40,
        fc.record({
          batch: fc.integer({ min: 1, max: 3 }),
          size: fc.integer({ min: 1, max: 12 }),
          inChannels: channels,
          outChannels: fc.integer({ min: 1, max: 40 }),
          kernel: fc.constantFrom(1, 1, 3, 5),
          stride: fc.constantFrom(1, 2),
          activation,
          seed,
          threads,
        }),
        (c) => {
          const options = { stride: c.stride, padding: "same" as const, epsilon: 1e-3, activation: c.activation };
          const vector = [c.outChannels];
          const inputs = {
            x: [c.batch, c.size, c.size + 1, c.inChannels],
            kernel: [c.kernel, c.kernel, c.inChannels, c.outChannels],
            gamma: vector,
            beta: vector,
            mean: vector,
            variance: vector,
          };
          return agrees(
            "convNorm",
            options,
            drawn(inputs, c.seed),
            [],
            ({ x, kernel, gamma, beta, mean, variance }) => ({
              y: fused.convNormInference(
                x as tf.Tensor4D,
                { kernel: kernel as tf.Tensor4D, gamma, beta, mean, variance },
                options,
              ),
            }),
          );
        },
      ));

    it("batch norm and activation", () =>
      property(
        30,
        fc.record({
          rows: fc.integer({ min: 24, max: 700 }),
          channels: fc.integer({ min: 1, max: 40 }),
          activation,
          seed,
          threads,
        }),
        (c) => {
          const options = { epsilon: 1e-3, activation: c.activation };
          const x = [c.rows, c.channels];
          const inputs = { x, gamma: [c.channels], beta: [c.channels], pull: x };
          return agrees("batchNorm", options, drawn(inputs, c.seed), ["x", "gamma", "beta"], (t) => ({
            ...fused.batchNormTraining(t.x, t.gamma, t.beta, options),
          }));
        },
      ));

    it("activations", () =>
      property(20, fc.record({ size: fc.integer({ min: 1, max: 9000 }), activation, seed, threads }), (c) =>
        agrees(
          "activate",
          { activation: c.activation },
          drawn({ x: [c.size], pull: [c.size] }, c.seed),
          ["x"],
          (t) => ({
            y: fused.activate(t.x, c.activation),
          }),
        ),
      ));

    it("squeeze-excite", () =>
      property(
        30,
        fc.record({
          batch: fc.integer({ min: 1, max: 5 }),
          size: fc.integer({ min: 1, max: 9 }),
          channels: fc.integer({ min: 1, max: 70 }),
          reduced: fc.integer({ min: 1, max: 18 }),
          activation,
          seed,
          threads,
        }),
        (c) => {
          const x = [c.batch, c.size, c.size, c.channels];
          const inputs = {
            x,
            w1: [c.channels, c.reduced],
            b1: [c.reduced],
            w2: [c.reduced, c.channels],
            b2: [c.channels],
          };
          const values = drawn({ ...inputs, pull: x }, c.seed);
          return agrees("squeezeExcite", { activation: c.activation }, values, Object.keys(inputs), (t) => ({
            y: fused.squeezeExcite(t.x as tf.Tensor4D, t.w1, t.b1, t.w2, t.b2, c.activation),
          }));
        },
      ));

    it("softmax cross-entropy, whatever the size of the logits", () =>
      property(
        40,
        fc.record({
          batch: fc.integer({ min: 1, max: 40 }),
          classes: fc.integer({ min: 1, max: 130 }),
          smoothing: fc.constantFrom(0, 0.1, 0.3),
          scale: fc.constantFrom(0.1, 3, 60),
          shift: fc.constantFrom(0, -300, 1000),
          weight: fc.constantFrom(1, 0.5),
          seed,
          threads,
        }),
        (c) => {
          const values = drawn({ logits: [c.batch, c.classes] }, c.seed);
          for (const [i, v] of values.logits.data.entries()) values.logits.data[i] = v * c.scale + c.shift;
          const labels = Float32Array.from({ length: c.batch }, (_, i) => (c.seed + 7 * i) % c.classes);
          const inputs = {
            ...values,
            labels: { shape: [c.batch], data: labels },
            pull: { shape: [], data: Float32Array.of(c.weight) },
          };
          return agrees("crossEntropy", { smoothing: c.smoothing }, inputs, ["logits"], (t) => ({
            loss: fused.softmaxCrossEntropy(t.logits as tf.Tensor2D, tf.cast(t.labels, "int32") as tf.Tensor1D, c),
          }));
        },
      ));

    it("mean squared error", () =>
      property(20, fc.record({ size: fc.integer({ min: 1, max: 9000 }), seed, threads }), (c) =>
        agrees("squaredError", {}, drawn({ y: [c.size], target: [c.size] }, c.seed), ["y", "target"], (t) => ({
          loss: fused.meanSquaredError(t.y, t.target),
        })),
      ));

    it("mean absolute error, and mean squared error of each channel", () =>
      property(20, fc.record({ rows: fc.integer({ min: 1, max: 900 }), channels, seed, threads }), (c) => {
        const shape = [c.rows, c.channels];
        return agrees("errorsOf", {}, drawn({ y: shape, target: shape }, c.seed), [], (t) => {
          const { absolute, squared } = fused.errorsOf(t.y, t.target);
          return { absolute, squared };
        });
      }));

    it("SGD, Adam and AdamW over several steps and parameters at once", () =>
      property(
        30,
        fc.record({
          size: fc.integer({ min: 1, max: 9000 }),
          kind: fc.constantFrom("SGD", "Adam", "AdamW"),
          momentum: fc.constantFrom(0, 0.9),
          weightDecay: fc.constantFrom(0, 0.05),
          nesterov: fc.boolean(),
          seed,
          threads,
        }),
        async (c) => {
          const learningRate = 0.1;
          const nesterov = c.nesterov && c.momentum > 0;
          const shape = [c.size];
          const shapes = { w: shape, grad0: shape, grad1: shape, grad2: shape };
          const sgd = { lr: learningRate, momentum: c.momentum, weight_decay: c.weightDecay, nesterov };
          const options = c.kind === "SGD" ? sgd : { lr: learningRate, weight_decay: c.weightDecay };
          // Three parameters in one call, each against a run of its own.
          const all = [0, 1, 2].map((k) => drawn(shapes, c.seed + k));
          const expected = await Promise.all(
            all.map((inputs) =>
              reference.ask({ op: "optimizer", options: { kind: c.kind, steps: 3, options }, inputs }),
            ),
          );
          await onEach(() => {
            const state = all.map(({ w }) => ({
              w: tf.variable(tf.tensor(w.data, w.shape)),
              a: tf.variable(tf.zeros(shape)),
              b: tf.variable(tf.zeros(shape)),
            }));
            for (let step = 1; step <= 3; step++) {
              tf.tidy(() => {
                const one = all.map((values, k) => ({
                  ...state[k],
                  variable: state[k].w,
                  grad: tf.tensor(values[`grad${step - 1}`].data, shape),
                  weightDecay: c.weightDecay,
                }));
                if (c.kind === "SGD") {
                  const updates = one.map((u) => ({ ...u, velocity: c.momentum > 0 ? u.a : null }));
                  fused.sgdUpdates(updates, { learningRate, momentum: c.momentum, nesterov });
                } else {
                  const rest = { learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, decoupled: c.kind === "AdamW" };
                  fused.adamUpdates(
                    one.map((u) => ({ ...u, m: u.a, v: u.b, step })),
                    rest,
                  );
                }
              });
            }
            for (const [k, { outputs }] of expected.entries()) close(read({ w: state[k].w }), outputs);
            for (const { w, a, b } of state) tf.dispose([w, a, b]);
          });
        },
      ));
  });
});
