import { expect, test } from "vitest";
import { engine, tf } from "../../src/engine";
import { storedRows } from "../../src/engine/stored-rows";
import { decodeFloat16 } from "../../src/nn/float16";
import { describeNative } from "./native";

describeNative("rows of a table of numbers", () => {
  // Every half there is, in rows of 64: also infinities, NaN, subnormals and both zeros.
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const shared = new Uint8Array(new SharedArrayBuffer(halves.byteLength));
  shared.set(new Uint8Array(halves.buffer));

  test("are those of every half-precision number, also out of shared memory", () => {
    engine.use("native");
    const rows = Array.from({ length: 1024 }, (_, i) => 1023 - i);
    const expected = rows.flatMap((row) => [...decodeFloat16(halves.subarray(64 * row, 64 * row + 64))]);
    const got = storedRows({ bytes: shared, dtype: "float16", rows, shape: [1024, 4, 4, 4] });
    expect(got?.shape).toEqual([1024, 4, 4, 4]);
    const values = got?.dataSync() as Float32Array;
    expect(values.findIndex((value, i) => !Object.is(value, expected[i]))).toBe(-1);
    got?.dispose();
  });

  test("are taken as they are in single precision, and are copied only into the engine's memory", () => {
    engine.use("native");
    const values = Float32Array.from({ length: 12 }, (_, i) => i / 7);
    const bytes = new Uint8Array(values.buffer);
    const got = storedRows({ bytes, dtype: "float32", rows: [3, 0, 3], shape: [3, 3] });
    expect([...(got?.dataSync() ?? [])]).toEqual([9, 10, 11, 0, 1, 2, 9, 10, 11].map((i) => values[i]));
    values.fill(0);
    expect(got?.dataSync()[0]).toBeGreaterThan(1);
    got?.dispose();
  });

  test.each([[[0, 1024]], [[-1, 0]]])("beyond the table are refused: %j", (rows) => {
    engine.use("native");
    expect(() => storedRows({ bytes: shared, dtype: "float16", rows, shape: [2, 64] })).toThrow(
      /StoredRows: row -?\d+ is beyond the table's 1024/,
    );
    expect(() => storedRows({ bytes: shared, dtype: "float16", rows, shape: [3, 64] })).toThrow(/number of rows/);
  });

  test.each([2 ** 61, 2 ** 62, 2 ** 64, 1e300, Number.NaN, Number.POSITIVE_INFINITY, 0.5])(
    "that are none are refused: %d",
    (row) => {
      engine.use("native");
      for (const dtype of ["float16", "float32"] as const) {
        expect(() => storedRows({ bytes: shared, dtype, rows: [row], shape: [1, 32] })).toThrow(
          /StoredRows: row .* no whole number/,
        );
      }
    },
  );

  test("are left to others where the engine has no kernel for it", () => {
    engine.use("cpu");
    expect(storedRows({ bytes: shared, dtype: "float16", rows: [0], shape: [1, 64] })).toBeUndefined();
    expect(tf.getBackend()).toBe("cpu");
  });
});
