import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { engine, fused, tf } from "../../src/engine";
import { convNormInferenceComposed, mbconvInferenceComposed } from "../../src/engine/fused/inference";
import { close, tensors, type Values } from "./fused-helpers";
import { describeNative } from "./native";

const activation = fc.constantFrom(
  "silu" as const,
  "relu" as const,
  "relu6" as const,
  "hardswish" as const,
  "none" as const,
);

function layer(kernel: number[], channels: number, seed: number) {
  const shapes = { kernel, gamma: [channels], beta: [channels], mean: [channels], spread: [channels] };
  const t = Object.fromEntries(
    Object.entries(tensors(shapes, seed)).map(([name, { data, shape }]) => [name, tf.tensor(data, shape)]),
  );
  const { gamma, beta, mean, spread } = t;
  return { kernel: t.kernel as tf.Tensor4D, gamma, beta, mean, variance: tf.add(tf.square(spread), 0.3) };
}

function input(shape: number[], seed: number): tf.Tensor4D {
  const { x } = tensors({ x: shape }, seed);
  return tf.tensor<tf.Rank.R4>(x.data, shape as [number, number, number, number]);
}

const read = (y: tf.Tensor): Values => ({ y: { shape: y.shape, data: y.dataSync() as Float32Array } });

describeNative("layers with given statistics, norms folded into the weights", () => {
  beforeAll(() => {
    engine.use("native");
  });
  afterAll(() => {
    engine.setThreads(1);
  });

  it("an MBConv is that of ordinary ops, to 1e-5", () => {
    fc.assert(
      fc.property(
        fc.record({
          batch: fc.integer({ min: 1, max: 3 }),
          height: fc.integer({ min: 1, max: 20 }),
          width: fc.integer({ min: 1, max: 20 }),
          inChannels: fc.integer({ min: 1, max: 40 }),
          expansion: fc.integer({ min: 1, max: 6 }),
          outChannels: fc.integer({ min: 1, max: 40 }),
          size: fc.constantFrom(3, 5, 7),
          stride: fc.constantFrom(1 as const, 2 as const),
          padding: fc.boolean(),
          reduced: fc.integer({ min: 0, max: 10 }),
          activation,
          residual: fc.boolean(),
          threads: fc.constantFrom(1, 2),
          seed: fc.integer({ min: 1, max: 1 << 20 }),
        }),
        (c) => {
          engine.setThreads(c.threads);
          tf.tidy(() => {
            const residual = c.residual && c.stride === 1;
            const [middle, out] = [c.inChannels * c.expansion, residual ? c.inChannels : c.outChannels];
            const gate = tensors(
              { w1: [middle, c.reduced], b1: [c.reduced], w2: [c.reduced, middle], b2: [middle] },
              c.seed,
            );
            const gated = Object.entries(gate).map(([name, { data, shape }]) => [name, tf.tensor(data, shape)]);
            const weights = {
              ...(c.expansion > 1 && { expand: layer([1, 1, c.inChannels, middle], middle, c.seed) }),
              depthwise: layer([c.size, c.size, middle, 1], middle, c.seed + 1),
              ...(c.reduced > 0 && { se: Object.fromEntries(gated) as Record<"w1" | "b1" | "w2" | "b2", tf.Tensor> }),
              project: layer([1, 1, middle, out], out, c.seed + 2),
            };
            const { stride, activation } = c;
            const padding = c.padding ? ("same" as const) : c.size >> 1;
            const options = { stride, padding, epsilon: 1e-3, activation, residual };
            const x = input([c.batch, c.height, c.width, c.inChannels], c.seed + 3);
            const ours = read(fused.mbconvInference(x, weights, options));
            close(ours, read(mbconvInferenceComposed(x, weights, options)), 1e-5);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("a convolution with norm and activation is that of ordinary ops, to 1e-5", () => {
    fc.assert(
      fc.property(
        fc.record({
          shape: fc.tuple(
            fc.integer({ min: 1, max: 3 }),
            fc.integer({ min: 1, max: 15 }),
            fc.integer({ min: 1, max: 15 }),
            fc.integer({ min: 1, max: 40 }),
          ),
          channels: fc.integer({ min: 1, max: 50 }),
          size: fc.constantFrom(1, 1, 3, 5),
          stride: fc.constantFrom(1, 2),
          activation,
          seed: fc.integer({ min: 1, max: 1 << 20 }),
        }),
        ({ shape, channels, size, stride, activation, seed }) => {
          tf.tidy(() => {
            const convolution = layer([size, size, shape[3], channels], channels, seed);
            const options = { stride, padding: "same" as const, epsilon: 1e-3, activation };
            const x = input([...shape], seed + 1);
            const ours = read(fused.convNormInference(x, convolution, options));
            close(ours, read(convNormInferenceComposed(x, convolution, options)), 1e-5);
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("has a gradient where one is recorded", () => {
    tf.tidy(() => {
      const x = input([2, 6, 6, 4], 5);
      const weights = { depthwise: layer([3, 3, 4, 1], 4, 1), project: layer([1, 1, 4, 4], 4, 2) };
      const options = { stride: 1, padding: "same", epsilon: 1e-3, activation: "silu", residual: true } as const;
      const slope = (op: typeof fused.mbconvInference) =>
        tf.grad((t) => tf.sum(op(t as tf.Tensor4D, weights, options)))(x);
      const ours = slope(fused.mbconvInference);
      expect(ours.shape).toEqual(x.shape);
      close(read(ours), read(slope(mbconvInferenceComposed)), 1e-5);
    });
  });
});
