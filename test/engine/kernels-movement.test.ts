import { tf } from "../../src/engine";
import { type Case, describeCases, float } from "./cases";

const MOVEMENT: Case[] = [
  ["reshape shares data", float([3, 4]), (x) => tf.reshape(x, [2, 6]).add(tf.reshape(x, [6, 2]).transpose()), true],
  ["transpose", float([2, 3, 4, 5]), (x) => tf.transpose(x, [0, 3, 1, 2]), true],
  ["slice", float([4, 5, 6]), (x) => tf.slice(x, [1, 0, 2], [2, -1, 3]), true],
  ["stridedSlice forwards and backwards", float([6, 7]), (x) => tf.stridedSlice(x, [5, 1], [0, 7], [-2, 3])],
  ["stridedSlice with masks", float([3, 4, 5]), (x) => tf.stridedSlice(x, [1, 3, 1], [3, 1, 4], [1, 1, 2], 2, 2)],
  [
    "pad",
    float([2, 3]),
    (x) =>
      tf.pad(
        x,
        [
          [1, 2],
          [0, 3],
        ],
        0.5,
      ),
    true,
  ],
  [
    "mirrorPad reflects",
    float([3, 4]),
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [2, 0],
        ],
        "reflect",
      ),
    true,
  ],
  [
    "mirrorPad is symmetric",
    float([3, 4]),
    (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [3, 4],
        ],
        "symmetric",
      ),
  ],
  ["concat", float([2, 3], [2, 1], [2, 4]), (...xs) => tf.concat(xs, 1), true],
  ["concat with an empty tensor", float([2, 3], [2, 0]), (...xs) => tf.concat(xs, 1)],
  ["split", float([4, 6]), (x) => tf.split(x, [1, 2, 3], 1)],
  ["split has a gradient", float([4, 6]), (x) => tf.split(x, 3, 1)[1].square(), true],
  ["stack and unstack", float([2, 3], [2, 3]), (...xs) => tf.unstack(tf.stack(xs, 1), 2)],
  ["unstack has a gradient", float([2, 3]), (x) => tf.unstack(x, 1)[2].square(), true],
  ["tile", float([2, 3]), (x) => tf.tile(x, [2, 3]), true],
  ["reverse", float([2, 3, 4]), (x) => tf.reverse(x, [0, 2]), true],
  ["expandDims and squeeze", float([2, 1, 3]), (x) => tf.squeeze(tf.expandDims(x, -1), [1]), true],
  ["depthToSpace", float([2, 3, 4, 8]), (x) => tf.depthToSpace(x as tf.Tensor4D, 2)],
  [
    "spaceToBatchND",
    float([2, 5, 4, 3]),
    (x) =>
      tf.spaceToBatchND(
        x,
        [2, 2],
        [
          [1, 0],
          [0, 2],
        ],
      ),
    true,
  ],
  [
    "batchToSpaceND",
    float([8, 3, 2, 3]),
    (x) =>
      tf.batchToSpaceND(
        x,
        [2, 2],
        [
          [1, 0],
          [0, 1],
        ],
      ),
    true,
  ],
  ["flipLeftRight", float([2, 3, 4, 2]), (x) => tf.image.flipLeftRight(x as tf.Tensor4D)],
];

describeCases("moving data", MOVEMENT);
