import { tf } from "../../src/engine";
import { bool, type Case, describeCases, float, int, positive } from "./cases";
import { randomTensor } from "./native";

const BINARY: Case[] = [
  ...(["add", "sub", "mul", "maximum", "minimum", "squaredDifference", "atan2"] as const).flatMap((op): Case[] => [
    [`${op}, same shapes`, float([3, 4], [3, 4]), (a, b) => tf[op](a, b), true],
    // tfjs-core's own gradients of the three others do not know of broadcasting.
    [
      `${op}, broadcast both ways`,
      float([3, 1, 5], [4, 1]),
      (a, b) => tf[op](a, b),
      ["add", "sub", "mul", "atan2"].includes(op),
    ],
  ]),
  ["div", () => [randomTensor(1, [3, 4]), ...positive([3, 4])()], (a, b) => tf.div(a, b), true],
  ["div by a scalar", () => [randomTensor(1, [3, 4]), tf.scalar(0.7)], (a, b) => tf.div(a, b), true],
  ["pow", positive([3, 4], [3, 4]), (a, b) => tf.pow(a, b), true],
  ["mod of both signs", float([3, 4], [3, 4]), (a, b) => tf.mod(a.mul(5), b)],
  ["floorDiv of both signs", float([3, 4], [3, 4]), (a, b) => tf.floorDiv(a.mul(5), b)],
  ["int32 arithmetic", int([3, 4], [3, 4]), (a, b) => [tf.add(a, b), tf.mul(a, b), tf.sub(a, b), tf.maximum(a, b)]],
  [
    "int32 division and remainder",
    int([5], [5]),
    (a, b) => [tf.floorDiv(a, b.abs().add(1)), tf.mod(a, b.abs().add(tf.scalar(1, "int32")))],
  ],
  ["int32 power", int([5]), (a) => tf.pow(a, tf.scalar(3, "int32"))],
  [
    "comparisons",
    int([3, 4], [4]),
    (a, b) => [
      tf.equal(a, b),
      tf.notEqual(a, b),
      tf.less(a, b),
      tf.lessEqual(a, b),
      tf.greater(a, b),
      tf.greaterEqual(a, b),
    ],
  ],
  ["logic", bool([3, 4], [4]), (a, b) => [tf.logicalAnd(a, b), tf.logicalOr(a, b), tf.logicalXor(a, b)]],
  ["bitwiseAnd", int([3, 4], [3, 4]), (a, b) => tf.bitwiseAnd(a as tf.Tensor<tf.Rank>, b as tf.Tensor<tf.Rank>)],
  [
    "where",
    () => [randomTensor(1, [3, 4]), randomTensor(2, [3, 4])],
    (a, b) => tf.where(randomTensor(3, [3, 4], "bool"), a, b),
    true,
  ],
  ["addN", float([3, 4], [3, 4], [3, 4]), (...xs) => tf.addN(xs), true],
];

describeCases("functions of two tensors", BINARY);
