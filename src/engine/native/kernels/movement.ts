import { tf } from "../../tf";
import type { NativeBackend } from "../backend";
import type { KernelCall, NativeKernel } from "./kernel";

type X = { x: tf.TensorInfo };

const { backend_util, slice_util, util } = tf;

function before(paddings: readonly (readonly number[])[]): number[] {
  return paddings.map((pair) => pair[0]);
}

function after(paddings: readonly (readonly number[])[]): number[] {
  return paddings.map((pair) => pair[1]);
}

function depthToSpace(
  native: NativeBackend,
  x: tf.TensorInfo,
  size: number,
  dataFormat: "NHWC" | "NCHW",
): tf.TensorInfo {
  const [batch, ...rest] = x.shape;
  if (dataFormat === "NHWC") {
    const [height, width, channels] = rest;
    const depth = channels / (size * size);
    const apart = [batch, height, width, size, size, depth];
    return native.run(
      "Regroup",
      native.handle(x),
      apart,
      [0, 1, 3, 2, 4, 5],
      [batch, height * size, width * size, depth],
    );
  }
  const [channels, height, width] = rest;
  const depth = channels / (size * size);
  const apart = [batch, size, size, depth, height, width];
  return native.run(
    "Regroup",
    native.handle(x),
    apart,
    [0, 3, 4, 1, 5, 2],
    [batch, depth, height * size, width * size],
  );
}

