import { readFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";
import { CheckpointError, decoderReason, readFailure } from "../../core";
import { decodeFloat16 } from "../float16";
import type { StoredTensor } from "../module";
import { stateDict } from "./state-dict";
import { type PickledTensor, RefusedPickle, type Storage, unpickle } from "./unpickle";

/** What a `.pth` file holds. */
export interface PyTorchWeights {
  readonly tensors: Map<string, StoredTensor>;
  /** What a user should know of how it was read, each a sentence: which of several sets of weights was taken. */
  readonly remarks: readonly string[];
}

/** Bytes of a value; null of types of which no weight is. */
const BYTES: Readonly<Record<string, number | null>> = {
  FloatStorage: 4,
  DoubleStorage: 8,
  HalfStorage: 2,
  BFloat16Storage: 2,
  LongStorage: null,
  IntStorage: null,
  ShortStorage: null,
  CharStorage: null,
  ByteStorage: null,
  BoolStorage: null,
};
/** Bytes of those. */
const WHOLE: Readonly<Record<string, number>> = {
  LongStorage: 8,
  IntStorage: 4,
  ShortStorage: 2,
  CharStorage: 1,
  ByteStorage: 1,
  BoolStorage: 1,
};

/** The number that files of before PyTorch 1.6 begin with, as a pickle of protocol 2. */
const LEGACY = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];

/**
 * Reads the tensors of a `.pth` file (`torch.save(model.state_dict(), path)`), strictly: the pickle in it is read as data, and
 * whatever is no tensor of a state dict is refused; nothing in it is ever run. Half precision comes as float32 exactly, float64
 * rounded; whole numbers (`num_batches_tracked`) are left out. Of a training script's checkpoint the weights are read that the
 * script would evaluate: the running mean of the weights (EMA) before the raw ones, as timm does.
 *
 * Nothing is allocated because a file claims it: all is at most proportional to the file's length.
 * @throws CheckpointError when it cannot be read, is damaged or holds something else; the message says how to convert it.
 */
export async function readPyTorchWeights(path: string): Promise<PyTorchWeights> {
  const to = `${path.replace(/\.[a-z]+$/i, "")}.safetensors`;
  const fail = (what: string, cause?: unknown) =>
    new CheckpointError(
      `teacher: ${path}: ${what}; in Python, where you trust the file: from safetensors.torch import save_file; save_file(model.state_dict(), ${JSON.stringify(to)})`,
      { path },
      { cause },
    );
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new CheckpointError(
      `teacher: ${path} must be a file of weights, and ${readFailure(cause)}`,
      { path },
      { cause },
    );
  }
  try {
    if (bytes.subarray(0, 4).equals(Buffer.from("PK\x03\x04"))) return await ofZip(bytes);
    if (LEGACY.every((byte, i) => bytes[i] === byte)) return ofLegacy(bytes);
  } catch (error) {
    throw fail(`must be a state dict of PyTorch that is whole, and ${decoderReason(error)}`, error);
  }
  throw fail("must be a file of torch.save, and does not begin as one");
}

async function ofZip(bytes: Buffer): Promise<PyTorchWeights> {
  const zip = await fromBufferPromise(bytes, { autoClose: false, lazyEntries: true });
  try {
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName.replace(/^[^/]*\//, "");
      if (entries.has(name)) throw new RefusedPickle(`it has ${shown(name)} twice`);
      entries.set(name, entry);
    }
    let left = bytes.length;
    const whole = async (name: string) => {
      const entry = entries.get(name);
      if (!entry) throw new RefusedPickle(`it lacks ${shown(name)}`);
      if (entry.compressionMethod !== 0) {
        throw new RefusedPickle(`${shown(name)} in it is compressed, which torch.save never does`);
      }
      // Entries may lie over each other.
      left -= entry.uncompressedSize;
      if (left < 0) throw new RefusedPickle(`${shown(name)} in it does not fit into its ${bytes.length} bytes`);
      return unpacked(zip, entry);
    };
    if (entries.has("byteorder") && (await whole("byteorder")).toString() !== "little") {
      throw new RefusedPickle("its numbers are big-endian");
    }
    const { tensors, remarks } = stateDict(unpickle(await whole("data.pkl")).value);
    const storages = new Map<string, Buffer>();
    for (const { storage } of tensors.values()) {
      if (!isWeight(storage) || storages.has(storage.key)) continue;
      storages.set(storage.key, await whole(`data/${storage.key}`));
    }
    return { tensors: valuesOf(tensors, storages), remarks };
  } finally {
    zip.close();
  }
}

async function unpacked(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const stream = await zip.openReadStreamPromise(entry);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (crc32(bytes) !== entry.crc32) {
    throw new RefusedPickle(`${shown(entry.fileName)} in it does not match its checksum`);
  }
  return bytes;
}

