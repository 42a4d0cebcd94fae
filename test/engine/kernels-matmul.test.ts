import { tf } from "../../src/engine";
import { type Case, describeCases, float } from "./cases";

const PRODUCTS: Case[] = [
  ["matMul", float([3, 4], [4, 5]), (a, b) => tf.matMul(a, b), true],
  ["matMul, both transposed", float([4, 3], [5, 4]), (a, b) => tf.matMul(a, b, true, true), true],
  ["matMul in batches that broadcast", float([2, 3, 4], [1, 4, 5]), (a, b) => tf.matMul(a, b)],
  ["dot", float([4], [4]), (a, b) => tf.dot(a, b)],
  [
    "fused matMul with bias and relu",
    float([3, 4], [4, 5], [5]),
    (a, b, bias) => tf.fused.matMul({ a, b, bias, activation: "relu" }),
    true,
  ],
  ["fused matMul with elu", float([3, 4], [4, 5]), (a, b) => tf.fused.matMul({ a, b, activation: "elu" })],
  ["einsum", float([3, 4], [4, 5]), (a, b) => [tf.einsum("ij,jk->ik", a, b), tf.einsum("ij->ji", a)]],
];

describeCases("matrix products", PRODUCTS);
