import { tf } from "../../src/engine";
import { type Case, describeCases, float, positive } from "./cases";

// Square, and of one image, where the gradient counts: the cpu backend's confuses height, width and images.
const IMAGES: Case[] = [
  ...[true, false].flatMap((align) =>
    [
      [7, 7],
      [3, 3],
    ].flatMap((size): Case[] => {
      const to = size as [number, number];
      return [
        [
          `resizeBilinear to ${to}, corners ${align}`,
          float([2, 5, 5, 3]),
          (x) => tf.image.resizeBilinear(x as tf.Tensor4D, to, align),
          true,
        ],
        [
          `resizeNearestNeighbor to ${to}, corners ${align}`,
          float([1, 5, 5, 3]),
          (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, to, align),
          true,
        ],
      ];
    }),
  ),
  [
    "resizeBilinear between pixel centres",
    float([1, 4, 5, 2]),
    (x) => tf.image.resizeBilinear(x as tf.Tensor4D, [6, 7], false, true),
  ],
  [
    "resizeNearestNeighbor between pixel centres",
    float([1, 4, 5, 2]),
    (x) => tf.image.resizeNearestNeighbor(x as tf.Tensor4D, [6, 7], false, true),
  ],
  [
    "localResponseNormalization",
    float([2, 3, 3, 7]),
    (x) => tf.localResponseNormalization(x as tf.Tensor4D, 2, 1, 0.5, 0.75),
    true,
  ],
  [
    "batchNorm with given statistics",
    () => [...float([2, 3, 3, 4], [4])(), ...positive([4])(), ...float([4], [4])()],
    (x, m, v, o, s) => tf.batchNorm(x, m as tf.Tensor1D, v as tf.Tensor1D, o as tf.Tensor1D, s as tf.Tensor1D),
    true,
  ],
  [
    "batchNorm without scale and offset",
    () => [...float([2, 3, 4], [4])(), ...positive([4])()],
    (x, m, v) => tf.batchNorm(x, m as tf.Tensor1D, v as tf.Tensor1D),
  ],
];

describeCases("images and their norms", IMAGES);
