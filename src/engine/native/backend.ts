import { EngineError } from "../../core";
import { tf } from "../tf";
import { type Addon, type Handle, loadAddon, type NativeFunction } from "./addon";
import { NativeData } from "./native-data";

export const BACKEND_NAME = "native";

const DTYPES = ["float32", "int32", "bool"] as const;
const BYTES = { float32: 4, int32: 4, bool: 1 } as const;
/** Tensors up to this size, bytes, are released by the next call of the addon; larger ones at once. */
const RELEASED_LATER = 65_536;
/** Copies up to this size are done at once: a thread would cost more than it saves. */
const SMALL = 65_536;

type Values = tf.backend_util.BackendValues;

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** TensorFlow.js's storage over native memory; the kernels are registered beside it (`kernels/`). */
export class NativeBackend extends tf.KernelBackend {
  readonly addon: Addon = loadAddon();
  /** Where new tensors lie and kernels run, by libtorch's name; set by `engine.use`. */
  device = "cpu";
  private readonly functions = this.addon as unknown as Record<string, NativeFunction>;
  private readonly shapes = this.addon.shapes;
  private readonly released = this.addon.released;
  /** Data that was born on another backend and moved here. */
  private readonly moved = new WeakMap<object, NativeData>();
  private dataCount = 0;
  private heldBytes = 0;

  // ---- tensors for kernels

  /** The native handle of a tensor, in the tensor's shape. */
  handle(info: tf.TensorInfo): Handle {
    const data = this.dataOf(info.dataId);
    if (data.handle === 0) {
      throw new EngineError(`native engine: a ${data.dtype} tensor has no native form`, { dtype: data.dtype });
    }
    if (sameShape(data.shape, info.shape)) return data.handle;
    const key = info.shape.join();
    data.aliases ??= new Map();
    let alias = data.aliases.get(key);
    if (alias === undefined) {
      alias = this.addon.alias(data.handle, info.shape);
      data.aliases.set(key, alias);
    }
    return alias;
  }

  /** The handle of an optional tensor; undefined stays undefined. */
  optionalHandle(info: tf.TensorInfo | undefined | null): Handle | undefined {
    return info ? this.handle(info) : undefined;
  }

  /** Calls the native kernel `name` that has one output. */
  run(name: string, ...values: Parameters<NativeFunction>): tf.TensorInfo {
    return this.adopt(this.functions[name](...values) as Handle, 0);
  }

  /** A native kernel by name. */
  function(name: string): NativeFunction {
    return this.functions[name];
  }

  /** Calls a native kernel of two tensors that has one output. */
  runPair(kernel: NativeFunction, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
    return this.adopt(kernel(this.handle(a), this.handle(b)) as Handle, 0);
  }

  /** Calls the native kernel `name` that has several outputs. */
  runMany(name: string, ...values: Parameters<NativeFunction>): tf.TensorInfo[] {
    const handles = this.functions[name](...values) as Handle[];
    let at = 0;
    return handles.map((handle) => {
      const info = this.adopt(handle, at);
      at += 2 + info.shape.length;
      return info;
    });
  }

  /** A tensor for a handle just returned; its shape lies in the mailbox from `at` on. */
  private adopt(handle: Handle, at: number): tf.TensorInfo {
    const mail = this.shapes;
    const dtype = DTYPES[mail[at]];
    const rank = mail[at + 1];
    const shape: number[] = new Array(rank);
    let size = 1;
    for (let i = 0; i < rank; i++) size *= shape[i] = mail[at + 2 + i];
    const data = new NativeData(shape, dtype);
    this.hold(data, handle, size * BYTES[dtype]);
    this.dataCount++;
    return { dataId: data, shape, dtype };
  }

  private hold(data: NativeData, handle: Handle, bytes: number): void {
    data.handle = handle;
    data.bytes = bytes;
    this.heldBytes += bytes;
  }

  /** The same data under another shape or name; counts one more reference. */
  share(info: tf.TensorInfo, shape: readonly number[] = info.shape): tf.TensorInfo {
    this.incRef(info.dataId);
    return { dataId: info.dataId, shape: shape.slice(), dtype: info.dtype };
  }

  makeTensorInfo(shape: number[], dtype: tf.DataType, values: Values): tf.TensorInfo {
    return { dataId: this.write(values, shape, dtype), shape, dtype };
  }

  makeComplex(real: tf.TensorInfo, imag: tf.TensorInfo): tf.TensorInfo {
    const data = new NativeData(real.shape, "complex64");
    data.parts = { real, imag };
    this.dataCount++;
    return { dataId: data, shape: real.shape, dtype: "complex64" };
  }

  /** Real and imaginary part of a complex tensor, in the tensor's shape; nothing is counted. */
  partsOf(info: tf.TensorInfo): { real: tf.TensorInfo; imag: tf.TensorInfo } {
    const { parts } = this.dataOf(info.dataId);
    if (!parts) throw new EngineError(`native engine: a ${info.dtype} tensor has no real and imaginary part`);
    return { real: { ...parts.real, shape: info.shape }, imag: { ...parts.imag, shape: info.shape } };
  }

  disposeInfo(info: tf.TensorInfo): void {
    this.disposeData(info.dataId);
  }

  // ---- storage, as tfjs-core calls it

