import { BlockwiseError, EngineError } from "../../core";
import { tf } from "../tf";
import { BACKEND_NAME, NativeBackend } from "./backend";
import { runOnCpu } from "./fallback";
import { nativeKernels } from "./kernels";
import type { NativeKernel } from "./kernels/kernel";
import { rememberByData } from "./native-data";

type Inputs = Parameters<typeof runOnCpu>[2];

function isForCpu(input: tf.TensorInfo | undefined): boolean {
  return input !== undefined && input !== null && (input.dtype === "string" || input.dtype === "complex64");
}

function needsCpu(inputs: Inputs): boolean {
  for (const key in inputs) {
    if (isForCpu((inputs as Record<string, tf.TensorInfo | undefined>)[key])) return true;
  }
  return false;
}

function pairNeedsCpu({ a, b }: Record<string, tf.TensorInfo>): boolean {
  return isForCpu(a) || isForCpu(b);
}

function describe(inputs: Inputs): string {
  const texts: string[] = [];
  for (const [name, input] of Object.entries(inputs)) {
    for (const info of Array.isArray(input) ? input : [input]) {
      if (info) texts.push(`${name} [${info.shape.join(", ")}] ${info.dtype}`);
    }
  }
  return texts.length > 0 ? `; inputs: ${texts.join(", ")}` : "";
}

/** What a C++ exception becomes: the kernel, what failed, and every input's shape. */
function explain(name: string, error: unknown, inputs: Inputs): EngineError {
  const cause = error as Error;
  const shapes = Object.fromEntries(
    Object.entries(inputs).map(([key, input]) => [
      key,
      Array.isArray(input) ? input.map((i) => i.shape) : input?.shape,
    ]),
  );
  return new EngineError(
    `native ${name}: ${cause.message.split("\n")[0]}${describe(inputs)}`,
    { kernel: name, shapes },
    { cause },
  );
}

/** Makes a kernel of this backend known to tfjs; A name may be registered once. */
export function registerNativeKernel(kernel: NativeKernel): void {
  const { name, compute, anyDtype, pair } = kernel;
  const leaves = pair ? (pairNeedsCpu as typeof needsCpu) : needsCpu;
  tf.registerKernel({
    kernelName: name,
    backendName: BACKEND_NAME,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const native = backend as NativeBackend;
      try {
        if (!anyDtype && leaves(inputs as Inputs)) return runOnCpu(native, name, inputs as Inputs, attrs ?? {});
        return compute({ native, inputs, attrs });
      } catch (error) {
        throw error instanceof BlockwiseError ? error : explain(name, error, inputs as Inputs);
      }
    },
  });
}

let registered = false;

/**
 * Registers the backend `native` and its kernels with tfjs, once; every cpu kernel that has no native twin
 * gets an entry that runs it there.
 * @throws EngineError when the addon is absent or cannot be loaded.
 */
export function registerNative(): NativeBackend {
  if (!registered) {
    const native = new NativeBackend();
    for (const kernel of nativeKernels) registerNativeKernel(kernel);
    const names = new Set(nativeKernels.map((kernel) => kernel.name));
    for (const { kernelName } of tf.getKernelsForBackend("cpu")) {
      if (names.has(kernelName)) continue;
      tf.registerKernel({
        kernelName,
        backendName: BACKEND_NAME,
        kernelFunc: ({ inputs, attrs, backend }) =>
          runOnCpu(backend as NativeBackend, kernelName, inputs as Inputs, attrs ?? {}),
      });
    }
    tf.registerBackend(BACKEND_NAME, () => native, 0);
    rememberByData();
    registered = true;
  }
  return tf.findBackend(BACKEND_NAME) as NativeBackend;
}
