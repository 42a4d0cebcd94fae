/** int32 in every native kernel: whole numbers beyond 2^24, which float32 cannot hold, come out whole. */
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { Rng } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { nativeKernels } from "../../src/engine/native/kernels";
import { describeNative } from "./native";

type Values = readonly number[];

/** One call: tensors are `[shape, values, dtype]`; int32 unless said otherwise. */
type Given = readonly [shape: number[], values: Values, dtype?: tf.DataType];
interface Call {
  readonly inputs: Record<string, Given> | Given[];
  readonly attrs?: object;
  /** By BigInt arithmetic, where the kernel is one of whole numbers. */
  readonly exact?: readonly bigint[];
}
type Draw = (rng: Rng) => Call;

/** A whole number of any size that int32 holds, often beyond 2^24, now and then an end of the range. */
function whole(rng: Rng, most = 2 ** 31 - 1): number {
  const ends = [0, 1, -1, most, -most, 2 ** 24 + 1, -(2 ** 24) - 1].filter((value) => Math.abs(value) <= most);
  if (rng.uniform() < 0.3) return rng.pick(ends);
  const size = Math.floor(most * 2 ** -rng.int(31));
  return rng.int(2 * size + 1) - size;
}

const many = (rng: Rng, count: number, most?: number): number[] =>
  Array.from({ length: count }, () => whole(rng, most));
const big = (values: Values): bigint[] => values.map(BigInt);

/** int32 as it wraps around. */
const wrapped = (value: bigint): bigint => BigInt.asIntN(32, value);

const unary =
  (exact?: (x: bigint) => bigint, attrs: object = {}): Draw =>
  (rng) => {
    const x = many(rng, 12);
    return { inputs: { x: [[3, 4], x] }, attrs, ...(exact && { exact: big(x).map((value) => wrapped(exact(value))) }) };
  };

/** Of two tensors. Products of two numbers lie up to 2^62, beyond the 53 bits of a float64. */
const binary =
  (exact?: (a: bigint, b: bigint) => bigint, second?: (rng: Rng) => number): Draw =>
  (rng) => {
    const a = many(rng, 12);
    const b = second ? a.map(() => second(rng)) : many(rng, 12);
    const values = exact && a.map((value, i) => wrapped(exact(BigInt(value), BigInt(b[i]))));
    return { inputs: { a: [[3, 4], a], b: [[3, 4], b] }, ...(values && { exact: values }) };
  };

const truth = (holds: (a: bigint, b: bigint) => boolean): Draw => {
  const compare = binary((a, b) => (holds(a, b) ? 1n : 0n));
  return (rng) => {
    const call = compare(rng);
    // Near ones, which float32 would take for equal.
    const { a } = call.inputs as Record<string, Given>;
    const b = a[1].map((value) => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value + rng.int(3) - 1)));
    return {
      inputs: { a, b: [[3, 4], b] },
      exact: a[1].map((value, i) => (holds(BigInt(value), BigInt(b[i])) ? 1n : 0n)),
    };
  };
};

/** Over the rows of `[3, 4]`. */
const reduction =
  (exact: ((row: bigint[]) => bigint) | undefined, attrs: object, dtype?: tf.DataType): Draw =>
  (rng) => {
    const x = dtype === "bool" ? Array.from({ length: 12 }, () => rng.int(2)) : many(rng, 12);
    const rows = [0, 4, 8].map((start) => big(x.slice(start, start + 4)));
    return {
      inputs: { x: [[3, 4], x, dtype] },
      attrs,
      ...(exact && { exact: rows.map((row) => wrapped(exact(row))) }),
    };
  };

/** `Math.max` takes no BigInt. */
function larger(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}

const sum = (values: readonly bigint[]) => values.reduce((total, value) => total + value, 0n);
const product = (values: readonly bigint[]) => values.reduce((total, value) => total * value, 1n);
const most = (values: readonly bigint[]) => values.reduce((best, value) => larger(value, best));
const least = (values: readonly bigint[]) => values.reduce((best, value) => -larger(-value, -best));

/** Kernels that only move values: the cpu backend says where to. */
const moved =
  (name: string, shape: number[], attrs: object = {}): Draw =>
  (rng) => ({ inputs: { [name]: [shape, many(rng, tf.util.sizeFromShape(shape))] }, attrs });

