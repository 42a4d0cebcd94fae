import { inspect } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { engine, tf } from "../../src/engine";

beforeAll(() => {
  engine.use("native");
});

describe("a tensor, printed", () => {
  it("says its shape, dtype and values, not how the engine keeps them", () => {
    const text = inspect(
      tf.tensor2d([
        [1, 2],
        [3, 4.5],
      ]),
    );
    expect(text).toMatch(/^Tensor \[2, 2\] float32\n\s*\[\[1, 2 +\],\n\s*\[3, 4\.5\]\]$/);
    expect(inspect(tf.scalar(7, "int32"))).toBe("Tensor [] int32 7");
    expect(inspect(tf.tensor1d([true, false], "bool"))).toBe("Tensor [2] bool [true, false]");
    expect(inspect(tf.tensor1d(["a"]))).toBe("Tensor [1] string ['a']");
    expect(inspect(tf.variable(tf.scalar(1), true, "w"))).toBe("Variable w [] float32 1");
  });

  it("is short inside deep objects, cut in the middle where it is large, and safe once it is disposed", () => {
    const tensor = tf.zeros([1000]);
    expect(inspect({ a: { tensor } })).toContain("Tensor [1000] float32 [0, 0, 0, ..., 0, 0, 0]");
    expect(inspect({ a: { b: { c: tensor } } })).toContain("c: Tensor [1000] float32 }");
    tensor.dispose();
    expect(inspect(tensor)).toBe("Tensor [1000] float32 (disposed)");
  });
});

describe("engine.info(), printed", () => {
  it("is a line with backend, device, threads and versions, and stays plain data", () => {
    expect(inspect(engine.info())).toMatch(/^Engine native on cpu, \d+ threads?; tfjs [\d.]+, libtorch [\d.]+/);
    expect(JSON.parse(JSON.stringify(engine.info()))).toMatchObject({ backend: "native", device: "cpu" });
    expect(structuredClone(engine.info())).toEqual(engine.info());
  });
});
