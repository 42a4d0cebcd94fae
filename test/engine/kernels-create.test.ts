import { expect, test } from "vitest";
import { tf } from "../../src/engine";
import { type Case, describeCases, float } from "./cases";
import { describeNative } from "./native";

const SOURCES: Case[] = [
  [
    "fill, zeros and ones",
    () => [],
    () => [
      tf.fill([2, 3], 1.5),
      tf.fill([2], 3, "int32"),
      tf.zeros([2], "bool"),
      tf.onesLike(tf.zeros([2, 2], "int32")),
    ],
  ],
  [
    "range",
    () => [],
    () => [
      tf.range(0, 5),
      tf.range(5, 0, -2),
      tf.range(0, 1, 0.3),
      tf.range(3, 0),
      tf.range(0, 4, 1, "int32"),
      tf.range(0, 3, -1),
    ],
  ],
  ["linspace", () => [], () => [tf.linspace(0, 1, 5), tf.linspace(2, 9, 1)]],
  ["eye and diag", float([3]), (x) => [tf.eye(3), tf.diag(x)]],
];

describeCases("making tensors", SOURCES);

describeNative("drawing", () => {
  test("multinomial draws by its odds, the same for the same seed", () => {
    tf.setBackend("native");
    const logits = tf.log(tf.tensor2d([[0.1, 0.2, 0.7]])) as tf.Tensor2D;
    const draw = (seed: number) => Array.from(tf.multinomial(logits, 4000, seed).dataSync());
    const drawn = draw(7);
    expect(drawn).toEqual(draw(7));
    expect(drawn).not.toEqual(draw(8));
    const share = [0, 1, 2].map((k) => drawn.filter((d) => d === k).length / drawn.length);
    for (const [k, odds] of [0.1, 0.2, 0.7].entries()) expect(Math.abs(share[k] - odds)).toBeLessThan(0.05);
  });
});