const list =
  (count: number, attrs: object): Draw =>
  (rng) => ({ inputs: Array.from({ length: count }, (): Given => [[2, 3], many(rng, 6)]), attrs });

const windows = { strides: [1, 1], pad: "valid", dataFormat: "NHWC", dilations: [1, 1] };
const pool = { filterSize: [2, 2], strides: [1, 1], pad: "same" };
const image: number[] = [1, 3, 3, 2];
const matrices =
  (attrs: object): Draw =>
  (rng) => {
    const [a, b] = [many(rng, 6), many(rng, 6)];
    const at = (row: number, column: number) =>
      wrapped(sum([0, 1, 2].map((k) => BigInt(a[3 * row + k]) * BigInt(b[2 * k + column]))));
    const exact = [at(0, 0), at(0, 1), at(1, 0), at(1, 1)];
    return { inputs: { a: [[1, 2, 3], a], b: [[1, 3, 2], b] }, attrs, exact };
  };

/** A 2x2 filter over {@link image}: to one channel from both, or to each of two channels from its own. */
const convolved =
  (to: readonly number[], fused: boolean): Draw =>
  (rng) => {
    const [x, filter, bias] = [many(rng, 18), many(rng, 8), many(rng, to.length)];
    const at = (row: number, column: number, channel: number) => {
      const taps = [0, 1, 2, 3].flatMap((tap) => {
        const pixel = (row + (tap >> 1)) * 3 + column + (tap % 2);
        const product = (c: number) => BigInt(x[2 * pixel + c]) * BigInt(filter[2 * tap + c]);
        return to.length === 2 ? [product(channel)] : [product(0), product(1)];
      });
      return wrapped(sum(taps) + (fused ? BigInt(bias[channel]) : 0n));
    };
    const inputs: Record<string, Given> = { x: [image, x], filter: [[2, 2, 2, 1], filter] };
    if (fused) inputs.bias = [[to.length], bias];
    const exact = [0, 1, 2, 3].flatMap((pixel) => to.map((_, channel) => at(pixel >> 1, pixel % 2, channel)));
    return { inputs, attrs: { ...windows, ...(fused && { activation: "linear" }) }, exact };
  };

