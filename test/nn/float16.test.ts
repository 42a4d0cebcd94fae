import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeFloat16, encodeFloat16 } from "../../src/nn";

test("every finite half is decoded and encoded to itself", () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((half) => (half & 0x7c00) !== 0x7c00);
  expect(encodeFloat16(decodeFloat16(halves))).toEqual(halves);
});

test("a value becomes the nearest half, ties to even", () => {
  const nearby = decodeFloat16(Uint16Array.from({ length: 0x7c00 }, (_, i) => i));
  fc.assert(
    fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
      const [got] = decodeFloat16(encodeFloat16(Float32Array.of(value)));
      let low = 0;
      let high = nearby.length - 1;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (nearby[middle] <= Math.abs(value)) low = middle;
        else high = middle;
      }
      const least = Math.min(Math.abs(nearby[low] - Math.abs(value)), Math.abs(nearby[high] - Math.abs(value)));
      expect(Math.abs(Math.abs(got) - Math.abs(value))).toBe(least);
      if (got !== 0) expect(Math.sign(got)).toBe(Math.sign(value));
    }),
    { numRuns: 500 },
  );
  // 2049 lies between 2048 (even) and 2050; 2051 between 2050 and 2052 (even).
  expect([...decodeFloat16(encodeFloat16(Float32Array.of(2049, 2051)))]).toEqual([2048, 2052]);
});

test("values beyond the range become the largest, NaN stays", () => {
  const got = decodeFloat16(encodeFloat16(Float32Array.of(1e6, -1e6, Number.POSITIVE_INFINITY, Number.NaN, 65519)));
  expect([...got]).toEqual([65504, -65504, 65504, Number.NaN, 65504]);
});
