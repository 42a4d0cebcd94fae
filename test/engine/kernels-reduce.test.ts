import { tf } from "../../src/engine";
import { bool, type Case, describeCases, float, int, positive } from "./cases";

const REDUCTIONS: Case[] = [
  ...(["sum", "mean", "max", "min", "prod"] as const).flatMap((op): Case[] => [
    [`${op} of all`, float([3, 4, 5]), (x) => tf[op](x), true],
    [`${op} over axes 0 and 2`, float([3, 4, 5]), (x) => tf[op](x, [0, 2]), true],
    [`${op} over the last axis, kept`, float([3, 4, 5]), (x) => tf[op](x, 2, true), true],
    [`${op} over no axis`, float([3, 4]), (x) => tf[op](x, [])],
  ]),
  ["sum of int32 and bool", int([3, 4]), (x) => [tf.sum(x, 0), tf.sum(tf.cast(x, "bool"), 1)]],
  ["all and any", bool([3, 4]), (x) => [tf.all(x, 0), tf.any(x, [0, 1]), tf.all(x, 1, true)]],
  ["argMax and argMin", float([3, 4, 5]), (x) => [tf.argMax(x, 1), tf.argMin(x, -1)]],
  ["argMax looks past NaN", () => [tf.tensor1d([0, Number.NaN, 2])], (x) => [tf.argMax(x), tf.argMin(x)]],
  ["cumsum", float([3, 4]), (x) => tf.cumsum(x, 1, true, true), true],
  ["cumprod", positive([3, 4]), (x) => [tf.cumprod(x, 1), tf.cumprod(x, 0, true), tf.cumprod(x, 1, false, true)]],
  [
    "topk",
    float([3, 8]),
    (x) => {
      const { values, indices } = tf.topk(x, 3);
      return [values, indices];
    },
  ],
  ["topk of ties takes the lower index first", () => [tf.tensor1d([1, 3, 3, 2, 3])], (x) => tf.topk(x, 4).indices],
  [
    "logSumExp and moments",
    float([3, 4]),
    (x) => {
      const { mean, variance } = tf.moments(x, 0);
      return [tf.logSumExp(x, 1), mean, variance];
    },
  ],
];

describeCases("reductions", REDUCTIONS);
