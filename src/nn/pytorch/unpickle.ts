/** Why a pickle is not read; the reader says which file it is. */
export class RefusedPickle extends Error {}

/** Values of one type in a file of PyTorch's, which come after the pickle that names them. */
export interface Storage {
  readonly kind: "storage";
  /** "FloatStorage", "HalfStorage", ... */
  readonly type: string;
  readonly key: string;
  readonly count: number;
}

/** A view of a storage. */
export interface PickledTensor {
  readonly kind: "tensor";
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A name that a pickle calls; nothing is ever looked up or run. */
interface Global {
  readonly kind: "global";
  readonly name: string;
}

const MARK = Symbol("mark");

/** Types of storages. */
const STORAGE = /^torch (\w+Storage)$/;
/** All else that a state dict needs. */
const ALLOWED: ReadonlySet<string> = new Set([
  "collections OrderedDict",
  "torch._utils _rebuild_tensor_v2",
  "torch._utils _rebuild_parameter",
]);

/** Most axes of a tensor, as in PyTorch. */
const MOST_AXES = 64;
/** Longest pickle that is followed: values stand behind it, and the largest network's names take less than a tenth of this. */
const MOST_BYTES = 2 ** 26;

/**
 * Reads a pickle of plain values, dictionaries and PyTorch's tensors. A pickle is a program; of its instructions those are
 * followed that put values together, and of what it may call the four things a state dict needs are known: all else is refused
 * before anything is made of it. Time and memory are at most proportional to its length, whatever it claims.
 * @returns The value (dictionaries as `Map`, lists and tuples as arrays), and where the pickle ends. A value may hold itself, and
 *   one value may stand in many places: who walks through it must count its steps.
 * @throws RefusedPickle when it is damaged, or would run something; the message says at which byte.
 */
export function unpickle(bytes: Uint8Array, start = 0): { readonly value: unknown; readonly end: number } {
  const reached = { at: start };
  try {
    return followed(bytes, reached);
  } catch (error) {
    if (!(error instanceof RefusedPickle)) throw error;
    throw new RefusedPickle(`${error.message} (at byte ${reached.at} of its pickle)`);
  }
}

/** @param reached Where the instruction begins that is followed; `at` is kept up to date. */
function followed(bytes: Uint8Array, reached: { at: number }): { readonly value: unknown; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: unknown[] = [];
  const memo = new Map<number, unknown>();
  let { at } = reached;
  /** Entries of dictionaries that were made of one list each: a list in the memo can be asked for over and over. */
  let copied = 0;

  const need = (count: number): number => {
    if (at + count > bytes.length) throw new RefusedPickle("it ends in the middle");
    const from = at;
    at += count;
    return from;
  };
  const byte = () => bytes[need(1)];
  const uint16 = () => view.getUint16(need(2), true);
  const uint32 = () => view.getUint32(need(4), true);
  const text = (length: number) => {
    const from = need(length);
    return new TextDecoder().decode(bytes.subarray(from, from + length));
  };
  const line = () => {
    const end = bytes.indexOf(10, at);
    if (end < 0) throw new RefusedPickle("it ends in the middle");
    const found = text(end - at);
    at = end + 1;
    return found;
  };
  const whole = (length: number): number => {
    let value = 0n;
    const from = need(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[from + i]);
    if (length > 0 && bytes[from + length - 1] & 0x80) value -= 1n << BigInt(8 * length);
    return Number(value);
  };
  const pop = (): unknown => {
    if (stack.length === 0) throw new RefusedPickle("it takes more values than it has");
    return stack.pop();
  };
  const sinceMark = (): unknown[] => {
    const mark = stack.lastIndexOf(MARK);
    if (mark < 0) throw new RefusedPickle("it takes more values than it has");
    const values = stack.splice(mark);
    return values.slice(1);
  };
  const top = () => stack[stack.length - 1];
  const take = (count: number) => Array.from({ length: count }, pop).reverse();
  const setItems = (pairs: readonly unknown[]) => {
    const into = top();
    if (!(into instanceof Map)) throw new RefusedPickle("it fills something that is no dictionary");
    for (let i = 0; i + 1 < pairs.length; i += 2) into.set(pairs[i], pairs[i + 1]);
  };
  const append = (values: readonly unknown[]) => {
    const into = top();
    if (!Array.isArray(into)) throw new RefusedPickle("it fills something that is no list");
    for (const value of values) into.push(value);
  };
  const recalled = (index: number): unknown => {
    if (!memo.has(index)) throw new RefusedPickle("it recalls what it never kept");
    return memo.get(index);
  };

  const called = (what: unknown, args: unknown): unknown => {
    if (Array.isArray(args) && Array.isArray(args[0])) copied += args[0].length;
    if (copied > bytes.length) throw new RefusedPickle("it makes more entries of dictionaries than it has bytes");
    return made(what, args);
  };

  const start = at;
  for (;;) {
    reached.at = at;
    if (at - start > MOST_BYTES) throw new RefusedPickle("it is far longer than a state dict's");
    const op = byte();
    switch (op) {
      case 0x80: // PROTO
        if (byte() > 5) throw new RefusedPickle("it is of a protocol that is not known");
        break;
      case 0x95: // FRAME
        need(8);
        break;
      case 0x2e: // STOP
        return { value: pop(), end: at };
      case 0x28: // MARK
        stack.push(MARK);
        break;
      case 0x30: // POP
        pop();
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        stack.push(op === 0x88);
        break;
      case 0x4b: // BININT1
        stack.push(byte());
        break;
      case 0x4d: // BININT2
        stack.push(uint16());
        break;
      case 0x4a: // BININT
        stack.push(view.getInt32(need(4), true));
        break;
      case 0x8a: // LONG1
        stack.push(whole(byte()));
        break;
      case 0x47: // BINFLOAT
        stack.push(view.getFloat64(need(8), false));
        break;
      case 0x58: // BINUNICODE
        stack.push(text(uint32()));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(text(byte()));
        break;
      case 0x55: // SHORT_BINSTRING
        stack.push(text(byte()));
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        break;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([]);
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(take(op - 0x84));
        break;
      case 0x74: // TUPLE
      case 0x6c: // LIST
        stack.push(sinceMark());
        break;
      case 0x61: // APPEND
        append([pop()]);
        break;
      case 0x65: // APPENDS
        append(sinceMark());
        break;
      case 0x73: // SETITEM
        setItems(take(2));
        break;
      case 0x75: // SETITEMS
        setItems(sinceMark());
        break;
      case 0x71: // BINPUT
        memo.set(byte(), top());
        break;
      case 0x72: // LONG_BINPUT
        memo.set(uint32(), top());
        break;
      case 0x94: // MEMOIZE
        memo.set(memo.size, top());
        break;
      case 0x68: // BINGET
        stack.push(recalled(byte()));
        break;
      case 0x6a: // LONG_BINGET
        stack.push(recalled(uint32()));
        break;
      case 0x63: // GLOBAL
        stack.push(global(`${line()} ${line()}`));
        break;
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = take(2);
        if (typeof module !== "string" || typeof name !== "string") {
          throw new RefusedPickle("it calls something whose name is no text");
        }
        stack.push(global(`${module} ${name}`));
        break;
      }
      case 0x51: // BINPERSID
        stack.push(storage(pop()));
        break;
      case 0x52: {
        // REDUCE
        const [what, args] = take(2);
        stack.push(called(what, args));
        break;
      }
      case 0x62: // BUILD: of a state dict what versions of its modules there were
        pop();
        if (!(top() instanceof Map)) throw new RefusedPickle("it gives a state to what is no dictionary");
        break;
      default:
        throw new RefusedPickle(`it has an instruction that no state dict needs (0x${op.toString(16)})`);
    }
  }
}

