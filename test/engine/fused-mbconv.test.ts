import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { engine, fused, tf } from "../../src/engine";
import { mbconvTrainingComposed } from "../../src/engine/fused/mbconv";
import { close, onCpu, tensors, type Values } from "./fused-helpers";
import { instructionSets, withIsa } from "./native";

type Options = Parameters<typeof fused.mbconvTraining>[2];

interface Case {
  batch: number;
  height: number;
  width: number;
  inChannels: number;
  expansion: number;
  outChannels: number;
  kernel: number;
  reduced: number;
  options: Options;
}

/** Every weight by name, in a flat record, so that gradients can be named too. */
function valuesOf(c: Case, seed: number): Values {
  const middle = c.inChannels * c.expansion;
  const shapes: Record<string, number[]> = { x: [c.batch, c.height, c.width, c.inChannels] };
  if (c.expansion > 1) {
    Object.assign(shapes, { w1: [1, 1, c.inChannels, middle], gamma1: [middle], beta1: [middle] });
  }
  Object.assign(shapes, { wd: [c.kernel, c.kernel, middle, 1], gamma2: [middle], beta2: [middle] });
  if (c.reduced) {
    Object.assign(shapes, { se1: [middle, c.reduced], b1: [c.reduced], se2: [c.reduced, middle], b2: [middle] });
  }
  Object.assign(shapes, { w2: [1, 1, middle, c.outChannels], gamma3: [c.outChannels], beta3: [c.outChannels] });
  return tensors(shapes, seed);
}

