import { fstatSync, statSync } from "node:fs";
import { types } from "node:util";
import { type SharedBytes, StudyError } from "../core";
import { piecesOf } from "./directory-store";
import type { Content } from "./object-store";

/** Arrays of numbers that plain data may have. */
const ARRAYS = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
} as const;

type ArrayKind = keyof typeof ARRAYS;

/** Plain data as JSON, and its binary parts beside it. */
export interface Packed {
  readonly json: Json;
  readonly parts: readonly Part[];
}

export interface Part extends Content {
  /** Read by its path: never among others in one file. */
  readonly alone?: boolean;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Key of an object that stands for what JSON has not. */
const MARK = "$";

/** Where binary parts are when they are read back. */
export interface Parts {
  /** Into memory of its own; memory that threads share where asked for. */
  bytes(part: number, shared: boolean): ArrayBuffer | SharedArrayBuffer;
  /** For whoever reads a piece at a time. */
  kept(part: number): SharedBytes;
  /** A file that has the part and nothing else. */
  file(part: number): string;
}

/**
 * Plain data (what a thread can be sent) as JSON and binary parts. Files that the data name are parts, too: nobody who reads
 * it back ever opens a path that came with it.
 * @throws TypeError for functions and what else has no data.
 */
export function pack(value: unknown): Packed {
  const parts: Part[] = [];
  return { json: packed(value, parts, "value"), parts };
}

function packed(value: unknown, parts: Part[], place: string): Json {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { [MARK]: "number", value: spelled(value) };
    case "bigint":
      return { [MARK]: "bigint", value: String(value) };
    case "undefined":
      return { [MARK]: "undefined" };
    case "object":
      return packedObject(value, parts, place);
    default:
      throw new TypeError(`queue: ${place} must be plain data, got a ${typeof value}`);
  }
}

function spelled(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

function packedObject(value: object | null, parts: Part[], place: string): Json {
  if (value === null) return null;
  const add = (content: Part) => parts.push(content) - 1;
  if (Array.isArray(value)) return value.map((item, i) => packed(item, parts, `${place}[${i}]`));
  if (ArrayBuffer.isView(value)) {
    const kind = Object.keys(ARRAYS).find((name) => value instanceof ARRAYS[name as ArrayKind]);
    if (!kind) throw new TypeError(`queue: ${place} must be plain data, got a ${value.constructor.name}`);
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return { [MARK]: kind, part: add(inMemory(bytes)), shared: types.isSharedArrayBuffer(value.buffer) };
  }
  if (types.isAnyArrayBuffer(value)) {
    return { [MARK]: "buffer", part: add(inMemory(new Uint8Array(value))), shared: types.isSharedArrayBuffer(value) };
  }
  if (types.isMap(value)) {
    const entries = Array.from(value, ([key, item], i) => [
      packed(key, parts, `${place}, key ${i}`),
      packed(item, parts, `${place}, entry ${i}`),
    ]);
    return { [MARK]: "map", entries };
  }
  if (types.isSet(value)) {
    return { [MARK]: "set", items: Array.from(value, (item, i) => packed(item, parts, `${place}, item ${i}`)) };
  }
  if (types.isDate(value) || types.isRegExp(value) || types.isPromise(value) || types.isNativeError(value)) {
    throw new TypeError(`queue: ${place} must be plain data, got a ${value.constructor.name}`);
  }
  // Of an object with a class what it has itself, as a thread is sent it.
  return packedRecord(value as Record<string, unknown>, parts, place, add);
}

function packedRecord(
  value: Readonly<Record<string, unknown>>,
  parts: Part[],
  place: string,
  add: (content: Part) => number,
): Json {
  const entries = Object.entries(value);
  const { file, memory, ...others } = value;
  if (entries.length === 1 && types.isSharedArrayBuffer(memory)) {
    return { [MARK]: "kept", part: add(inMemory(new Uint8Array(memory))) };
  }
  // A number is an open file (`SharedBytes`), a text the path of one (`StoredPictures`).
  if (entries.length === 1 && typeof file === "number") {
    return { [MARK]: "kept", part: add({ size: fstatSync(file).size, pieces: () => piecesOf(file) }) };
  }
  const record = (of: object): Json => {
    const rest = Object.entries(of).map(([key, item]): [string, Json] => [key, packed(item, parts, `${place}.${key}`)]);
    return Object.fromEntries(rest);
  };
  if (typeof file === "string") {
    const part = add({ size: statSync(file).size, pieces: () => piecesOf(file), alone: true });
    return { [MARK]: "in file", part, others: record(others) };
  }
  return MARK in value || Object.hasOwn(value, "__proto__")
    ? { [MARK]: "record", entries: entries.map(([key, item]) => [key, packed(item, parts, `${place}.${key}`)]) }
    : record(value);
}

function inMemory(bytes: Uint8Array): Content {
  return { size: bytes.length, pieces: () => [bytes] };
}

/**
 * The data as it was packed.
 * @throws StudyError for what {@link pack} does not write, such as a path.
 */
export function unpack(json: unknown, parts: Parts): unknown {
  if (Array.isArray(json)) return json.map((item) => unpack(item, parts));
  if (typeof json !== "object" || json === null) return json;
  const given = json as Record<string, unknown>;
  if (MARK in given) return unpackMarked(given, parts);
  const entries = Object.entries(given);
  if ("file" in given && ["number", "string"].includes(typeof given.file)) throw foreign("names a file");
  return Object.fromEntries(entries.map(([key, item]) => [key, unpack(item, parts)]));
}

function unpackMarked(given: Readonly<Record<string, unknown>>, parts: Parts): unknown {
  const part = () => {
    if (Number.isSafeInteger(given.part)) return given.part as number;
    throw foreign("has a part without a number");
  };
  const list = (items: unknown) => {
    if (Array.isArray(items)) return items as unknown[];
    throw foreign("lacks a list");
  };
  const pairs = (items: unknown) =>
    list(items).map((pair): [unknown, unknown] => {
      const [key, item] = list(pair);
      return [unpack(key, parts), unpack(item, parts)];
    });
  const kind = given[MARK];
  switch (kind) {
    case "undefined":
      return undefined;
    case "number":
      return Number(given.value);
    case "bigint":
      return BigInt(String(given.value));
    case "buffer":
      return parts.bytes(part(), given.shared === true);
    case "map":
      return new Map(pairs(given.entries));
    case "set":
      return new Set(list(given.items).map((item) => unpack(item, parts)));
    case "kept":
      return parts.kept(part());
    case "in file":
      return { ...(unpack(given.others, parts) as object), file: parts.file(part()) };
    case "record":
      return Object.fromEntries(pairs(given.entries));
  }
  if (typeof kind === "string" && Object.hasOwn(ARRAYS, kind)) {
    const Kind = ARRAYS[kind as ArrayKind];
    const buffer = parts.bytes(part(), given.shared === true);
    if (buffer.byteLength % Kind.BYTES_PER_ELEMENT === 0) return new Kind(buffer as ArrayBuffer);
  }
  throw foreign(`has a ${String(kind).slice(0, 40)}`);
}

function foreign(what: string): StudyError {
  return new StudyError(
    `queue: a value must be as Blockwise writes it, and one that came ${what}; it is refused: find out who else writes to this Redis or store`,
  );
}