function global(name: string): Global {
  if (ALLOWED.has(name) || STORAGE.test(name)) return { kind: "global", name };
  const shown = name.length > 200 ? `${name.slice(0, 200)}...` : name;
  throw new RefusedPickle(`it holds or calls ${shown.replace(" ", ".")}, which is no part of a state dict`);
}

function isGlobal(value: unknown): value is Global {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "global";
}

/** ("storage", type, key, place, count, ...) */
function storage(id: unknown): Storage {
  const [word, type, key, , count] = Array.isArray(id) ? id : [];
  const name = isGlobal(type) ? STORAGE.exec(type.name)?.[1] : undefined;
  if (word !== "storage" || name === undefined || typeof key !== "string" || !isCount(count)) {
    throw new RefusedPickle("it names values in a way that is not known");
  }
  return { kind: "storage", type: name, key, count };
}

function made(what: unknown, given: unknown): unknown {
  const args = Array.isArray(given) ? given : [];
  const name = isGlobal(what) ? what.name : undefined;
  if (name === "collections OrderedDict") {
    const pairs = (args[0] ?? []) as unknown;
    if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2)) {
      throw new RefusedPickle("it makes a dictionary of something else than pairs");
    }
    return new Map(pairs as [unknown, unknown][]);
  }
  if (name === "torch._utils _rebuild_parameter" && isPickledTensor(args[0])) return args[0];
  if (name !== "torch._utils _rebuild_tensor_v2") throw new RefusedPickle("it calls something that is no tensor");
  const [values, offset, shape, strides] = args;
  const isStorage = typeof values === "object" && values !== null && (values as Storage).kind === "storage";
  if (!isStorage || !isCount(offset) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length) {
    throw new RefusedPickle("it has a tensor that is malformed");
  }
  return { kind: "tensor", storage: values as Storage, offset, shape, strides } satisfies PickledTensor;
}

export function isPickledTensor(value: unknown): value is PickledTensor {
  return typeof value === "object" && value !== null && (value as { kind?: unknown }).kind === "tensor";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MOST_AXES && value.every(isCount);
}
