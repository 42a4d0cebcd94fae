import { tf } from "../../tf";
import type { KernelCall, NativeKernel } from "./kernel";

const { backend_util, util } = tf;

type Counted = { x: tf.TensorInfo; weights: tf.TensorInfo };

/** Kernels that read or write at computed places. */
export const gatherKernels: NativeKernel[] = [
  {
    name: tf.GatherV2,
    compute: ({
      native,
      inputs: { x, indices },
      attrs,
    }: KernelCall<{ x: tf.TensorInfo; indices: tf.TensorInfo }, tf.GatherV2Attrs>) => {
      const axis = util.parseAxisParam(attrs.axis, x.shape)[0];
      const { batchDims: given = 0 } = attrs;
      backend_util.segment_util.collectGatherOpShapeInfo(x as tf.Tensor, indices as tf.Tensor, axis, given);
      const batchDims = given < 0 ? given + indices.shape.length : given;
      return native.run("GatherV2", native.handle(x), native.handle(indices), axis, batchDims);
    },
  },
  {
    name: tf.GatherNd,
    compute: ({ native, inputs }: KernelCall<{ params: tf.TensorInfo; indices: tf.TensorInfo }>) =>
      native.run("GatherNd", native.handle(inputs.params), native.handle(inputs.indices)),
  },
  {
    name: tf.ScatterNd,
    compute: ({
      native,
      inputs: { indices, updates },
      attrs: { shape },
    }: KernelCall<{ indices: tf.TensorInfo; updates: tf.TensorInfo }, tf.ScatterNdAttrs>) => {
      const { sliceRank } = backend_util.calculateShapes(updates, indices, shape);
      return native.run("ScatterNd", native.handle(indices), native.handle(updates), shape, sliceRank);
    },
  },
  {
    name: tf.TensorScatterUpdate,
    compute: ({
      native,
      inputs: { tensor, indices, updates },
    }: KernelCall<{ tensor: tf.TensorInfo; indices: tf.TensorInfo; updates: tf.TensorInfo }>) => {
      const { sliceRank } = backend_util.calculateShapes(updates, indices, tensor.shape);
      const handles = [tensor, indices, updates].map((info) => native.handle(info));
      return native.run("TensorScatterUpdate", ...handles, sliceRank);
    },
  },
  {
    name: tf.SparseToDense,
    compute: ({
      native,
      inputs: { sparseIndices, sparseValues, defaultValue },
      attrs: { outputShape },
    }: KernelCall<
      { sparseIndices: tf.TensorInfo; sparseValues: tf.TensorInfo; defaultValue: tf.TensorInfo },
      tf.SparseToDenseAttrs
    >) => {
      const handles = [sparseIndices, sparseValues, defaultValue].map((info) => native.handle(info));
      return native.run("SparseToDense", ...handles, outputShape);
    },
  },
  {
    name: tf.OneHot,
    compute: ({ native, inputs, attrs }: KernelCall<{ indices: tf.TensorInfo }, tf.OneHotAttrs>) =>
      native.run("OneHot", native.handle(inputs.indices), attrs.depth, attrs.onValue, attrs.offValue, attrs.dtype),
  },
  {
    name: tf.UnsortedSegmentSum,
    compute: ({
      native,
      inputs: { x, segmentIds },
      attrs,
    }: KernelCall<{ x: tf.TensorInfo; segmentIds: tf.TensorInfo }, tf.UnsortedSegmentSumAttrs>) =>
      native.run("UnsortedSegmentSum", native.handle(x), native.handle(segmentIds), attrs.numSegments),
  },
  {
    name: tf.Bincount,
    compute: ({ native, inputs: { x, weights }, attrs }: KernelCall<Counted, tf.BincountAttrs>) => {
      // Of any shape here: what counts are the values.
      const flat = (info: tf.TensorInfo) => native.handle({ ...info, shape: [util.sizeFromShape(info.shape)] });
      return native.run("Bincount", flat(x), flat(weights), attrs.size, false);
    },
  },
  {
    name: tf.DenseBincount,
    compute: ({ native, inputs: { x, weights }, attrs }: KernelCall<Counted, tf.DenseBincountAttrs>) =>
      native.run("Bincount", native.handle(x), native.handle(weights), attrs.size, attrs.binaryOutput),
  },
  {
    name: tf.SearchSorted,
    compute: ({
      native,
      inputs: { sortedSequence, values },
      attrs,
    }: KernelCall<{ sortedSequence: tf.TensorInfo; values: tf.TensorInfo }, tf.SearchSortedAttrs>) =>
      native.run("SearchSorted", native.handle(sortedSequence), native.handle(values), attrs.side === "right"),
  },
  {
    name: tf.BroadcastArgs,
    compute: ({ native, inputs: { s0, s1 } }: KernelCall<{ s0: tf.TensorInfo; s1: tf.TensorInfo }>) => {
      const [a, b] = [s0, s1].map((info) => Array.from(native.readSync(info.dataId) as Int32Array));
      const shape = backend_util.assertAndGetBroadcastShape(a, b);
      return native.makeTensorInfo([shape.length], "int32", Int32Array.from(shape));
    },
  },
];
