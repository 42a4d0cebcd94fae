import { crc32, deflateRawSync } from "node:zlib";
import { zipBytes } from "../data/picture-folders";

/** Instructions of a pickle, put together as `torch.save` does; written after the tables of Python's pickletools. */
export type Pickled = Buffer;

const bytes = (...parts: (number | Buffer | string)[]): Pickled =>
  Buffer.concat(parts.map((part) => (typeof part === "number" ? Buffer.from([part]) : Buffer.from(part as string))));
const uint32 = (value: number) => {
  const four = Buffer.alloc(4);
  four.writeUInt32LE(value >>> 0);
  return four;
};

export const text = (value: string) => bytes(0x58, uint32(Buffer.byteLength(value)), value);
export const whole = (value: number) => {
  if (value < 2 ** 31) return bytes(0x4a, uint32(value));
  const eight = Buffer.alloc(8);
  eight.writeBigInt64LE(BigInt(value));
  return bytes(0x8a, 8, eight);
};
export const list = (...values: Pickled[]) => bytes("]", "(", ...values, "e");
export const tuple = (...values: Pickled[]) => bytes("(", ...values, "t");
export const named = (module: string, name: string) => bytes("c", `${module}\n${name}\n`);
export const call = (what: Pickled, ...args: Pickled[]) => bytes(what, tuple(...args), "R");
/** Keeps what is on the stack under a number, and recalls it. */
export const kept = (value: Pickled, at: number) => bytes(value, "r", uint32(at));
export const recalled = (at: number) => bytes("j", uint32(at));
export const dictionary = (entries: Readonly<Record<string, Pickled>>) =>
  bytes("}", "(", ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]), "u");
export const ordered = (...pairs: Pickled[]) => call(named("collections", "OrderedDict"), ...pairs);

export interface View {
  readonly type?: string;
  readonly count: number;
  readonly offset?: number;
  readonly shape: readonly number[];
  readonly strides?: readonly number[];
}

/** A view of the values `data/<key>`; row-major unless strides are given. */
export function tensor(key: string, { type = "FloatStorage", count, offset = 0, shape, strides }: View): Pickled {
  const dense = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  const storage = tuple(text("storage"), named("torch", type), text(key), text("cpu"), whole(count));
  const args = [
    bytes(storage, "Q"),
    whole(offset),
    tuple(...shape.map(whole)),
    tuple(...(strides ?? dense).map(whole)),
    bytes(0x89),
    ordered(),
  ];
  return call(named("torch._utils", "_rebuild_tensor_v2"), ...args);
}

/** A file as `torch.save` writes it: the pickle, and the values by key. */
export function pthBytes(value: Pickled, values: Readonly<Record<string, Uint8Array>> = {}): Buffer {
  const entries = Object.entries(values).map(([key, data]) => [`archive/data/${key}`, data] as const);
  const files = { "archive/data.pkl": bytes(0x80, 2, value, "."), "archive/byteorder": Buffer.from("little") };
  return zipBytes({ ...files, ...Object.fromEntries(entries) }, crc32);
}

/** A zip file with one entry that unpacks to zeros, a thousand times its length. */
export function bomb(name: string, unpacked: number): Buffer {
  const zeros = Buffer.alloc(unpacked);
  const packed = deflateRawSync(zeros);
  const stored = zipBytes({ [name]: packed }, () => crc32(zeros));
  // Of its local header and of the central directory: method 8 (deflate), and the length of what comes out.
  const central = stored.indexOf(Buffer.from("PK\x01\x02"));
  for (const [method, size] of [
    [8, 22],
    [central + 10, central + 24],
  ]) {
    stored.writeUInt16LE(8, method);
    stored.writeUInt32LE(unpacked, size);
  }
  return stored;
}

export const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
