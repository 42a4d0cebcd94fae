import { afterAll, describe, expect, it } from "vitest";
import { CheckpointError, ConfigError } from "../../src/core";
import { checkRounding, engine, fused, roundingClass, tf } from "../../src/engine";
import { close, tensors, type Values } from "./fused-helpers";
import { describeNative, expectLikeCpu, instructionSets, randomTensor, withIsa } from "./native";

const KNOWN = ["base", "avx2", "avx512"];

const parameters = (names: readonly string[], values: Values) =>
  Object.fromEntries(names.map((name) => [name, tf.tensor(values[name].data, values[name].shape)]));

/** Output and gradients of an MBConv of so many channels, on so many threads. */
function mbconvStep(channels: number, threads: number): Values {
  engine.use("native", { threads });
  const middle = 3 * channels;
  const vectors = Object.fromEntries([1, 2].flatMap((i) => [`gamma${i}`, `beta${i}`]).map((name) => [name, [middle]]));
  const values = tensors(
    {
      x: [5, 9, 8, channels],
      w1: [1, 1, channels, middle],
      wd: [5, 5, middle, 1],
      w2: [1, 1, middle, channels],
      ...vectors,
      gamma3: [channels],
      beta3: [channels],
    },
    11,
  );
  const names = Object.keys(values);
  return tf.tidy(() => {
    const given = parameters(names, values);
    const out: Values = {};
    const keep = (name: string, t: tf.Tensor) => {
      out[name] = { shape: t.shape, data: Float32Array.from(t.dataSync()) };
    };
    const gradients = tf.grads((...args: tf.Tensor[]) => {
      const t = Object.fromEntries(names.map((name, i) => [name, args[i]]));
      const part = (kernel: string, i: number) => ({
        kernel: t[kernel] as tf.Tensor4D,
        gamma: t[`gamma${i}`],
        beta: t[`beta${i}`],
      });
      const weights = { expand: part("w1", 1), depthwise: part("wd", 2), project: part("w2", 3) };
      const options = { stride: 1, padding: "same", epsilon: 1e-3, activation: "silu", residual: true } as const;
      const { y } = fused.mbconvTraining(t.x as tf.Tensor4D, weights, options);
      keep("y", y);
      return tf.sum(tf.square(y)) as tf.Scalar;
    })(Object.values(given));
    for (const [i, name] of names.entries()) keep(`d ${name}`, gradients[i]);
    return out;
  });
}

describeNative("the instruction set of the fused kernels", () => {
  afterAll(() => engine.setThreads(1));

  it("is the widest of the machine, or the one that BLOCKWISE_ISA names, and engine.info() says which", async () => {
    await withIsa(undefined, () => expect(engine.use("native").isa).toBe(instructionSets().at(-1)));
    for (const isa of instructionSets()) {
      await withIsa(isa, () => {
        expect(engine.use("native").isa).toBe(isa);
        expect(engine.info()).toMatchObject({ backend: "native", isa, blas: expect.stringMatching(/\w/) });
      });
    }
  });

  it("is refused when it is unknown or not here, also under auto, which would else be slow without a word", async () => {
    const absent = KNOWN.filter((isa) => !instructionSets().includes(isa));
    for (const isa of ["avx1024", "AVX2", ...absent]) {
      await withIsa(isa, () => {
        for (const name of ["native", "auto"] as const) {
          expect(() => engine.use(name)).toThrow(ConfigError);
          expect(() => engine.use(name)).toThrow(new RegExp(`BLOCKWISE_ISA must be .*base.*, got ${isa}; unset it`));
        }
      });
    }
  });

  it.each([12, 40])(
    "gives the same bytes on any number of threads, and nearly the same as any other: %d channels",
    async (channels) => {
      const results: Values[] = [];
      for (const isa of instructionSets()) {
        await withIsa(isa, () => {
          const one = mbconvStep(channels, 1);
          expect(mbconvStep(channels, 2)).toEqual(one);
          expect(mbconvStep(channels, 3)).toEqual(one);
          results.push(one);
        });
      }
      for (const other of results.slice(1)) close(other, results[0]);
    },
  );

  it.each(KNOWN)("computes depthwise convolutions and their gradients as the cpu backend: %s", async (isa) => {
    if (!instructionSets().includes(isa)) return;
    await withIsa(isa, () => {
      for (const [channels, kernel, stride, size] of [
        [5, 3, 1, 9],
        [16, 3, 2, 12],
        [37, 5, 2, 11],
        [33, 7, 1, 15],
        [18, 4, 1, 7],
        [24, 5, 1, 30],
        [20, 6, 1, 9],
        [16, 9, 2, 13],
      ]) {
        expectLikeCpu(
          () => [randomTensor(1, [3, size, size + 1, channels]), randomTensor(2, [kernel, kernel, channels, 1])],
          (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, "same"),
          { gradient: true },
        );
      }
    });
  });

  it.each(KNOWN)("gives each image of a batch larger than the caches what it gets alone: %s", async (isa) => {
    if (!instructionSets().includes(isa)) return;
    const [batch, size, channels] = [9, 64, 64]; // 9.4 MB
    const convolve = (x: tf.Tensor, w: tf.Tensor) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same");
    const run = (x: tf.Tensor4D, w: tf.Tensor) => {
      const [dx] = tf.grads(convolve)([x, w], tf.sub(1, x));
      return [convolve(x, w), dx].map((t) => t.dataSync());
    };
    await withIsa(isa, () => {
      engine.use("native", { threads: 2 });
      tf.tidy(() => {
        const x = randomTensor(1, [batch, size, size, channels]) as tf.Tensor4D;
        const w = randomTensor(2, [3, 3, channels, 1]);
        const whole = run(x, w);
        const n = batch - 1;
        const alone = run(tf.slice(x, [n, 0, 0, 0], [1, size, size, channels]), w);
        const at = n * size * size * channels;
        for (const [i, values] of alone.entries()) {
          const same = Buffer.from(whole[i].slice(at, at + values.length).buffer);
          expect(Buffer.compare(Buffer.from(values.buffer), same)).toBe(0);
        }
      });
    });
  });
});

