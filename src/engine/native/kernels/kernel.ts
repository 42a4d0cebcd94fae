import type { tf } from "../../tf";
import type { NativeFunction } from "../addon";
import type { NativeBackend } from "../backend";

/** What a kernel gets: the backend, its inputs and its attributes by tfjs's names. */
export interface KernelCall<Inputs = Record<string, tf.TensorInfo>, Attributes = Record<string, never>> {
  readonly native: NativeBackend;
  readonly inputs: Inputs;
  readonly attrs: Attributes;
}

/** A kernel of this backend, before it is registered. */
export interface NativeKernel {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: tfjs types inputs and attributes kernel by kernel.
  readonly compute: (call: KernelCall<any, any>) => tf.TensorInfo | tf.TensorInfo[];
  /** Takes string and complex tensors too; other kernels leave those to the cpu backend. */
  readonly anyDtype?: boolean;
  /** Its inputs are `a` and `b` and there are no attributes: small ones are called so often that the way there counts. */
  readonly pair?: boolean;
}

/** The same native function under tfjs's name, for kernels whose inputs are one tensor `x`. */
export function unary(name: string): NativeKernel {
  return {
    name,
    compute: ({ native, inputs }: KernelCall<{ x: tf.TensorInfo }>) => native.run(name, native.handle(inputs.x)),
  };
}

/** The same for two tensors `a` and `b`. */
export function binary(name: string): NativeKernel {
  let kernel: NativeFunction | undefined;
  return {
    name,
    pair: true,
    compute: ({ native, inputs }: KernelCall<{ a: tf.TensorInfo; b: tf.TensorInfo }>) => {
      kernel ??= native.function(name);
      return native.runPair(kernel, inputs.a, inputs.b);
    },
  };
}
