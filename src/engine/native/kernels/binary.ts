import { tf } from "../../tf";
import { binary, type KernelCall, type NativeKernel } from "./kernel";

const PLAIN = [
  tf.Add,
  tf.Atan2,
  tf.BitwiseAnd,
  tf.Equal,
  tf.FloorDiv,
  tf.Greater,
  tf.GreaterEqual,
  tf.Less,
  tf.LessEqual,
  tf.LogicalAnd,
  tf.LogicalOr,
  tf.Maximum,
  tf.Minimum,
  tf.Mod,
  tf.Multiply,
  tf.NotEqual,
  tf.Pow,
  tf.RealDiv,
  tf.SquaredDifference,
  tf.Sub,
];

/** Elementwise kernels of two or more tensors; shapes broadcast. */
export const binaryKernels: NativeKernel[] = [
  ...PLAIN.map(binary),
  {
    name: tf.Prelu,
    compute: ({ native, inputs }: KernelCall<{ x: tf.TensorInfo; alpha: tf.TensorInfo }>) =>
      native.run("Prelu", native.handle(inputs.x), native.handle(inputs.alpha)),
  },
  {
    name: tf.EluGrad,
    compute: ({ native, inputs }: KernelCall<{ dy: tf.TensorInfo; y: tf.TensorInfo }>) =>
      native.run("EluGrad", native.handle(inputs.dy), native.handle(inputs.y)),
  },
  {
    name: tf.Select,
    compute: ({ native, inputs }: KernelCall<{ condition: tf.TensorInfo; t: tf.TensorInfo; e: tf.TensorInfo }>) =>
      native.run("Select", native.handle(inputs.condition), native.handle(inputs.t), native.handle(inputs.e)),
  },
  {
    name: tf.AddN,
    compute: ({ native, inputs }: KernelCall<tf.TensorInfo[]>) =>
      native.run(
        "AddN",
        inputs.map((x) => native.handle(x)),
      ),
  },
];