  private find(dataId: object): NativeData | undefined {
    return dataId instanceof NativeData ? dataId : this.moved.get(dataId);
  }

  private dataOf(dataId: object): NativeData {
    const data = this.find(dataId);
    if (data?.held) return data;
    // Known to tfjs but not held here: another backend has it.
    const known = tf.engine().state.tensorInfo.get(dataId);
    if (known && known.backend !== this) {
      tf.engine().moveData(this, dataId);
      const now = this.find(dataId);
      if (now?.held) return now;
    }
    throw new EngineError("native engine: this tensor's data was disposed");
  }

  private fill(data: NativeData, values: Values): void {
    const { dtype, shape } = data;
    if (dtype === "string") {
      data.strings = values as Uint8Array[];
    } else if (dtype === "complex64") {
      const { real, imag } = tf.backend_util.splitRealAndImagArrays(values as Float32Array);
      data.parts = {
        real: this.makeTensorInfo(shape.slice(), "float32", real),
        imag: this.makeTensorInfo(shape.slice(), "float32", imag),
      };
    } else {
      const Form = dtype === "float32" ? Float32Array : dtype === "int32" ? Int32Array : Uint8Array;
      const typed = values instanceof Form ? values : Form.from(values as ArrayLike<number>);
      this.hold(data, this.addon.create(typed, shape, dtype), typed.byteLength);
    }
  }

  override write(values: Values, shape: number[], dtype: tf.DataType): object {
    const data = new NativeData(shape, dtype);
    this.fill(data, values);
    this.dataCount++;
    return data;
  }

  override move(dataId: object, values: Values, shape: number[], dtype: tf.DataType, refCount: number): void {
    const data = dataId instanceof NativeData ? dataId : new NativeData(shape, dtype);
    data.shape = shape;
    data.dtype = dtype;
    data.refCount = refCount;
    this.fill(data, values);
    if (data !== dataId) this.moved.set(dataId, data);
    this.dataCount++;
  }

  override readSync(dataId: object): Values {
    const data = this.dataOf(dataId);
    if (data.strings) return data.strings;
    if (data.parts) {
      const [real, imag] = [data.parts.real, data.parts.imag].map((part) => this.readSync(part.dataId) as Float32Array);
      return tf.backend_util.mergeRealAndImagArrays(real, imag);
    }
    return this.addon.readSync(data.handle);
  }

  override async read(dataId: object): Promise<Values> {
    const data = this.dataOf(dataId);
    if (data.handle === 0 || tf.util.sizeFromShape(data.shape as number[]) * 4 <= SMALL) return this.readSync(dataId);
    return this.addon.read(data.handle);
  }

  override disposeData(dataId: object, force = false): boolean {
    const data = this.find(dataId);
    if (!data?.held) return true;
    data.refCount--;
    if (!force && data.refCount > 0) return false;
    if (data.handle !== 0) this.release(data.handle, data.bytes);
    if (data.aliases) for (const alias of data.aliases.values()) this.addon.release(alias);
    if (data.along) for (const held of data.along) this.letGo(held);
    if (data.parts) {
      this.disposeData(data.parts.real.dataId);
      this.disposeData(data.parts.imag.dataId);
    }
    this.heldBytes -= data.bytes;
    data.handle = data.bytes = 0;
    if (data.strings || data.parts || data.aliases || data.along) {
      data.strings = data.parts = data.aliases = data.along = undefined;
    }
    this.dataCount--;
    return true;
  }

  /** Holds the data of other tensors, as they are now, until that of `owner` is disposed. */
  holdWith(owner: tf.TensorInfo, others: readonly tf.TensorInfo[]): void {
    const along = others.map(({ dataId }) => dataId);
    for (const dataId of along) this.incRef(dataId);
    this.dataOf(owner.dataId).along = along;
  }

  private letGo(dataId: object): void {
    // It may have moved to another backend meanwhile, with its count; and tfjs may have disposed the last of its tensors.
    const backend = tf.engine().state.tensorInfo.get(dataId)?.backend ?? this;
    if (backend.disposeData(dataId)) tf.engine().removeDataId(dataId, backend);
  }

  private release(handle: Handle, bytes: number): void {
    const { released } = this;
    const count = released[0] + 1;
    if (bytes > RELEASED_LATER || count === released.length) {
      this.addon.release(handle);
      return;
    }
    released[count] = handle;
    released[0] = count;
  }

  override refCount(dataId: object): number {
    const data = this.find(dataId);
    return data?.held ? data.refCount : 0;
  }

  override incRef(dataId: object): void {
    this.dataOf(dataId).refCount++;
  }

  decRef(dataId: object): void {
    const data = this.find(dataId);
    if (data?.held) data.refCount--;
  }

  override numDataIds(): number {
    return this.dataCount;
  }

  /** `tf.memory()` has beside tfjs's own figures the bytes of native memory in use, a view's counted once. */
  override memory(): { unreliable: boolean; numBytesNative: number } {
    return { unreliable: false, numBytesNative: this.heldBytes };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return true;
  }

  override async time(f: () => void): Promise<{ kernelMs: number }> {
    const start = performance.now();
    f();
    return { kernelMs: performance.now() - start };
  }

  override dispose(): void {
    this.addon.clear();
    this.dataCount = this.heldBytes = 0;
  }
}
