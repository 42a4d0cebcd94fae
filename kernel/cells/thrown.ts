import { inspect, types } from "node:util";

/** What can be told of something thrown, whatever its getters and traps do. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** Undefined when there is none. */
  readonly cause: unknown;
  /** Errors that an `AggregateError` holds. */
  readonly inner: readonly unknown[];
  /** Own properties beyond those of every error; "" when there are none. */
  readonly properties: string;
}

/** Of every error, or shown in another way. */
const USUAL = new Set(["name", "message", "stack", "cause", "errors"]);

/** Reads an error; undefined when the thrown value is none. A Proxy is none: its traps are the user's code. */
export function readThrown(value: unknown): Thrown | undefined {
  if (types.isProxy(value) || !isError(value)) return undefined;
  const name = text(() => value.name, "Error");
  const errors = tried(() => (value as { errors?: unknown }).errors);
  return {
    name,
    message: text(() => value.message, ""),
    stack: text(() => value.stack, ""),
    cause: tried(() => value.cause),
    inner: tried(() => (Array.isArray(errors) ? [...errors] : [])) ?? [],
    properties: isOurs(value) ? "" : ownProperties(value),
  };
}

/** As `inspect` of Node, but for values whose inspection throws. */
export function inspected(value: unknown): string {
  const shown = tried(() => inspect(value)) ?? tried(() => inspect(value, { customInspect: false }));
  return shown ?? `[${typeof value} that cannot be shown]`;
}

/** Whether the code ended by a signal that met it while it did not await. */
export function endedBySignal(thrown: unknown): boolean {
  return tried(() => (thrown as { code?: unknown } | undefined)?.code) === "ERR_SCRIPT_EXECUTION_INTERRUPTED";
}

/** Errors of another realm are no instances of our Error. */
function isError(value: unknown): value is Error {
  return types.isNativeError(value) || tried(() => value instanceof Error) === true;
}

function text(read: () => unknown, otherwise: string): string {
  return (
    tried(() => {
      const value = read();
      return typeof value === "string" ? value : value === undefined ? otherwise : inspected(value);
    }) ?? otherwise
  );
}

/** The code and details of the library's errors are in their words. */
function isOurs(error: Error): boolean {
  for (let type: object | null = Object.getPrototypeOf(error); type; type = Object.getPrototypeOf(type)) {
    const { value } = Object.getOwnPropertyDescriptor(type, "constructor") ?? {};
    if (typeof value === "function" && tried(() => value.name) === "BlockwiseError") return true;
  }
  return false;
}

function ownProperties(error: Error): string {
  const entries = Object.entries(Object.getOwnPropertyDescriptors(error)).filter(
    ([name, property]) => property.enumerable && !USUAL.has(name),
  );
  if (entries.length === 0) return "";
  // Getters stay getters, which `inspect` does not call.
  return inspected(Object.defineProperties({}, Object.fromEntries(entries)));
}

function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
