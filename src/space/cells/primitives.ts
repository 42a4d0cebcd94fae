import { SpaceError } from "../../core";
import { formatShape, sameShape } from "../shapes";
import type { ImageShape } from "../types";

/** Height and width. */
type Pair = readonly [number, number];

/** "symmetric": dilation x (kernel - 1) / 2 on each side, which makes ceil(size / stride) of a size; "valid": none. */
export type CellPadding = "symmetric" | "valid";

/** Non-linearity; PReLU has one slope a channel, which is trained. */
export interface ActivationPrimitive {
  readonly kind: "activation";
  readonly activation: "relu" | "prelu";
}

/** Bias-free convolution. */
export interface ConvPrimitive {
  readonly kind: "conv";
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly outChannels: number;
  readonly padding: CellPadding;
}

/** Bias-free depthwise convolution. */
export interface DepthwisePrimitive {
  readonly kind: "depthwise";
  readonly kernel: Pair;
  readonly stride: 1 | 2;
  readonly dilation: number;
  readonly padding: CellPadding;
}

/** Batch norm with scale and shift. */
export interface NormPrimitive {
  readonly kind: "norm";
}

/** The largest value, or the mean, of each window; padding takes no part. */
export interface PoolPrimitive {
  readonly kind: "pool";
  readonly pool: "max" | "avg";
  readonly kernelSize: number;
  readonly stride: 1 | 2;
  readonly padding: CellPadding;
}

/** Zeros. */
export interface ZeroPrimitive {
  readonly kind: "zero";
  readonly stride: 1 | 2;
  readonly outChannels: number;
}

/** The map moved by one row and one column: without its first, with zeros as its last. */
export interface ShiftPrimitive {
  readonly kind: "shift";
}

/** Several ways from one map, joined along the channels or added. An empty way passes the map on. */
export interface BranchesPrimitive {
  readonly kind: "branches";
  readonly join: "concat" | "sum";
  readonly branches: readonly (readonly Primitive[])[];
}

/** What the operations of cells are made of. Every room has one entry a kind: shape here, cost, module. */
export type Primitive =
  | ActivationPrimitive
  | ConvPrimitive
  | DepthwisePrimitive
  | NormPrimitive
  | PoolPrimitive
  | ZeroPrimitive
  | ShiftPrimitive
  | BranchesPrimitive;

export type PrimitiveKind = Primitive["kind"];

/** A table with one entry a kind, each for its own kind. */
export type OfPrimitives<Arguments extends unknown[], Result> = {
  readonly [Kind in PrimitiveKind]: (
    primitive: Extract<Primitive, { readonly kind: Kind }>,
    ...rest: Arguments
  ) => Result;
};

const shrunk = (size: number, kernel: number, stride: number, padding: CellPadding) =>
  padding === "symmetric" ? Math.ceil(size / stride) : Math.floor((size - kernel) / stride) + 1;

const SHAPES: OfPrimitives<[input: ImageShape], ImageShape> = {
  activation: (_, input) => input,
  norm: (_, input) => input,
  shift: (_, input) => input,
  conv: ({ kernel, stride, outChannels, padding }, { height, width }) => ({
    height: shrunk(height, kernel[0], stride[0], padding),
    width: shrunk(width, kernel[1], stride[1], padding),
    channels: outChannels,
  }),
  depthwise: ({ kernel, stride, padding }, { height, width, channels }) => ({
    height: shrunk(height, kernel[0], stride, padding),
    width: shrunk(width, kernel[1], stride, padding),
    channels,
  }),
  pool: ({ kernelSize, stride, padding }, { height, width, channels }) => ({
    height: shrunk(height, kernelSize, stride, padding),
    width: shrunk(width, kernelSize, stride, padding),
    channels,
  }),
  zero: ({ stride, outChannels }, { height, width }) => ({
    height: Math.ceil(height / stride),
    width: Math.ceil(width / stride),
    channels: outChannels,
  }),
  branches: ({ join, branches }, input) => {
    const shapes = branches.map((branch) => primitivesOutput(branch, input));
    const [first] = shapes;
    const channels = join === "sum" ? first.channels : shapes.reduce((sum, shape) => sum + shape.channels, 0);
    for (const shape of shapes) {
      if (sameShape(join === "sum" ? shape : { ...shape, channels: first.channels }, first)) continue;
      throw new SpaceError(
        `the ways of a branch must end alike, got ${shapes.map(formatShape).join(" and ")} from ${formatShape(input)}; take an image whose sides halve evenly`,
      );
    }
    return { ...first, channels };
  },
};

/** Shape `[height, width, channels]` that leaves a primitive. @throws SpaceError where branches do not fit together. */
export function primitiveOutput(primitive: Primitive, input: ImageShape): ImageShape {
  const of = SHAPES[primitive.kind] as (primitive: Primitive, input: ImageShape) => ImageShape;
  return of(primitive, input);
}

/** Shape that leaves primitives one after another. */
export function primitivesOutput(primitives: readonly Primitive[], input: ImageShape): ImageShape {
  return primitives.reduce((shape, primitive) => primitiveOutput(primitive, shape), input);
}