/** Before PyTorch 1.6: five pickles in a row, then each storage's length and values. */
function ofLegacy(bytes: Buffer): PyTorchWeights {
  let at = 0;
  const next = () => {
    const { value, end } = unpickle(bytes, at);
    at = end;
    return value;
  };
  const [, , system, state, keys] = [next(), next(), next(), next(), next()];
  if (system instanceof Map && system.get("little_endian") === false) {
    throw new RefusedPickle("its numbers are big-endian");
  }
  const { tensors, remarks, all } = stateDict(state);
  if (!Array.isArray(keys)) throw new RefusedPickle("it does not say in which order its values come");
  const byKey = new Map([...all, ...tensors.values()].map(({ storage }) => [storage.key, storage]));
  const storages = new Map<string, Buffer>();
  for (const key of keys as unknown[]) {
    const storage = typeof key === "string" ? byKey.get(key) : undefined;
    if (!storage) throw new RefusedPickle("it holds values that are of no tensor of its state dict");
    const size = storage.count * (isWeight(storage) ? BYTES[storage.type]! : WHOLE[storage.type]);
    const from = at + 8;
    if (from + size > bytes.length || Number(bytes.readBigInt64LE(at)) !== storage.count) {
      throw new RefusedPickle(`its values ${shown(storage.key)} end in the middle (at byte ${at})`);
    }
    storages.set(storage.key, bytes.subarray(from, from + size));
    at = from + size;
  }
  return { tensors: valuesOf(tensors, storages), remarks };
}

/** A name in a file of others, which may be of any length. */
function shown(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
}

function isWeight({ type }: Storage): boolean {
  if (!Object.hasOwn(BYTES, type)) throw new RefusedPickle(`it has values of ${shown(type)}, which are not known`);
  return BYTES[type] !== null;
}

/** Copies of a value that views may make, of all values together: more are no weights. */
const MOST_COPIES = 4;

function valuesOf(
  tensors: ReadonlyMap<string, PickledTensor>,
  storages: ReadonlyMap<string, Buffer>,
): Map<string, StoredTensor> {
  const read = new Map<string, { readonly storage: Storage; readonly values: Float32Array }>();
  const all = new Map<string, StoredTensor>();
  let [known, copied] = [0, 0];
  for (const [name, { storage, offset, shape, strides }] of tensors) {
    if (!isWeight(storage)) continue;
    const before = read.get(storage.key);
    if (before && (before.storage.type !== storage.type || before.storage.count !== storage.count)) {
      throw new RefusedPickle(`its values ${shown(storage.key)} are of two types or lengths`);
    }
    const values = before?.values ?? floatsOf(storage, storages.get(storage.key));
    if (!before) known += values.length;
    read.set(storage.key, { storage, values });
    const size = shape.reduce((product, side) => product * side, 1);
    const last =
      size === 0 ? offset : offset + shape.reduce((sum, side, axis) => sum + (side - 1) * strides[axis], 0) + 1;
    if (!(last <= values.length)) throw new RefusedPickle(`its tensor ${shown(name)} reaches beyond its values`);
    if (!(size <= values.length)) {
      throw new RefusedPickle(
        `its tensor ${shown(name)} [${shape}] has each of ${values.length} values several times, as expand() makes it`,
      );
    }
    copied += size;
    if (copied > MOST_COPIES * known + size) {
      throw new RefusedPickle(`its tensors, as far as ${shown(name)}, are many views of the same ${known} values`);
    }
    all.set(name, { shape, data: gathered(values, offset, shape, strides) });
  }
  return all;
}

function floatsOf({ type, count }: Storage, bytes: Buffer | undefined): Float32Array {
  if (!bytes || bytes.length < count * BYTES[type]!) throw new RefusedPickle("values are missing at its end");
  // A copy: bytes need not lie at a multiple of the numbers' size.
  const { buffer } = Uint8Array.from(bytes.subarray(0, count * BYTES[type]!));
  if (type === "FloatStorage") return new Float32Array(buffer);
  if (type === "HalfStorage") return decodeFloat16(new Uint16Array(buffer));
  // The upper half of a float32.
  if (type === "BFloat16Storage") {
    return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer);
  }
  const doubles = new Float64Array(buffer);
  const floats = Float32Array.from(doubles);
  if (doubles.some((value, i) => Number.isFinite(value) && !Number.isFinite(floats[i]))) {
    throw new RefusedPickle("it has a number that does not fit into float32");
  }
  return floats;
}

/** A view's values, row-major. */
function gathered(
  values: Float32Array,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
): Float32Array {
  const size = shape.reduce((product, side) => product * side, 1);
  let dense = 1;
  const isDense = [...shape.keys()].reverse().every((axis) => {
    const fits = shape[axis] === 1 || strides[axis] === dense;
    dense *= shape[axis];
    return fits;
  });
  if (isDense) return values.slice(offset, offset + size);
  const index = shape.map(() => 0);
  return Float32Array.from({ length: size }, () => {
    const value = values[index.reduce((sum, i, axis) => sum + i * strides[axis], offset)];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
    return value;
  });
}