/** Draws a call of each kernel that takes int32 or bool. */
const CALLS: Readonly<Record<string, Draw>> = {
  Abs: unary((x) => (x < 0n ? -x : x)),
  Neg: unary((x) => -x),
  Sign: unary((x) => (x > 0n ? 1n : x < 0n ? -1n : 0n)),
  Square: (rng) => {
    const x = many(rng, 12);
    return { inputs: { x: [[12], x] }, exact: big(x).map((value) => wrapped(value * value)) };
  },
  Ceil: unary((x) => x),
  Floor: unary((x) => x),
  Round: unary((x) => x),
  Identity: unary((x) => x),
  Relu: unary((x) => (x > 0n ? x : 0n)),
  Relu6: unary((x) => (x < 0n ? 0n : x > 6n ? 6n : x)),
  Step: unary((x) => (x > 0n ? 1n : 0n), { alpha: 0 }),
  ClipByValue: (rng) => {
    const x = many(rng, 12);
    const [low, high] = [whole(rng), whole(rng)].sort((a, b) => a - b);
    const exact = big(x).map((value) =>
      value > BigInt(high) ? BigInt(high) : value < BigInt(low) ? BigInt(low) : value,
    );
    return { inputs: { x: [[12], x] }, attrs: { clipValueMin: low, clipValueMax: high }, exact };
  },
  ...Object.fromEntries(
    [
      ...["Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cos", "Elu", "Erf", "IsFinite", "IsInf", "IsNan", "Log"],
      ...["Log1p", "Reciprocal", "Rsqrt", "Selu", "Sigmoid", "Sin", "Softplus", "Sqrt", "Tan", "Tanh"],
    ].map((name) => [name, unary()]),
  ),
  // Beyond int32 their results have no meaning.
  ...Object.fromEntries(
    ["Cosh", "Exp", "Expm1", "Sinh"].map((name) => [name, (rng: Rng) => ({ inputs: { x: [[6], many(rng, 6, 20)] } })]),
  ),
  LeakyRelu: unary(undefined, { alpha: 0.25 }),
  LogicalNot: (rng) => ({ inputs: { x: [[6], Array.from({ length: 6 }, () => rng.int(2)), "bool"] } }),
  Cast: (rng) => {
    const dtype = rng.pick(["float32", "int32", "bool"]);
    const from = rng.pick(["int32", "bool", "float32"] as const);
    const x = from === "bool" ? [0, 1, 1, 0] : from === "int32" ? many(rng, 4) : [3e9, -2.7, Number.NaN, -5e10];
    return { inputs: { x: [[4], x, from] }, attrs: { dtype } };
  },
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Multiply: binary((a, b) => a * b),
  Maximum: binary(larger),
  Minimum: binary((a, b) => -larger(-a, -b)),
  SquaredDifference: binary((a, b) => (a - b) ** 2n),
  BitwiseAnd: binary((a, b) => a & b),
  FloorDiv: binary(
    (a, b) => (b === 0n ? 0n : a / b - (a % b !== 0n && a < 0n !== b < 0n ? 1n : 0n)),
    (rng) => whole(rng, 2 ** (1 + rng.int(30))),
  ),
  Mod: binary((a, b) => (b === 0n ? 0n : ((a % b) + b) % b)),
  RealDiv: binary((a, b) => (b === 0n ? 0n : a / b)),
  Pow: (rng) => {
    const a = many(rng, 12);
    const b = a.map(() => rng.int(20));
    return {
      inputs: { a: [[12], a], b: [[12], b] },
      exact: a.map((value, i) => wrapped(BigInt(value) ** BigInt(b[i]))),
    };
  },
  Atan2: binary(),
  Equal: truth((a, b) => a === b),
  NotEqual: truth((a, b) => a !== b),
  Greater: truth((a, b) => a > b),
  GreaterEqual: truth((a, b) => a >= b),
  Less: truth((a, b) => a < b),
  LessEqual: truth((a, b) => a <= b),
  LogicalAnd: () => ({ inputs: { a: [[4], [0, 0, 1, 1], "bool"], b: [[4], [0, 1, 0, 1], "bool"] } }),
  LogicalOr: () => ({ inputs: { a: [[4], [0, 0, 1, 1], "bool"], b: [[4], [0, 1, 0, 1], "bool"] } }),
  Prelu: (rng) => ({ inputs: { x: [[4], many(rng, 4)], alpha: [[4], many(rng, 4, 100)] } }),
  EluGrad: (rng) => ({ inputs: { dy: [[4], many(rng, 4)], y: [[4], many(rng, 4)] } }),
  Select: (rng) => ({
    inputs: { condition: [[4], [0, 1, 1, 0], "bool"], t: [[4], many(rng, 4)], e: [[4], many(rng, 4)] },
  }),
  AddN: (rng) => {
    const parts = [0, 1, 2].map(() => many(rng, 6));
    return {
      inputs: parts.map((part): Given => [[6], part]),
      exact: parts[0].map((_, i) => wrapped(sum(parts.map((part) => BigInt(part[i]))))),
    };
  },
  Sum: reduction(sum, { axis: [1], keepDims: false }),
  Prod: reduction(product, { axis: [1], keepDims: false }),
  Max: reduction(most, { reductionIndices: [1], keepDims: false }),
  Min: reduction(least, { axis: [1], keepDims: false }),
  Mean: reduction(undefined, { axis: [1], keepDims: false }),
  All: reduction(undefined, { axis: [1], keepDims: false }, "bool"),
  Any: reduction(undefined, { axis: [1], keepDims: false }, "bool"),
  ArgMax: reduction((row) => BigInt(row.indexOf(most(row))), { axis: [1] }),
  ArgMin: reduction((row) => BigInt(row.indexOf(least(row))), { axis: [1] }),
  Cumsum: (rng) => {
    const x = many(rng, 5);
    return {
      inputs: { x: [[5], x] },
      attrs: { axis: 0, exclusive: false, reverse: false },
      exact: x.map((_, i) => wrapped(sum(big(x.slice(0, i + 1))))),
    };
  },
  Cumprod: (rng) => {
    const x = many(rng, 5);
    return {
      inputs: { x: [[5], x] },
      attrs: { axis: 0, exclusive: false, reverse: false },
      exact: x.map((_, i) => wrapped(product(big(x.slice(0, i + 1))))),
    };
  },
  Softmax: (rng) => ({ inputs: { logits: [[2, 3], many(rng, 6, 100)] }, attrs: { dim: 1 } }),
  TopK: moved("x", [2, 6], { k: 3, sorted: true }),
  Transpose: moved("x", [2, 3, 4], { perm: [2, 0, 1] }),
  Reshape: moved("x", [2, 6], { shape: [3, 4] }),
  ExpandDims: moved("input", [2, 3], { dim: 1 }),
  Slice: moved("x", [3, 4], { begin: [1, 1], size: [2, 2] }),
  StridedSlice: moved("x", [3, 4], {
    ...{ begin: [2, 0], end: [0, 4], strides: [-1, 2] },
    ...{ beginMask: 0, endMask: 0, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0 },
  }),
  PadV2: (rng) => ({
    inputs: { x: [[2, 2], many(rng, 4)] },
    attrs: {
      paddings: [
        [1, 0],
        [0, 2],
      ],
      constantValue: whole(rng),
    },
  }),
  MirrorPad: moved("x", [3, 3], {
    paddings: [
      [1, 1],
      [0, 2],
    ],
    mode: "reflect",
  }),
  Concat: list(3, { axis: 1 }),
  Pack: list(3, { axis: 1 }),
  Unpack: moved("value", [2, 3], { axis: 1 }),
  SplitV: moved("x", [2, 6], { numOrSizeSplits: [2, 4], axis: 1 }),
  Tile: moved("x", [2, 2], { reps: [2, 3] }),
  Reverse: moved("x", [2, 3], { dims: [1] }),
  FlipLeftRight: moved("image", image),
  DepthToSpace: (rng) => {
    const x = many(rng, 4);
    return { inputs: { x: [[1, 1, 1, 4], x] }, attrs: { blockSize: 2, dataFormat: "NHWC" }, exact: big(x) };
  },
  SpaceToBatchND: moved("x", [1, 4, 4, 1], {
    blockShape: [2, 2],
    paddings: [
      [0, 0],
      [0, 0],
    ],
  }),
  BatchToSpaceND: moved("x", [4, 2, 2, 1], {
    blockShape: [2, 2],
    crops: [
      [0, 0],
      [0, 0],
    ],
  }),
  Diag: moved("x", [4]),
  ZerosLike: moved("x", [4]),
  OnesLike: moved("x", [4]),
  Fill: (rng) => ({ inputs: {}, attrs: { shape: [3], value: whole(rng), dtype: "int32" } }),
  Range: (rng) => {
    const [start, step] = [whole(rng, 2 ** 30), 1 + rng.int(1000)];
    return {
      inputs: {},
      attrs: { start, stop: start + 5 * step, step, dtype: "int32" },
      exact: [0, 1, 2, 3, 4].map((i) => BigInt(start + i * step)),
    };
  },
  GatherV2: (rng) => ({
    inputs: { x: [[4, 2], many(rng, 8)], indices: [[3], [3, 0, 2]] },
    attrs: { axis: 0, batchDims: 0 },
  }),
  GatherNd: (rng) => ({
    inputs: {
      params: [[3, 2], many(rng, 6)],
      indices: [
        [2, 2],
        [2, 1, 0, 0],
      ],
    },
  }),
  ScatterNd: (rng) => {
    const updates = many(rng, 3);
    const [a, b, c] = big(updates);
    return {
      inputs: {
        indices: [
          [3, 1],
          [1, 3, 1],
        ],
        updates: [[3], updates],
      },
      attrs: { shape: [5] },
      exact: [0n, wrapped(a + c), 0n, b, 0n],
    };
  },
  TensorScatterUpdate: (rng) => ({
    inputs: {
      tensor: [[4], many(rng, 4)],
      indices: [
        [2, 1],
        [1, 3],
      ],
      updates: [[2], many(rng, 2)],
    },
    attrs: {},
  }),
  SparseToDense: (rng) => ({
    inputs: {
      sparseIndices: [
        [2, 1],
        [1, 3],
      ],
      sparseValues: [[2], many(rng, 2)],
      defaultValue: [[], [whole(rng)]],
    },
    attrs: { outputShape: [5] },
  }),
  OneHot: (rng) => {
    const [onValue, offValue] = many(rng, 2);
    const exact = big([offValue, onValue, offValue, onValue, offValue, offValue]);
    return { inputs: { indices: [[2], [1, 0]] }, attrs: { depth: 3, onValue, offValue, dtype: "int32" }, exact };
  },
  UnsortedSegmentSum: (rng) => {
    const x = many(rng, 4);
    const [a, b, c, d] = big(x);
    return {
      inputs: { x: [[4], x], segmentIds: [[4], [0, 2, 0, 2]] },
      attrs: { numSegments: 3 },
      exact: [wrapped(a + c), 0n, wrapped(b + d)],
    };
  },
  Bincount: (rng) => ({ inputs: { x: [[4], [0, 2, 2, 1]], weights: [[4], many(rng, 4)] }, attrs: { size: 3 } }),
  DenseBincount: (rng) => ({
    inputs: { x: [[4], [0, 2, 2, 1]], weights: [[4], many(rng, 4)] },
    attrs: { size: 3, binaryOutput: false },
  }),
  SearchSorted: (rng) => ({
    inputs: { sortedSequence: [[1, 6], many(rng, 6).sort((a, b) => a - b)], values: [[1, 3], many(rng, 3)] },
    attrs: { side: "left" },
  }),
  BroadcastArgs: () => ({ inputs: { s0: [[2], [3, 1]], s1: [[2], [1, 16777217]] }, exact: [3n, 16777217n] }),
  BatchMatMul: matrices({ transposeA: false, transposeB: false }),
  _FusedMatMul: matrices({ transposeA: false, transposeB: false, activation: "linear" }),
  Einsum: (rng) => {
    const { inputs, exact } = matrices({})(rng);
    const { a, b } = inputs as Record<string, Given>;
    return {
      inputs: [
        [[2, 3], a[1]],
        [[3, 2], b[1]],
      ],
      attrs: { equation: "ij,jk->ik" },
      exact,
    };
  },
  Conv2D: convolved([1], false),
  FusedConv2D: convolved([1], true),
  DepthwiseConv2dNative: convolved([1, 2], false),
  FusedDepthwiseConv2D: convolved([1, 2], true),
  MaxPool: moved("x", image, pool),
  AvgPool: moved("x", image, pool),
  MaxPool3D: (rng) => {
    const x = many(rng, 12);
    const attrs = { filterSize: [2, 2, 3], strides: [1, 1, 1], pad: "valid", dataFormat: "NDHWC" };
    return { inputs: { x: [[1, 2, 2, 3, 1], x] }, attrs, exact: [most(big(x))] };
  },
  MaxPoolWithArgmax: moved("x", image, { ...pool, pad: "valid", includeBatchInIndex: false }),
  ResizeNearestNeighbor: (rng) => {
    const x = many(rng, 18);
    const exact = [0, 1, 2, 3, 4, 5].flatMap((row) =>
      [0, 1, 2, 3, 4, 5].flatMap((column) => big([0, 1].map((c) => x[((row >> 1) * 3 + (column >> 1)) * 2 + c]))),
    );
    return {
      inputs: { images: [image, x] },
      attrs: { size: [6, 6], alignCorners: false, halfPixelCenters: false },
      exact,
    };
  },
  ResizeBilinear: moved("images", image, { size: [5, 4], alignCorners: false, halfPixelCenters: false }),
  CropAndResize: (rng) => ({
    inputs: { image: [image, many(rng, 18)], boxes: [[1, 4], [0, 0, 1, 1], "float32"], boxInd: [[1], [0]] },
    attrs: { cropSize: [3, 3], method: "nearest", extrapolationValue: 0 },
  }),
  Dilation2D: (rng) => ({
    inputs: { x: [image, many(rng, 18, 2 ** 30)], filter: [[2, 2, 2], many(rng, 8, 2 ** 30)] },
    attrs: { strides: [1, 1], pad: "valid", dilations: [1, 1] },
  }),
};

