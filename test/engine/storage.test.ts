import { afterAll, beforeAll, expect, test } from "vitest";
import { engine, tf } from "../../src/engine";
import type { NativeBackend } from "../../src/engine/native/backend";
import { describeNative, randomTensor } from "./native";

const native = () => tf.backend() as NativeBackend;

describeNative("tensors in native memory", () => {
  beforeAll(() => {
    engine.use("native");
  });
  afterAll(() => tf.disposeVariables());

  test("values come back as they went, in every dtype", async () => {
    const float = tf.tensor2d([
      [1.5, -0],
      [Number.NaN, 1 / 0],
    ]);
    expect(Array.from(float.dataSync())).toEqual([1.5, -0, Number.NaN, 1 / 0]);
    expect(Array.from(await float.data())).toEqual([1.5, -0, Number.NaN, 1 / 0]);
    expect(Array.from(tf.tensor1d([1, -2], "int32").dataSync())).toEqual([1, -2]);
    expect(Array.from(tf.tensor1d([true, false], "bool").dataSync())).toEqual([1, 0]);
    expect(tf.tensor1d(["a", "ä"]).dataSync()).toEqual(["a", "ä"]);
    expect(tf.complex([1, 2], [3, 4]).dataSync()).toEqual(new Float32Array([1, 3, 2, 4]));
    expect(Array.from(tf.zeros([0, 3]).dataSync())).toEqual([]);
  });

  test("a large read does not block the event loop and survives a dispose", async () => {
    const x = tf.ones([1 << 20]);
    const reading = x.data();
    x.dispose();
    const values = await reading;
    expect(values.length).toBe(1 << 20);
    expect(values.every((v) => v === 1)).toBe(true);
  });

  test("what is read is a copy: writing into it changes no tensor", () => {
    const x = tf.ones([4]);
    x.dataSync()[0] = 9;
    expect(Array.from(x.dataSync())).toEqual([1, 1, 1, 1]);
  });

  test("a reshape shares its data, and lives as long as one of both", () => {
    const { numDataBuffers } = tf.memory();
    const x = randomTensor(1, [2, 6]);
    const y = x.reshape([3, 4]);
    expect(tf.memory().numDataBuffers).toBe(numDataBuffers + 1);
    const values = Array.from(x.dataSync());
    x.dispose();
    expect(Array.from(y.transpose().transpose().dataSync())).toEqual(values);
    y.dispose();
  });

  test("a tensor moves between engines, under its own shape", () => {
    const x = randomTensor(1, [2, 3]);
    const y = x.reshape([3, 2]);
    const values = Array.from(x.dataSync());
    engine.use("cpu");
    expect(Array.from(y.transpose().dataSync())).toEqual([0, 2, 4, 1, 3, 5].map((i) => values[i]));
    engine.use("native");
    expect(Array.from(y.transpose().dataSync())).toEqual([0, 2, 4, 1, 3, 5].map((i) => values[i]));
    expect(y.transpose().shape).toEqual([2, 3]);
    x.dispose();
    y.dispose();
  });

  test("training leaks neither tensors nor handles", () => {
    const w = tf.variable(randomTensor(1, [3, 3, 2, 4]));
    const x = randomTensor(2, [4, 8, 8, 2]) as tf.Tensor4D;
    const optimizer = tf.train.adam(0.01);
    const step = () =>
      optimizer.minimize(() => {
        const y = tf.conv2d(x, w as unknown as tf.Tensor4D, 1, "same").relu();
        return y.reshape([4, -1]).softmax().reshape([16, -1]).square().mean() as tf.Scalar;
      });
    for (let i = 0; i < 3; i++) step();
    const before = { tensors: tf.memory().numTensors, data: native().numDataIds(), handles: native().addon.count() };
    for (let i = 0; i < 50; i++) step();
    expect({ tensors: tf.memory().numTensors, data: native().numDataIds(), handles: native().addon.count() }).toEqual(
      before,
    );
    optimizer.dispose();
    w.dispose();
    x.dispose();
  });

  test("disposing everything leaves no handle", () => {
    const handles = native().addon.count();
    tf.tidy(() => {
      const x = randomTensor(1, [4, 4]);
      const [a, b] = tf.split(x, 2);
      tf.complex(a.reshape([8]), b.reshape([8])).abs();
      tf.unstack(tf.topk(x, 2).values);
    });
    expect(native().addon.count()).toBe(handles);
  });
});

describeNative("misuse is an error, never a crash", () => {
  beforeAll(() => {
    engine.use("native");
  });

  test("using a disposed tensor", () => {
    const x = tf.ones([2]);
    x.dispose();
    expect(() => x.add(1)).toThrow(/disposed/);
    const dataId = tf.ones([2]).dataId;
    native().disposeData(dataId, true);
    expect(() => native().handle({ dataId, shape: [2], dtype: "float32" })).toThrow(/disposed/);
  });

  test("disposing twice does no harm", () => {
    const x = tf.ones([2]);
    const { dataId } = x;
    x.dispose();
    x.dispose();
    expect(native().disposeData(dataId, true)).toBe(true);
    expect(native().addon.release(123456789)).toBe(false);
    expect(Array.from(tf.ones([2]).dataSync())).toEqual([1, 1]);
  });

  test("a stale handle is recognised although its slot is in use again", () => {
    const { addon } = native();
    const handle = addon.create(new Float32Array([1]), [1], "float32");
    addon.release(handle);
    const next = addon.create(new Float32Array([2]), [1], "float32");
    expect(() => addon.readSync(handle)).toThrow(/not held/);
    expect(addon.readSync(next)[0]).toBe(2);
    addon.release(next);
  });

  test("shapes that do not fit are both in the message", () => {
    const run = () => tf.engine().runKernel("Add", { a: tf.ones([2, 3]), b: tf.ones([4]) });
    expect(run).toThrow(/native Add.*a \[2, 3\] float32, b \[4\] float32/s);
    const conv = () =>
      tf.engine().runKernel(
        "Conv2D",
        { x: tf.ones([1, 4, 4, 3]), filter: tf.ones([3, 3, 2, 5]) },
        {
          strides: 1,
          pad: "same",
          dataFormat: "NHWC",
          dilations: 1,
        },
      );
    expect(conv).toThrow(/\[1, 4, 4, 3\].*\[3, 3, 2, 5\]/s);
  });

  test("too few or wrong values for a shape", () => {
    const { addon } = native();
    expect(() => addon.create(new Float32Array(3), [2, 2], "float32")).toThrow(/\[2, 2\].*4 values.*got 3/s);
    expect(() => addon.create([1, 2] as unknown as Float32Array, [2], "float32")).toThrow(/typed array/);
    expect(() => addon.create(new Float32Array(1), [1], "float16")).toThrow(/float16/);
    expect(() => (addon as unknown as { Add: (a: unknown, b: unknown) => void }).Add("x", {})).toThrow(
      /must be a number/,
    );
  });

  test("an allocation that no machine can meet", () => {
    expect(() => tf.engine().runKernel("Fill", {}, { shape: [1e6, 1e6, 1e3], value: 0, dtype: "float32" })).toThrow(
      /native Fill/,
    );
    expect(Array.from(tf.ones([2]).dataSync())).toEqual([1, 1]);
  });

  test("an index outside", () => {
    expect(() => tf.gather(tf.ones([3, 2]), tf.tensor1d([5], "int32"))).toThrow(/5 is not in \[0, 2\]/);
    expect(() => tf.gatherND(tf.ones([3, 2]), tf.tensor2d([[0, 9]], undefined, "int32"))).toThrow(/9/);
  });
});
