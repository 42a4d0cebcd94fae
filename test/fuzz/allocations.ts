const ARRAYS = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;
const BUFFERS = ["ArrayBuffer", "SharedArrayBuffer"] as const;

type Constructor = new (...args: unknown[]) => object;

/** The largest block of bytes, or list of a stated length, that is asked for while `run` runs. */
export async function largestAllocation(run: () => unknown): Promise<number> {
  let largest = 0;
  const seen = (bytes: number) => {
    largest = Math.max(largest, bytes);
  };
  const globals = globalThis as unknown as Record<string, Constructor>;
  const before = Object.fromEntries([...ARRAYS, ...BUFFERS, "Array"].map((name) => [name, globals[name]]));
  const { alloc, allocUnsafe } = Buffer;
  const watched = (type: Constructor, bytes: number) =>
    new Proxy(type, {
      construct(target, args, newTarget) {
        if (args.length === 1 && typeof args[0] === "number") seen(args[0] * bytes);
        return Reflect.construct(target, args, newTarget === proxies.get(target) ? target : newTarget);
      },
      apply(target, self, args) {
        if (args.length === 1 && typeof args[0] === "number") seen(args[0] * bytes);
        return Reflect.apply(target as unknown as () => unknown, self, args);
      },
    });
  const proxies = new Map<object, object>();
  const put = (name: string, bytes: number) => {
    const proxy = watched(before[name], bytes);
    proxies.set(before[name], proxy);
    globals[name] = proxy;
  };
  for (const name of ARRAYS) put(name, (before[name] as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT);
  for (const name of BUFFERS) put(name, 1);
  put("Array", 8);
  Buffer.alloc = ((size: number, ...rest: []) => {
    seen(size);
    return alloc(size, ...rest);
  }) as typeof alloc;
  Buffer.allocUnsafe = (size: number) => {
    seen(size);
    return allocUnsafe(size);
  };
  try {
    await run();
  } finally {
    Object.assign(globals, before);
    Object.assign(Buffer, { alloc, allocUnsafe });
  }
  return largest;
}