const FLOATS = "its gradients and statistics are float32 by nature";
const OURS = "takes float32 only, and says so";

/** The native kernels that have no int32 form. */
const WITHOUT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...["Conv2DBackpropFilter", "Conv2DBackpropInput", "Conv3D", "Conv3DBackpropFilterV2", "Conv3DBackpropInputV2"],
      ...["DepthwiseConv2dNativeBackpropFilter", "DepthwiseConv2dNativeBackpropInput", "AvgPoolGrad", "AvgPool3DGrad"],
      ...[
        "MaxPoolGrad",
        "MaxPool3DGrad",
        "Dilation2DBackpropFilter",
        "Dilation2DBackpropInput",
        "FusedBatchNorm",
        "LRN",
      ],
      ...["LRNGrad", "ResizeBilinearGrad", "ResizeNearestNeighborGrad"],
    ].map((name) => [name, FLOATS]),
  ),
  ...Object.fromEntries(
    [
      ...["ConvNormInference", "FusedActivation", "FusedActivationGrad", "FusedAdam", "FusedBatchNormInference"],
      ...["FusedBatchNormTraining", "FusedBatchNormTrainingGrad", "FusedMeanSquaredError", "FusedMeanSquaredErrorGrad"],
      ...["FusedErrors", "FusedRunningAverage", "FusedSgd", "FusedSoftmaxCrossEntropy", "FusedSoftmaxCrossEntropyGrad"],
      ...["FusedSqueezeExcite", "FusedSqueezeExciteGrad", "MBConvInference", "MBConvTraining", "MBConvTrainingGrad"],
    ].map((name) => [name, OURS]),
  ),
  AvgPool3D: "tf.avgPool3d refuses int32",
  Complex: "complex numbers",
  Real: "complex numbers",
  Imag: "complex numbers",
  LinSpace: "float32 by definition",
  LogSoftmax: "float32 by definition, and no kernel of the cpu backend",
  Multinomial: "draws by chance",
  StoredRows: "reads half and single precision, for features alone",
  NonMaxSuppressionV3: "boxes are float32",
  NonMaxSuppressionV4: "boxes are float32",
  NonMaxSuppressionV5: "boxes are float32",
};

