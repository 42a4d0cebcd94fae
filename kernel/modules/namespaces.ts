import { types } from "node:util";

/** A module as `import * as` sees it. */
export type Namespace = Record<string, unknown>;

const converted = new WeakMap<object, Namespace>();

/** What `import` makes of what `require` gives: its properties, and itself as default; compiled ES modules as they are. */
export function asNamespace(module: unknown): Namespace {
  if (types.isModuleNamespaceObject(module)) return module as Namespace;
  if (module === null || (typeof module !== "object" && typeof module !== "function")) return { default: module };
  if ("__esModule" in module && module.__esModule) return module as Namespace;
  let namespace = converted.get(module);
  if (namespace === undefined) {
    namespace = {};
    converted.set(module, namespace);
  }
  for (const name of Object.keys(module)) {
    if (Object.hasOwn(namespace, name)) continue;
    Object.defineProperty(namespace, name, { get: () => (module as Namespace)[name], enumerable: true });
  }
  if (!Object.hasOwn(namespace, "default")) {
    Object.defineProperty(namespace, "default", { value: module, enumerable: true });
  }
  return namespace;
}

export function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return types.isPromise(value);
}

/** Goes on at once where it can: a cell that awaits nothing then runs without waiting. */
export function then<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return isPromise(value) ? value.then(next) : next(value);
}
