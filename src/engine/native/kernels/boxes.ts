import { tf } from "../../tf";
import type { KernelCall, NativeKernel } from "./kernel";

type Inputs = { boxes: tf.TensorInfo; scores: tf.TensorInfo };
type Values = Float32Array;
type Attributes = tf.NonMaxSuppressionV5Attrs & tf.NonMaxSuppressionV4Attrs;

/** Boxes and scores as values: which box hides which is decided one by one, by tfjs-core itself. */
function read({ native, inputs }: KernelCall<Inputs, Attributes>): [Values, Values] {
  return [native.readSync(inputs.boxes.dataId) as Values, native.readSync(inputs.scores.dataId) as Values];
}

/** Choosing among overlapping boxes after a detector; once an image, so on the CPU wherever the tensors lie. */
export const boxKernels: NativeKernel[] = [
  {
    name: tf.NonMaxSuppressionV3,
    compute: (call: KernelCall<Inputs, Attributes>) => {
      const { maxOutputSize, iouThreshold, scoreThreshold } = call.attrs;
      const { nonMaxSuppressionV3Impl } = tf.kernel_impls;
      const { selectedIndices } = nonMaxSuppressionV3Impl(...read(call), maxOutputSize, iouThreshold, scoreThreshold);
      return call.native.makeTensorInfo([selectedIndices.length], "int32", new Int32Array(selectedIndices));
    },
  },
  {
    name: tf.NonMaxSuppressionV4,
    compute: (call: KernelCall<Inputs, Attributes>) => {
      const { maxOutputSize, iouThreshold, scoreThreshold, padToMaxOutputSize } = call.attrs;
      const { selectedIndices, validOutputs } = tf.kernel_impls.nonMaxSuppressionV4Impl(
        ...read(call),
        maxOutputSize,
        iouThreshold,
        scoreThreshold,
        padToMaxOutputSize,
      );
      return [
        call.native.makeTensorInfo([selectedIndices.length], "int32", new Int32Array(selectedIndices)),
        call.native.makeTensorInfo([], "int32", new Int32Array([validOutputs ?? 0])),
      ];
    },
  },
  {
    name: tf.NonMaxSuppressionV5,
    compute: (call: KernelCall<Inputs, Attributes>) => {
      const { maxOutputSize, iouThreshold, scoreThreshold, softNmsSigma } = call.attrs;
      const { selectedIndices, selectedScores } = tf.kernel_impls.nonMaxSuppressionV5Impl(
        ...read(call),
        maxOutputSize,
        iouThreshold,
        scoreThreshold,
        softNmsSigma,
      );
      return [
        call.native.makeTensorInfo([selectedIndices.length], "int32", new Int32Array(selectedIndices)),
        call.native.makeTensorInfo([selectedScores?.length ?? 0], "float32", new Float32Array(selectedScores ?? [])),
      ];
    },
  },
];
