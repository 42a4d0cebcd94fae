import { tf } from "../../src/engine";
import { bool, type Case, describeCases, float, inside, int, positive } from "./cases";

const ELEMENTWISE: Case[] = [
  ...(
    [
      "abs",
      "neg",
      "square",
      "exp",
      "expm1",
      "sigmoid",
      "tanh",
      "sin",
      "cos",
      "sinh",
      "cosh",
      "atan",
      "asinh",
      "erf",
    ] as const
  ).map((op): Case => [op, float([3, 4, 5]), (x) => tf[op](x), true]),
  ...(["relu", "relu6", "elu", "selu", "softplus", "softmax", "logSoftmax"] as const).map(
    (op): Case => [op, float([3, 4, 5]), (x) => tf[op](x.mul(4)), true],
  ),
  ...(["sqrt", "rsqrt", "log", "log1p", "reciprocal"] as const).map(
    (op): Case => [op, positive([3, 4, 5]), (x) => tf[op](x), true],
  ),
  ...(["asin", "acos", "atanh", "tan"] as const).map((op): Case => [op, inside([3, 4, 5]), (x) => tf[op](x), true]),
  ["acosh", positive([7]), (x) => tf.acosh(x.add(1)), true],
  ...(["sign", "ceil", "floor", "round", "isFinite", "isInf", "isNaN"] as const).map(
    (op): Case => [op, float([3, 4]), (x) => tf[op](x.mul(3))],
  ),
  ["round of halves goes to the even neighbour", () => [tf.tensor1d([-1.5, -0.5, 0.5, 1.5, 2.5])], (x) => tf.round(x)],
  ["relu of int32", int([3, 4]), (x) => tf.relu(x)],
  ["abs of int32", int([3, 4]), (x) => tf.abs(x)],
  ["leakyRelu", float([3, 4]), (x) => tf.leakyRelu(x, 0.3), true],
  ["prelu", float([3, 4], [4]), (x, a) => tf.prelu(x, a), true],
  ["step", float([3, 4]), (x) => tf.step(x, 0.25)],
  ["clipByValue", float([3, 4]), (x) => tf.clipByValue(x, -0.5, 0.5), true],
  ["logicalNot", bool([3, 4]), (x) => tf.logicalNot(x)],
  ["cast float32 to int32", float([3, 4]), (x) => tf.cast(x.mul(9), "int32")],
  ["cast float32 to bool", () => [tf.tensor1d([0, 1, -2, Number.NaN])], (x) => tf.cast(x, "bool")],
  ["cast int32 and bool to float32", int([3]), (x) => [tf.cast(x, "float32"), tf.cast(tf.cast(x, "bool"), "float32")]],
  ["cast of what int32 cannot hold", () => [tf.tensor1d([Number.NaN, 1.9, -1.9])], (x) => tf.cast(x, "int32")],
  [
    "NaN and infinity pass through",
    () => [tf.tensor1d([Number.NaN, 1 / 0, -1 / 0, 0])],
    (x) => [tf.exp(x), tf.neg(x), tf.step(x)],
  ],
];

describeCases("functions of one tensor", ELEMENTWISE);
