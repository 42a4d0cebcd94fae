import fc from "fast-check";

/** What may happen to a file: bytes changed, cut off, doubled, put in, numbers made huge. */
export type Mutation =
  | { readonly kind: "set"; readonly at: number; readonly value: number }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "remove"; readonly at: number; readonly length: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "double"; readonly at: number; readonly length: number }
  | { readonly kind: "huge"; readonly at: number };

/** Where: a share of the file's length, so that shrinking a case keeps its place. */
const place = fc.double({ min: 0, max: 1, noNaN: true });
const length = fc.integer({ min: 1, max: 64 });

/** Words on which readers trip: of JSON, CSV, numbers, paths and markup. */
const WORDS = [
  "null",
  "-1",
  "1e999",
  "NaN",
  "9007199254740993",
  "[[[[[[[[",
  '{"__proto__":{}}',
  "__proto__",
  "constructor",
  "../../../etc/passwd",
  "\\u0000",
  '"',
  "\n",
  ",",
  "\uFEFF",
  "[]",
  "{}",
].map((word) => new TextEncoder().encode(word));

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant("set" as const), at: place, value: fc.integer({ min: 0, max: 255 }) }),
  fc.record({ kind: fc.constant("cut" as const), at: place }),
  fc.record({ kind: fc.constant("remove" as const), at: place, length }),
  fc.record({
    kind: fc.constant("insert" as const),
    at: place,
    bytes: fc.oneof(fc.constantFrom(...WORDS), fc.uint8Array({ minLength: 1, maxLength: 8 })),
  }),
  fc.record({ kind: fc.constant("double" as const), at: place, length }),
  fc.record({ kind: fc.constant("huge" as const), at: place }),
);

/** One to four changes of a whole file; now and then other bytes altogether. */
export function damaged(whole: Uint8Array): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    {
      weight: 9,
      arbitrary: fc.array(mutation, { minLength: 1, maxLength: 4 }).map((all) => all.reduce(mutated, whole)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  );
}

function mutated(bytes: Uint8Array, mutation: Mutation): Uint8Array {
  const at = Math.floor(mutation.at * bytes.length);
  switch (mutation.kind) {
    case "set":
      return Uint8Array.from(bytes, (value, i) => (i === at ? mutation.value : value));
    case "cut":
      return bytes.slice(0, at);
    case "remove":
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + mutation.length)]);
    case "insert":
      return Buffer.concat([bytes.subarray(0, at), mutation.bytes, bytes.subarray(at)]);
    case "double":
      return Buffer.concat([bytes.subarray(0, at + mutation.length), bytes.subarray(at)]);
    case "huge":
      // Eight bytes that are a large length, whatever their order.
      return Uint8Array.from(bytes, (value, i) => (i >= at && i < at + 4 ? 0x7f : value));
  }
}
