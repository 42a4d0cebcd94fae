import { expect, test } from "vitest";
import { TrainingError } from "../../src/core";
import { tf } from "../../src/engine";
import { batchErrors, combine, ratingTarget } from "../../src/rate/candidate-rating";

const softmax = (row: number[]) => {
  const powers = row.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
};
/** The teacher's rest: one class a channel. */
const rest = (y: tf.Tensor4D) => tf.mean(y, [1, 2]) as tf.Tensor2D;
const place = { block: 0, cell: 0, path: [0] };

test("a candidate's divergence is that of the teacher's class probabilities with it in the block's place", () => {
  const own = [
    [1, 2, 0.5],
    [-1, 0, 3],
  ];
  const changed = [
    [0.5, 2, 1],
    [-1, 1, 2],
  ];
  const target = ratingTarget(tf.tensor4d(own.flat(), [2, 1, 1, 3]), rest);
  const same = combine(place, [batchErrors(target.features, target)], [target], "divergence");
  expect(same.score).toBeCloseTo(0, 6);
  const y = tf.tensor4d(changed.flat(), [2, 1, 1, 3]);
  const rated = combine(place, [batchErrors(y, target)], [target], "divergence");
  const expected = own.map((row, i) => {
    const p = softmax(row);
    const q = softmax(changed[i]);
    return p.reduce((sum, share, c) => sum + share * Math.log(share / q[c]), 0);
  });
  expect(rated.divergence).toBeCloseTo((expected[0] + expected[1]) / 2, 5);
  expect(rated.score).toBe(rated.divergence);
  tf.dispose([y, target.features, target.answers!.own]);
});

test("a candidate whose measure is no finite number is refused when it is rated, with its place", () => {
  const target = ratingTarget(tf.tensor4d([1, 2, 4, 8], [2, 1, 1, 2]));
  const rated = (value: number) => {
    const y = tf.tensor4d([1, 2, 4, value], [2, 1, 1, 2]);
    const errors = batchErrors(y, target);
    y.dispose();
    return () => combine({ block: 1, cell: 2, path: [3, 4] }, [errors], [target]);
  };
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(rated(value)).toThrow(TrainingError);
    expect(rated(value)).toThrow(
      /relativeL1 of a candidate must be finite, got (NaN|Infinity) for block 1, cell 2, path \[3, 4\].*distil the block anew/,
    );
  }
  // Its square is beyond float32, though the measure asked for is not.
  expect(rated(1e30)).toThrow(/the mse of a candidate must be finite, got Infinity/);
  expect(rated(7)().score).toBeGreaterThan(0);
  target.features.dispose();
});

test("without the teacher's rest there is no divergence to score by", () => {
  const target = ratingTarget(tf.tensor4d([1, 2], [1, 1, 1, 2]));
  const errors = [batchErrors(target.features, target)];
  expect(combine(place, errors, [target])).not.toHaveProperty("divergence");
  expect(() => combine(place, errors, [target], "divergence")).toThrow(/needs the teacher's rest/);
  target.features.dispose();
});