describeNative("a state begun with another instruction set", () => {
  const CASES = [
    ["avx2", "native on cpu with avx2", undefined],
    ["avx2", "native on cpu", undefined],
    ["base", "native on cpu", undefined],
    ["base", "native on cpu with avx2", /BLOCKWISE_ENGINE=native BLOCKWISE_ISA=avx2 on the command line/],
    ["avx512", "native on cpu with avx2", /BLOCKWISE_ISA=avx2/],
    // Written before there were wider kernels.
    [
      "avx512",
      "native on cpu",
      /begun with the engine native on cpu, and native on cpu with avx512 .*BLOCKWISE_ISA=avx2/,
    ],
    ["avx2", "native on cpu with avx512", /BLOCKWISE_ISA=avx512/],
  ] as const;

  describe.each(CASES)("under %s, from %s", (isa, begun, refused) => {
    it(refused ? "is refused, and the way back is named" : "is taken up", async () => {
      if (!instructionSets().includes(isa)) return;
      await withIsa(isa, () => {
        engine.use("native");
        expect(roundingClass()).toBe(`native on cpu with ${isa}`);
        if (refused) {
          expect(() => checkRounding(begun, "here")).toThrow(CheckpointError);
          expect(() => checkRounding(begun, "here")).toThrow(refused);
        } else {
          expect(() => checkRounding(begun, "here")).not.toThrow();
        }
      });
    });
  });

  it("keeps what is not a number, whatever the activation, in every lane; and changes nothing else", async () => {
    for (const isa of instructionSets()) {
      await withIsa(isa, () => {
        engine.use("native");
        tf.tidy(() => {
          const channels = 37;
          const ones = tf.ones([channels]);
          const zeros = tf.zeros([channels]);
          for (let place = 0; place < channels; place++) {
            const values = Array.from({ length: channels }, (_, i) => (i === place ? Number.NaN : i / 4 - 4));
            for (const activation of ["none", "silu", "relu", "relu6", "hardswish"] as const) {
              const options = { epsilon: 0, activation };
              const x = tf.tensor(values, [1, 1, 1, channels]) as tf.Tensor4D;
              const y = fused.batchNormInference(x, ones, zeros, zeros, ones, options).dataSync();
              const what = `${isa} ${activation} ${place}`;
              expect(
                [...y.keys()].filter((i) => Number.isNaN(y[i])),
                what,
              ).toEqual([place]);
              expect(
                [...y].some((value) => Object.is(value, -0) && activation.startsWith("relu")),
                what,
              ).toBe(false);
            }
          }
        });
      });
    }
  });
});