/** Kernels that move values without computing. */
export const movementKernels: NativeKernel[] = [
  {
    name: tf.Transpose,
    compute: ({ native, inputs, attrs }: KernelCall<X, tf.TransposeAttrs>) =>
      native.run("Transpose", native.handle(inputs.x), attrs.perm),
  },
  {
    name: tf.Slice,
    compute: ({ native, inputs: { x }, attrs }: KernelCall<X, tf.SliceAttrs>) => {
      const [begin, size] = slice_util.parseSliceParams({ shape: x.shape } as tf.Tensor, attrs.begin, attrs.size);
      slice_util.assertParamsValid({ shape: x.shape, rank: x.shape.length } as tf.Tensor, begin, size);
      return native.run("Slice", native.handle(x), begin, size);
    },
  },
  {
    name: tf.StridedSlice,
    compute: ({ native, inputs: { x }, attrs }: KernelCall<X, tf.StridedSliceAttrs>) => {
      const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
      const masks = [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const;
      const info = slice_util.sliceInfo(x.shape, begin, end, strides, ...masks);
      if (info.isIdentity) return native.share(x, info.finalShape);
      return native.run("StridedSlice", native.handle(x), info.begin, info.end, info.strides, info.finalShape);
    },
  },
  {
    name: tf.PadV2,
    compute: ({ native, inputs, attrs: { paddings, constantValue } }: KernelCall<X, tf.PadV2Attrs>) =>
      native.run("PadV2", native.handle(inputs.x), before(paddings), after(paddings), constantValue),
  },
  {
    name: tf.MirrorPad,
    compute: ({ native, inputs, attrs: { paddings, mode } }: KernelCall<X, tf.MirrorPadAttrs>) =>
      native.run("MirrorPad", native.handle(inputs.x), before(paddings), after(paddings), mode === "symmetric" ? 1 : 0),
  },
  {
    name: tf.Concat,
    compute: ({ native, inputs, attrs }: KernelCall<tf.TensorInfo[], tf.ConcatAttrs>) => {
      const axis = util.parseAxisParam(attrs.axis, inputs[0].shape)[0];
      backend_util.assertParamsConsistent(
        inputs.map((x) => x.shape),
        axis,
      );
      const full = inputs.filter((x) => util.sizeFromShape(x.shape) > 0);
      if (full.length === 1) return native.share(full[0]);
      return native.run(
        "Concat",
        (full.length > 0 ? full : inputs).map((x) => native.handle(x)),
        axis,
      );
    },
  },
  {
    name: tf.Pack,
    compute: ({ native, inputs, attrs }: KernelCall<tf.TensorInfo[], tf.PackAttrs>) => {
      for (const x of inputs) {
        util.assertShapesMatch(inputs[0].shape, x.shape, "All tensors passed to stack must have matching shapes");
        util.assert(x.dtype === inputs[0].dtype, () => "All tensors passed to stack must have matching dtypes");
      }
      return native.run(
        "Pack",
        inputs.map((x) => native.handle(x)),
        attrs.axis,
      );
    },
  },
  {
    name: tf.Unpack,
    compute: ({ native, inputs, attrs }: KernelCall<{ value: tf.TensorInfo }, tf.UnpackAttrs>) =>
      native.runMany("Unpack", native.handle(inputs.value), attrs.axis),
  },
  {
    name: tf.SplitV,
    compute: ({ native, inputs: { x }, attrs }: KernelCall<X, tf.SplitVAttrs>) => {
      const axis = util.parseAxisParam(attrs.axis, x.shape)[0];
      const sizes = backend_util.prepareSplitSize({ shape: x.shape } as tf.Tensor, attrs.numOrSizeSplits, axis);
      return native.runMany("SplitV", native.handle(x), sizes, axis);
    },
  },
  {
    name: tf.Tile,
    compute: ({ native, inputs, attrs }: KernelCall<X, tf.TileAttrs>) =>
      native.run("Tile", native.handle(inputs.x), attrs.reps),
  },
  {
    name: tf.Reverse,
    compute: ({ native, inputs: { x }, attrs }: KernelCall<X, tf.ReverseAttrs>) =>
      x.shape.length === 0
        ? native.share(x)
        : native.run("Reverse", native.handle(x), util.parseAxisParam(attrs.dims, x.shape)),
  },
  {
    name: tf.FlipLeftRight,
    compute: ({ native, inputs }: KernelCall<{ image: tf.TensorInfo }>) =>
      native.run("Reverse", native.handle(inputs.image), [2]),
  },
  {
    name: tf.DepthToSpace,
    compute: ({ native, inputs, attrs }: KernelCall<X, tf.DepthToSpaceAttrs>) =>
      depthToSpace(native, inputs.x, attrs.blockSize, attrs.dataFormat),
  },
  {
    name: tf.SpaceToBatchND,
    compute: ({ native, inputs: { x }, attrs: { blockShape, paddings } }: KernelCall<X, tf.SpaceToBatchNDAttrs>) => {
      const block = util.sizeFromShape(blockShape);
      const all = x.shape.map((_, axis) => (axis === 0 ? [0, 0] : (paddings[axis - 1] ?? [0, 0])));
      const padded = native.run("PadV2", native.handle(x), before(all), after(all), 0);
      const y = native.run(
        "Regroup",
        native.handle(padded),
        backend_util.getReshaped(padded.shape, blockShape, block, false),
        backend_util.getPermuted(x.shape.length + blockShape.length, blockShape.length, false),
        backend_util.getReshapedPermuted(padded.shape, blockShape, block, false),
      );
      native.disposeInfo(padded);
      return y;
    },
  },
  {
    name: tf.BatchToSpaceND,
    compute: ({ native, inputs: { x }, attrs: { blockShape, crops } }: KernelCall<X, tf.BatchToSpaceNDAttrs>) => {
      const block = util.sizeFromShape(blockShape);
      const apart = backend_util.getReshaped(x.shape, blockShape, block);
      const perm = backend_util.getPermuted(apart.length, blockShape.length);
      const joined = backend_util.getReshapedPermuted(x.shape, blockShape, block);
      const whole = native.run("Regroup", native.handle(x), apart, perm, joined);
      const begin = backend_util.getSliceBeginCoords(crops, blockShape.length);
      const y = native.run(
        "Slice",
        native.handle(whole),
        begin,
        backend_util.getSliceSize(joined, crops, blockShape.length),
      );
      native.disposeInfo(whole);
      return y;
    },
  },
];
