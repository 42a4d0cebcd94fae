/** Cases that compare a kernel with the cpu backend: a name, random inputs, what is computed, whether to differentiate. */
import { test } from "vitest";
import type { tf } from "../../src/engine";
import { describeNative, expectLikeCpu, randomTensor } from "./native";

export type Compute = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
export type Case = [name: string, inputs: () => tf.Tensor[], compute: Compute, gradient?: boolean];

export const float =
  (...shapes: number[][]) =>
  () =>
    shapes.map((shape, i) => randomTensor(i + 1, shape));
export const positive =
  (...shapes: number[][]) =>
  () =>
    float(...shapes)().map((t) => t.abs().add(0.1));
export const inside =
  (...shapes: number[][]) =>
  () =>
    float(...shapes)().map((t) => t.tanh().mul(0.9));
export const int =
  (...shapes: number[][]) =>
  () =>
    shapes.map((shape, i) => randomTensor(i + 1, shape, "int32"));
export const bool =
  (...shapes: number[][]) =>
  () =>
    shapes.map((shape, i) => randomTensor(i + 1, shape, "bool"));

/** A test a case. */
export function describeCases(family: string, cases: readonly Case[]): void {
  describeNative(`${family}: as the cpu backend computes`, () => {
    for (const [name, inputs, compute, gradient = false] of cases) {
      test(`${name}${gradient ? ", and its gradient" : ""}`, () => expectLikeCpu(inputs, compute, { gradient }));
    }
  });
}
