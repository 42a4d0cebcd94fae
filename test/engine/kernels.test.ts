import { expect, test } from "vitest";
import { tf } from "../../src/engine";
import { nativeKernels } from "../../src/engine/native/kernels";
import { describeNative, expectLikeCpu, randomTensor } from "./native";

type Compute = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];
type Case = [name: string, inputs: () => tf.Tensor[], compute: Compute, gradient?: boolean];

const float =
  (...shapes: number[][]) =>
  () =>
    shapes.map((shape, i) => randomTensor(i + 1, shape));
const positive =
  (...shapes: number[][]) =>
  () =>
    float(...shapes)().map((t) => t.abs().add(0.1));
const inside =
  (...shapes: number[][]) =>
  () =>
    float(...shapes)().map((t) => t.tanh().mul(0.9));
const int =
  (...shapes: number[][]) =>
  () =>
    shapes.map((shape, i) => randomTensor(i + 1, shape, "int32"));
const bool =
  (...shapes: number[][]) =>
  () =>
    shapes.map((shape, i) => randomTensor(i + 1, shape, "bool"));

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

describeNative("kernels compute what the cpu backend computes", () => {
  for (const [name, inputs, compute, gradient = false] of [
    ...ELEMENTWISE,
    ...BINARY,
    ...REDUCTIONS,
    ...MOVEMENT,
    ...PLACES,
    ...SOURCES,
    ...PRODUCTS,
    ...IMAGES,
  ]) {
    test(`${name}${gradient ? ", and its gradient" : ""}`, () => expectLikeCpu(inputs, compute, { gradient }));
  }

  test("a kernel's name is registered once", () => {
    const names = nativeKernels.map((kernel) => kernel.name);
    expect(new Set(names).size).toBe(names.length);
  });

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
