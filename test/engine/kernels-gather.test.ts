import { tf } from "../../src/engine";
import { type Case, describeCases, float } from "./cases";

const PLACES: Case[] = [
  [
    "gather",
    float([5, 4]),
    (x) =>
      tf.gather(
        x,
        tf.tensor2d(
          [
            [0, 4],
            [2, 2],
          ],
          undefined,
          "int32",
        ),
      ),
    true,
  ],
  ["gather along axis 1", float([3, 5, 2]), (x) => tf.gather(x, tf.tensor1d([4, 0, 4], "int32"), 1), true],
  [
    "gather with batch axes",
    float([2, 5, 3]),
    (x) =>
      tf.gather(
        x,
        tf.tensor2d(
          [
            [0, 4],
            [2, 2],
          ],
          undefined,
          "int32",
        ),
        1,
        1,
      ),
  ],
  [
    "gatherND",
    float([3, 4, 2]),
    (x) =>
      tf.gatherND(
        x,
        tf.tensor2d(
          [
            [0, 1],
            [2, 3],
          ],
          undefined,
          "int32",
        ),
      ),
  ],
  ["scatterND adds", float([3, 2]), (u) => tf.scatterND(tf.tensor2d([[1], [3], [1]], undefined, "int32"), u, [5, 2])],
  [
    "tensorScatterUpdate",
    float([5, 2], [2, 2]),
    (t, u) => tf.tensorScatterUpdate(t, tf.tensor2d([[1], [3]], undefined, "int32"), u),
  ],
  [
    "sparseToDense",
    () => [],
    () => tf.sparseToDense(tf.tensor1d([1, 3], "int32"), tf.tensor1d([5, 6]), [5], tf.scalar(-1)),
  ],
  [
    "oneHot",
    () => [tf.tensor1d([0, 3, -1, 2], "int32")],
    (x) => [tf.oneHot(x, 3), tf.oneHot(x, 4, 2.5, -1, "float32")],
  ],
  ["unsortedSegmentSum", float([5, 3]), (x) => tf.unsortedSegmentSum(x, tf.tensor1d([0, 2, 0, 7, 1], "int32"), 3)],
];

describeCases("gathering and scattering", PLACES);
