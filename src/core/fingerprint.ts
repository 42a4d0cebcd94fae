import { createHash, type Hash } from "node:crypto";
import { types } from "node:util";

/**
 * One name for one value: 16 hexadecimal digits of a SHA-256. Every name of a checkpoint, a job or kept features is made
 * by it, so that two names are equal just when everything that went into them is.
 *
 * Takes what JSON can hold, and besides: typed arrays and buffers (by type and bytes), maps and sets (by entries, whatever
 * their order), numbers that are not finite. The order of an object's keys does not count, and a key that is undefined
 * counts as absent, so that a value read back from JSON has the name it was written with.
 * @throws TypeError for functions, symbols and objects with a class of their own: what they do cannot be named.
 */
export function fingerprint(value: unknown): string {
  const hash = createHash("sha256");
  put(hash, value, "value");
  return hash.digest("hex").slice(0, 16);
}

/** Bytes that are too many for memory, a piece at a time: named as a `Uint8Array` of the same bytes. */
export class ByteStream {
  constructor(
    readonly byteLength: number,
    readonly pieces: () => Iterable<Uint8Array>,
  ) {}
}

function put(hash: Hash, value: unknown, place: string): void {
  switch (typeof value) {
    case "string":
      // With its length: no text looks like the end of one value and the start of the next.
      hash.update(`s${value.length}:${value}`);
      return;
    case "number":
      // -0 is 0, as in JSON.
      hash.update(`n${value === 0 ? 0 : value};`);
      return;
    case "bigint":
    case "boolean":
      hash.update(`${typeof value}${value};`);
      return;
    case "undefined":
      hash.update("null;");
      return;
    case "object":
      putObject(hash, value, place);
      return;
    default:
      throw new TypeError(`fingerprint: ${place} must be plain data, got a ${typeof value}; leave it out`);
  }
}

function putObject(hash: Hash, value: object | null, place: string): void {
  if (value === null) {
    hash.update("null;");
  } else if (Array.isArray(value)) {
    hash.update(`[${value.length};`);
    for (const [i, item] of value.entries()) put(hash, item, `${place}[${i}]`);
  } else if (value instanceof ByteStream) {
    hash.update(`Uint8Array${value.byteLength};`);
    for (const piece of value.pieces()) hash.update(piece);
  } else if (ArrayBuffer.isView(value)) {
    hash.update(`${value.constructor.name}${value.byteLength};`);
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (types.isAnyArrayBuffer(value)) {
    hash.update(`${value.constructor.name}${value.byteLength};`).update(new Uint8Array(value));
  } else if (types.isMap(value) || types.isSet(value)) {
    // An entry's own name orders it.
    hash.update(`${types.isMap(value) ? "Map" : "Set"}${value.size};`);
    for (const name of Array.from<unknown>(value).map(fingerprint).sort()) hash.update(name);
  } else {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw new TypeError(
        `fingerprint: ${place} must be plain data, got a ${value.constructor.name}; name what in it matters`,
      );
    }
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    hash.update(`{${entries.length};`);
    for (const [key, item] of entries) {
      put(hash, key, place);
      put(hash, item, `${place}.${key}`);
    }
  }
}