interface Output {
  readonly shape: number[];
  readonly dtype: string;
  readonly values: number[];
}

function run(name: "native" | "cpu", kernel: string, { inputs, attrs = {} }: Call): Output[] {
  tf.setBackend(name);
  return tf.tidy(() => {
    const make = ([shape, values, dtype = "int32"]: Given) => tf.tensor([...values], shape, dtype);
    const tensors = Array.isArray(inputs)
      ? inputs.map(make)
      : Object.fromEntries(Object.entries(inputs).map(([key, given]) => [key, make(given)]));
    const outputs = tf.engine().runKernel(kernel, tensors as tf.NamedTensorMap, attrs as tf.NamedAttrMap);
    return ([outputs].flat() as tf.Tensor[]).map((y) => ({
      shape: y.shape,
      dtype: y.dtype,
      values: [...y.dataSync()],
    }));
  });
}

describeNative("whole numbers stay whole", () => {
  beforeAll(() => {
    engine.use("cpu");
    engine.use("native");
  });

  test("every native kernel is tried with int32, or has a reason why not", () => {
    const tried = [...Object.keys(CALLS), ...Object.keys(WITHOUT)].sort();
    expect(nativeKernels.map(({ name }) => name).sort()).toEqual(tried);
  });

  for (const [kernel, draw] of Object.entries(CALLS)) {
    test(`${kernel}: as by BigInt and as the cpu backend's, in dtype, shape and every value`, () => {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: 2 ** 30 }), (seed) => {
          const call = draw(new Rng(seed));
          const native = run("native", kernel, call);
          if (call.exact) expect(native[0].values.map(BigInt)).toEqual(call.exact);
          for (const [i, expected] of run("cpu", kernel, call).entries()) {
            const { shape, dtype, values } = native[i];
            expect(shape).toEqual(expected.shape);
            if (call.exact) {
              // tfjs keeps some whole numbers in a Float32Array: BigInt knows better.
              expect(dtype).not.toBe("float32");
              continue;
            }
            expect(dtype).toBe(expected.dtype);
            if (dtype !== "float32") expect(values).toEqual(expected.values);
            else {
              for (const [k, value] of expected.values.entries()) {
                if (Object.is(value, values[k])) continue;
                expect(Math.abs(values[k] - value)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(value)));
              }
            }
          }
        }),
        { numRuns: 12 },
      );
    });
  }
});
