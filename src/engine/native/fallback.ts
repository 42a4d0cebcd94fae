import { EngineError } from "../../core";
import { tf } from "../tf";
import type { NativeBackend } from "./backend";

/** The parts of tfjs's cpu backend that a data move needs. */
interface CpuBackend extends tf.KernelBackend {
  firstUse: boolean;
  data: { get(dataId: object): { complexTensorInfos?: { real: tf.TensorInfo; imag: tf.TensorInfo } } };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values?: unknown): tf.TensorInfo;
}

const counts = new Map<string, number>();

/** How often each kernel ran on the cpu backend instead, since the process (or worker) began. */
export function fallbackCounts(): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => a.localeCompare(b)));
}

/** tfjs's cpu backend, without its advice to install tfjs-node at first use. */
export function cpuBackend(): CpuBackend {
  const cpu = tf.findBackend("cpu") as CpuBackend;
  cpu.firstUse = false;
  return cpu;
}

type Inputs = Record<string, tf.TensorInfo | tf.TensorInfo[] | undefined> | tf.TensorInfo[];

function isInfo(value: object): value is tf.TensorInfo {
  return "dataId" in value;
}

/**
 * Runs a kernel on the cpu backend: inputs are copied there, outputs back.
 * @throws EngineError when `BLOCKWISE_NO_FALLBACK` is set, or no cpu kernel has this name.
 */
export function runOnCpu(
  native: NativeBackend,
  name: string,
  inputs: Inputs,
  attrs: object,
): tf.TensorInfo | tf.TensorInfo[] {
  if (process.env.BLOCKWISE_NO_FALLBACK === "1") {
    throw new EngineError(
      `native engine: kernel ${name} is not native for these inputs, and BLOCKWISE_NO_FALLBACK=1 forbids the cpu backend`,
    );
  }
  const kernel = tf.getKernel(name, "cpu");
  if (!kernel)
    throw new EngineError(`native engine: there is no kernel ${name}, neither native nor on the cpu backend`);
  counts.set(name, (counts.get(name) ?? 0) + 1);

  const cpu = cpuBackend();
  const moved: tf.TensorInfo[] = [];
  const toCpu = (info: tf.TensorInfo): tf.TensorInfo => {
    let copy: tf.TensorInfo;
    if (info.dtype === "complex64") {
      const { real, imag } = native.partsOf(info);
      copy = cpu.makeTensorInfo(info.shape, "complex64");
      cpu.data.get(copy.dataId).complexTensorInfos = { real: toCpu(real), imag: toCpu(imag) };
    } else {
      copy = cpu.makeTensorInfo(info.shape, info.dtype, native.readSync(info.dataId));
    }
    moved.push(copy);
    return copy;
  };
  // biome-ignore lint/suspicious/noExplicitAny: an input is a tensor, a list of them, or absent.
  const map = (value: any): any => {
    if (Array.isArray(value)) return value.map(map);
    if (value && typeof value === "object") {
      if (isInfo(value)) return toCpu(value);
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, map(inner)]));
    }
    return value;
  };
  const toNative = (info: tf.TensorInfo): tf.TensorInfo => {
    const { complexTensorInfos } = cpu.data.get(info.dataId);
    if (complexTensorInfos) {
      const [real, imag] = [complexTensorInfos.real, complexTensorInfos.imag].map((part) =>
        native.makeTensorInfo(info.shape, "float32", cpu.readSync(part.dataId)),
      );
      return native.makeComplex(real, imag);
    }
    return native.makeTensorInfo(info.shape, info.dtype, cpu.readSync(info.dataId));
  };

  const outputs = kernel.kernelFunc({ inputs: map(inputs), attrs: attrs as never, backend: cpu });
  const list = Array.isArray(outputs) ? outputs : [outputs];
  const back = list.map(toNative);
  for (const info of [...list, ...moved]) cpu.disposeData(info.dataId, true);
  return Array.isArray(outputs) ? back : back[0];
}
