import { tf } from "../tf";
import type { Handle } from "./addon";

type Known = { backend: tf.KernelBackend; dtype: tf.DataType; shape: number[]; bytes: number };

/** What stands behind a tensor's data id. Numbers live natively; strings and the pair of a complex tensor here. */
export class NativeData {
  handle: Handle = 0;
  /** Of native memory. */
  bytes = 0;
  refCount = 1;
  strings?: Uint8Array[];
  parts?: { real: tf.TensorInfo; imag: tf.TensorInfo };
  /** The same memory under other shapes (a reshape shares its data), by shape. */
  aliases?: Map<string, Handle>;
  /** Data ids that live as long as this, see `holdWith`. */
  along?: readonly object[];
  /** What tfjs's engine knows of it. */
  known?: Known;

  constructor(
    public shape: readonly number[],
    public dtype: tf.DataType,
  ) {}

  get held(): boolean {
    return this.handle !== 0 || this.strings !== undefined || this.parts !== undefined;
  }
}

/** What tfjs's engine asks of the map in which it remembers each data id. */
type KnownByData = Pick<WeakMap<object, Known>, "get" | "has" | "set" | "delete">;

/**
 * Lets tfjs's engine remember what it knows of a native data id in the id itself, in place of a WeakMap: each of a step's hundreds
 * of small tensors is put into that map, looked up and taken out, and the map is looked through by every collection of garbage.
 */
export function rememberByData(): void {
  const state = tf.engine().state as { tensorInfo: KnownByData };
  const others = state.tensorInfo;
  state.tensorInfo = {
    get: (id) => (id instanceof NativeData ? id.known : others.get(id)),
    has: (id) => (id instanceof NativeData ? id.known !== undefined : others.has(id)),
    set(id, known) {
      if (id instanceof NativeData) id.known = known;
      else others.set(id, known);
      return this as WeakMap<object, Known>;
    },
    delete(id) {
      if (!(id instanceof NativeData)) return others.delete(id);
      id.known = undefined;
      return true;
    },
  };
}