function weightsOf(t: Record<string, tf.Tensor>): Parameters<typeof fused.mbconvTraining>[1] {
  const part = (kernel: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => ({
    kernel: kernel as tf.Tensor4D,
    gamma,
    beta,
  });
  return {
    ...(t.w1 && { expand: part(t.w1, t.gamma1, t.beta1) }),
    depthwise: part(t.wd, t.gamma2, t.beta2),
    ...(t.se1 && { se: { w1: t.se1, b1: t.b1, w2: t.se2, b2: t.b2 } }),
    project: part(t.w2, t.gamma3, t.beta3),
  };
}

/** Output, statistics and all gradients of a random linear function of the output. */
function run(op: typeof fused.mbconvTraining, values: Values, options: Options): Values {
  return tf.tidy(() => {
    const named = Object.fromEntries(Object.entries(values).map(([k, v]) => [k, tf.tensor(v.data, v.shape)]));
    const names = Object.keys(named);
    const out: Values = {};
    const keep = (name: string, t: tf.Tensor) => {
      out[name] = { shape: t.shape, data: t.dataSync() as Float32Array };
    };
    const grads = tf.grads((...args: tf.Tensor[]) => {
      const t = Object.fromEntries(names.map((name, i) => [name, args[i]]));
      const { y, stats } = op(t.x as tf.Tensor4D, weightsOf(t), options);
      keep("y", y);
      for (const [name, s] of Object.entries(stats)) {
        keep(`${name}.mean`, s.mean);
        keep(`${name}.variance`, s.variance);
      }
      const pull = tf.tensor(tensors({ y: y.shape }, 7).y.data, y.shape);
      return tf.sum(tf.mul(y, pull));
    })(Object.values(named));
    for (const [i, name] of names.entries()) keep(`d ${name}`, grads[i]);
    return out;
  });
}

const base: Case = {
  batch: 3,
  height: 9,
  width: 11,
  inChannels: 8,
  expansion: 3,
  outChannels: 8,
  kernel: 5,
  reduced: 0,
  options: { stride: 1, padding: "same", epsilon: 1e-3, activation: "silu", residual: true },
};
/** The input is wide enough for the expanded tensor to be stored, the maps small enough for groups of images. */
const wide: Case = { ...base, batch: 8, height: 4, width: 5, inChannels: 48, outChannels: 48, expansion: 6, kernel: 3 };
const withOptions = (change: Partial<Options>, rest: Partial<Case> = {}): Case => ({
  ...base,
  ...rest,
  options: { ...base.options, ...change },
});

async function agrees(c: Case, seed: number): Promise<void> {
  const values = valuesOf(c, seed);
  const { threads } = engine.info();
  const reference = await onCpu(() => run(mbconvTrainingComposed, values, c.options));
  for (const isa of instructionSets()) {
    await withIsa(isa, () => {
      expect(engine.use("native", { threads }).isa).toBe(isa);
      close(run(fused.mbconvTraining, values, c.options), reference);
    });
  }
}

describe("an MBConv as one native kernel", () => {
  beforeAll(() => {
    engine.use("native", { threads: 2 });
  });
  beforeEach(() => {
    engine.use("native", { threads: 2 });
  });
  afterAll(() => {
    engine.setThreads(1);
  });

  it.each<[string, Case]>([
    ["kernel 5", base],
    ["kernel 3", { ...base, kernel: 3 }],
    ["kernel 7", { ...base, kernel: 7 }],
    ["an even kernel", withOptions({ padding: 1, residual: false }, { kernel: 4 })],
    ["stride 2, same", withOptions({ stride: 2, residual: false }, { outChannels: 12 })],
    ["stride 2, same, even size", withOptions({ stride: 2, residual: false }, { kernel: 3, height: 8, width: 10 })],
    ["stride 2, symmetric padding", withOptions({ stride: 2, padding: 3, residual: false }, { kernel: 7 })],
    ["no padding", withOptions({ padding: 0, residual: false })],
    ["squeeze-excite", { ...base, reduced: 3 }],
    ["channels that fill no vector", { ...base, inChannels: 5, outChannels: 5, reduced: 2 }],
    ["no expansion", { ...base, expansion: 1 }],
    [
      "no expansion, stride 2, squeeze-excite",
      withOptions({ stride: 2, residual: false }, { expansion: 1, reduced: 4 }),
    ],
    ["relu6", withOptions({ activation: "relu6" })],
    ["relu", withOptions({ activation: "relu" }, { reduced: 2 })],
    ["a stored expansion, groups of images", wide],
    ["a stored expansion, squeeze-excite", { ...wide, reduced: 3 }],
    [
      "a stored expansion, stride 2, channels that fill no vector",
      { ...wide, inChannels: 45, outChannels: 13, options: { ...wide.options, stride: 2, residual: false } },
    ],
    ["a single pixel", withOptions({ stride: 2, residual: false }, { height: 1, width: 1, batch: 9 })],
  ])("has the values and gradients of the composed form: %s", async (_, c) => {
    await agrees(c, 3);
  });

  it("has them for any shape", async () => {
    const shapes = fc.record({
      batch: fc.integer({ min: 2, max: 5 }),
      height: fc.integer({ min: 2, max: 9 }),
      width: fc.integer({ min: 2, max: 13 }),
      inChannels: fc.integer({ min: 1, max: 17 }),
      expansion: fc.constantFrom(1, 2, 3),
      outChannels: fc.integer({ min: 1, max: 19 }),
      kernel: fc.constantFrom(1, 3, 5, 7),
      reduced: fc.constantFrom(0, 1, 5),
      options: fc.record({
        stride: fc.constantFrom<1 | 2>(1, 2),
        padding: fc.constant("same" as const),
        epsilon: fc.constant(1e-2),
        activation: fc.constant("silu" as const),
        residual: fc.constant(false),
      }),
    });
    await fc.assert(fc.asyncProperty(shapes, fc.integer({ min: 1, max: 1000 }), agrees), {
      numRuns: 25,
      seed: 20261124,
    });
  });

  it.each<[string, Case]>([
    ["thin", { ...base, batch: 40, reduced: 3 }],
    ["wide", { ...wide, batch: 40 }],
  ])("gives the same bytes every time and on any number of threads: %s", (_, c) => {
    const values = valuesOf(c, 5);
    const bytes = (threads: number) => {
      engine.setThreads(threads);
      const out = run(fused.mbconvTraining, values, base.options);
      return Buffer.concat(
        Object.values(out).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
      );
    };
    const [first, again, alone] = [bytes(2), bytes(2), bytes(1)];
    expect(first.equals(again)).toBe(true);
    expect(first.equals(alone)).toBe(true);
  });

  it("leaves no tensor behind in 50 training steps", () => {
    const values = valuesOf({ ...base, reduced: 2 }, 1);
    const { x, ...weights } = Object.fromEntries(
      Object.entries(values).map(([k, v]) => [k, tf.variable(tf.tensor(v.data, v.shape), true)]),
    );
    const step = () => {
      const { value, grads } = tf.variableGrads(() => {
        const { y, stats } = fused.mbconvTraining(x as tf.Tensor4D, weightsOf(weights), base.options);
        tf.dispose(Object.values(stats).map((s) => [s.mean, s.variance]));
        return fused.meanSquaredError(y, tf.zerosLike(y));
      }, Object.values(weights));
      for (const w of Object.values(weights)) {
        fused.sgdUpdate(w, null, grads[w.name], { learningRate: 0.1, momentum: 0, weightDecay: 0, nesterov: false });
      }
      const loss = value.dataSync()[0];
      tf.dispose([value, ...Object.values(grads)]);
      return loss;
    };
    const first = step();
    const before = tf.memory();
    let last = 0;
    for (let i = 0; i < 50; i++) last = step();
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
    expect(last).toBeLessThan(first);
  });

  describe("what the gradient needs", () => {
    const values = valuesOf({ ...base, reduced: 2 }, 3);
    const made = () =>
      tf.tidy(() =>
        Object.fromEntries(
          Object.entries(values).map(([k, { data, shape }]) => [k, tf.variable(tf.tensor(data, shape))]),
        ),
      ) as Record<string, tf.Variable>;
    const counts = () => {
      const { numTensors, numDataBuffers, numBytes } = tf.memory();
      return { numTensors, numDataBuffers, numBytes, held: tf.backend().numDataIds() };
    };
    const gradientsOf = (loss: (t: Record<string, tf.Variable>) => tf.Scalar) => {
      const t = made();
      const { value, grads } = tf.variableGrads(() => loss(t), Object.values(t));
      const got = Object.entries(t).map(([name, { name: id }]) => [name, Array.from(grads[id].dataSync())]);
      tf.dispose([value, ...Object.values(grads), ...Object.values(t)]);
      return Object.fromEntries(got) as Record<string, number[]>;
    };
    const training = (t: Record<string, tf.Tensor>) =>
      fused.mbconvTraining(t.x as tf.Tensor4D, weightsOf(t), base.options).y;

    it("has the values that variables had then, whatever happens to them before the backward pass", () => {
      const plain = gradientsOf((t) => tf.sum(tf.square(training(t))) as tf.Scalar);
      const before = counts();
      const moved = gradientsOf((t) => {
        const y = training(t);
        for (const name of ["x", "wd", "w2"]) t[name].assign(tf.mul(t[name], 2));
        fused.sgdUpdate(t.gamma2, null, tf.onesLike(t.gamma2), {
          learningRate: 1,
          momentum: 0,
          weightDecay: 0,
          nesterov: false,
        });
        return tf.sum(tf.square(y)) as tf.Scalar;
      });
      expect(moved).toEqual(plain);
      expect(counts()).toEqual(before);
    });

    it("lives as long as it is needed where inputs are disposed before, and is given back, also where no gradient comes", () => {
      const plain = gradientsOf((t) => tf.sum(tf.square(training(t))) as tf.Scalar);
      const before = counts();
      const within = gradientsOf((t) => {
        const copies = () => Object.fromEntries(Object.entries(t).map(([name, one]) => [name, tf.mul(one, 1)]));
        tf.tidy(() => training(copies()));
        return tf.sum(tf.square(tf.tidy(() => training(copies())))) as tf.Scalar;
      });
      expect(within).toEqual(plain);
      expect(counts()).toEqual(before);
    });

    it("is given back where a weight has moved to another backend meanwhile", () => {
      const own = tf.getBackend();
      const held = () => ["cpu", own].map((backend) => tf.findBackend(backend).numDataIds());
      const [before, ids] = [counts(), held()];
      const t = made();
      const { value, grads } = tf.variableGrads(() => {
        training(t);
        tf.setBackend("cpu");
        tf.neg(t.w2).dispose();
        tf.setBackend(own);
        return tf.sum(t.x) as tf.Scalar;
      }, [t.x]);
      tf.dispose([value, ...Object.values(grads), ...Object.values(t)]);
      expect(counts()).toEqual(before);
      expect(held()).toEqual(ids);
    });
  });

  it("does not compute the gradient of an input that learns nothing, and says so when asked", () => {
    const values = valuesOf(base, 2);
    const t = Object.fromEntries(Object.entries(values).map(([k, v]) => [k, tf.tensor(v.data, v.shape)]));
    const options = { ...base.options, inputGradient: false };
    const loss = (x: tf.Tensor) => tf.sum(fused.mbconvTraining(x as tf.Tensor4D, weightsOf(t), options).y) as tf.Scalar;
    expect(() => tf.grad(loss)(t.x)).toThrow(/shape/i);
  });

  it("refuses weights that do not fit, with both shapes", () => {
    const values = valuesOf(base, 2);
    const t = Object.fromEntries(Object.entries(values).map(([k, v]) => [k, tf.tensor(v.data, v.shape)]));
    t.w2 = tf.zeros([1, 1, 5, 8]);
    expect(() => fused.mbconvTraining(t.x as tf.Tensor4D, weightsOf(t), base.options)).toThrow(
      /1,1,24,8.*1,1,5,8.*3,9,11,8/,
    );
    t.w2 = tf.zeros([1, 1, 24, 12]);
    expect(() => fused.mbconvTraining(t.x as tf.Tensor4D, weightsOf(t), base.options)).toThrow(/gamma must be \[12\]/);
  });
});
