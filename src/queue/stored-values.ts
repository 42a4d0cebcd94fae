import { closeSync, openSync, readSync, statSync } from "node:fs";
import { z } from "zod";
import { keepBytes, type SharedBytes, StudyError } from "../core";
import { piecesOf } from "./directory-store";
import { type Content, OBJECT_NAME, type ObjectStore } from "./object-store";
import { type Json, type Parts, pack, unpack } from "./plain-codec";

/** A value on its way through Redis: in the message itself where it is small and all JSON, else the name of its object. */
export const SENT = z.union([
  z.strictObject({ json: z.custom<Json>((given) => given !== undefined, "JSON") }),
  z.strictObject({ object: z.string().regex(OBJECT_NAME) }),
]);

export type Sent = z.infer<typeof SENT>;

/** Characters of JSON that a message takes; more is an object. */
const IN_MESSAGE = 16_384;
/** Bytes from which on a part is an object of its own: the same images or features are kept once, whoever names them. */
const OWN_OBJECT = 2 ** 20;
/** What an object of a value begins with; then the length of its header, the header in JSON, and its parts. */
const MAGIC = "BLOCKWV1";

const HEADER = z.strictObject({
  json: z.custom<Json>((given) => given !== undefined, "JSON"),
  parts: z.array(
    z.union([
      z.strictObject({ at: z.int().min(0), size: z.int().min(0) }),
      z.strictObject({ object: z.string().regex(OBJECT_NAME), size: z.int().min(0) }),
    ]),
  ),
});

type Header = z.infer<typeof HEADER>;

/** A value as a message can have it. */
export async function send(value: unknown, store: ObjectStore): Promise<Sent> {
  const { json, parts } = pack(value);
  if (parts.length === 0 && JSON.stringify(json).length <= IN_MESSAGE) return { json };
  return { object: await keep(value, store) };
}

/** Keeps a value in the store; @returns the name of its object. */
export async function keep(value: unknown, store: ObjectStore): Promise<string> {
  const { json, parts } = pack(value);
  const places: Header["parts"] = [];
  const own: Content[] = [];
  let at = 0;
  for (const part of parts) {
    const { size, alone } = part;
    if (alone || size >= OWN_OBJECT) {
      places.push({ object: await store.put(part), size });
      continue;
    }
    places.push({ at, size });
    own.push(part);
    at += size;
  }
  const header = Buffer.from(JSON.stringify({ json, parts: places } satisfies Header));
  const head = Buffer.alloc(MAGIC.length + 4);
  head.write(MAGIC);
  head.writeUInt32LE(header.length, MAGIC.length);
  return store.put({
    size: head.length + header.length + at,
    *pieces() {
      yield head;
      yield header;
      for (const part of own) yield* part.pieces();
    },
  });
}

/** @throws StudyError when the object is missing, damaged, or no value. */
export async function receive(sent: Sent, store: ObjectStore): Promise<unknown> {
  if ("object" in sent) return load(sent.object, store);
  return unpack(sent.json, NO_PARTS);
}

/** Reads a value that {@link keep} kept. */
export async function load(object: string, store: ObjectStore): Promise<unknown> {
  const path = await store.file(object);
  const { size } = statSync(path);
  const file = openSync(path, "r");
  try {
    const head = read(file, 0, MAGIC.length + 4, size);
    if (Buffer.from(head.subarray(0, MAGIC.length)).toString() !== MAGIC) throw noValue(object, store);
    const length = Buffer.from(head.buffer).readUInt32LE(MAGIC.length);
    const header = parsed(read(file, head.length, length, size));
    if (!header) throw noValue(object, store);
    const start = head.length + length;
    const files = new Map<number, string>();
    for (const [i, part] of header.parts.entries()) {
      if ("object" in part) files.set(i, await store.file(part.object));
    }
    return unpack(header.json, partsIn(header, file, start, size, files));
  } finally {
    closeSync(file);
  }
}

function partsIn(
  { parts }: Header,
  file: number,
  start: number,
  size: number,
  files: ReadonlyMap<number, string>,
): Parts {
  const pieces = (index: number): Iterable<Uint8Array> => {
    const path = files.get(index);
    if (path !== undefined) return piecesOf(path);
    const part = parts[index];
    if (!part || !("at" in part)) throw new StudyError(`store: a value must have its part ${index}, and has not`);
    return [read(file, start + part.at, part.size, size)];
  };
  const into = (index: number, write: (at: number, piece: Uint8Array) => void) => {
    let at = 0;
    for (const piece of pieces(index)) {
      write(at, piece);
      at += piece.length;
    }
  };
  const sizeOf = (index: number): number => {
    const path = files.get(index);
    if (path !== undefined) return statSync(path).size;
    const part = parts[index];
    // No memory is taken for what the file does not have.
    return part && "at" in part && start + part.at + part.size <= size ? part.size : 0;
  };
  return {
    bytes(index, shared) {
      const buffer = shared ? new SharedArrayBuffer(sizeOf(index)) : new ArrayBuffer(sizeOf(index));
      const bytes = new Uint8Array(buffer);
      into(index, (at, piece) => bytes.set(piece, at));
      return buffer;
    },
    kept(index): SharedBytes {
      const room = keepBytes(sizeOf(index));
      into(index, (at, piece) => room.write(at, piece));
      return room.bytes;
    },
    file(index) {
      const path = files.get(index);
      if (path === undefined) throw new StudyError(`store: part ${index} of a value must be an object of its own`);
      return path;
    },
  };
}

const NO_PARTS: Parts = {
  bytes: noPart,
  kept: noPart,
  file: noPart,
};

function noPart(): never {
  throw new StudyError("queue: a message must have no binary parts, and one that came names some; it is refused");
}

/** @throws StudyError rather than to take memory for what the file does not have. */
function read(file: number, at: number, length: number, size: number): Uint8Array {
  if (at + length > size) throw new StudyError("store: an object ends before what its header names; it is refused");
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const got = readSync(file, bytes, done, length - done, at + done);
    if (got === 0) throw new StudyError("store: an object became shorter while it was read");
    done += got;
  }
  return bytes;
}

function parsed(bytes: Uint8Array): Header | undefined {
  try {
    const header = HEADER.safeParse(JSON.parse(Buffer.from(bytes).toString()));
    return header.success ? header.data : undefined;
  } catch {
    return undefined;
  }
}

function noValue(object: string, { name }: ObjectStore): StudyError {
  return new StudyError(`store: the object ${object} of ${name} must be a value that Blockwise kept, and is not`, {
    object,
  });
}
