import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CheckpointError } from "../../src/core";
import { readPyTorchWeights } from "../../src/nn";
import {
  bomb,
  call,
  dictionary,
  floats,
  kept,
  list,
  named,
  ordered,
  type Pickled,
  pthBytes,
  recalled,
  tensor,
  text,
  tuple,
} from "./pth-file";

const folder = mkdtempSync(join(tmpdir(), "hostile-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "weights.pth");

async function read(bytes: Uint8Array) {
  writeFileSync(path, bytes);
  return readPyTorchWeights(path);
}

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const one = (name: string, of: Pickled) => dictionary({ [name]: of });
const four = { count: 4, shape: [4] };
const data = floats(1, 2, 3, 4);

/** Text in the memo under 0; then pairs of what was there before: 2^60 texts to whoever writes it out. */
const doubled = Buffer.concat([
  kept(text("x"), 0),
  ...times(60, (i) => Buffer.concat([kept(tuple(recalled(i), recalled(i)), i + 1), Buffer.from("0")])),
  Buffer.from("0"),
]);

const HOSTILE: readonly (readonly [what: string, file: () => Buffer, message: RegExp])[] = [
  [
    "a tensor of a billion values that are one",
    () => pthBytes(one("w", tensor("0", { count: 4, shape: [1e9], strides: [0] })), { 0: data }),
    /tensor "w" \[1000000000\] has each of 4 values several times/,
  ],
  [
    "a tensor of more values than numbers can count",
    () =>
      pthBytes(one("w", tensor("0", { count: 4, shape: times(60, () => 2 ** 30), strides: times(60, () => 0) })), {
        0: data,
      }),
    /has each of 4 values several times/,
  ],
  [
    "values that are claimed and not there",
    () => pthBytes(one("w", tensor("0", { count: 2 ** 40, shape: [2 ** 40] })), { 0: data }),
    /values are missing/,
  ],
  [
    "hundreds of views of the same values",
    () => {
      const values = new Uint8Array(4 * 1000);
      const view = { count: 1000, shape: [999] };
      const views = times(200, (i) => [`w${i}`, tensor("0", { ...view, offset: i % 2 })] as const);
      return pthBytes(dictionary(Object.fromEntries(views)), { 0: values });
    },
    /tensors, as far as "w\d+", are many views of the same 1000 values/,
  ],
  [
    "one storage under two types",
    () =>
      pthBytes(dictionary({ a: tensor("0", four), b: tensor("0", { type: "HalfStorage", count: 8, shape: [8] }) }), {
        0: data,
      }),
    /values "0" are of two types or lengths/,
  ],
  [
    "a tensor of a hundred axes",
    () => pthBytes(one("w", tensor("0", { count: 1, shape: times(100, () => 1) }))),
    /malformed \(at byte \d+/,
  ],
  ["a compressed pickle", () => bomb("archive/data.pkl", 2 ** 26), /"data.pkl" in it is compressed/],
  [
    "a list that becomes a dictionary over and over",
    () => {
      const pairs = list(...times(3000, (i) => tuple(text(`${i}`), text("x"))));
      const again = times(3000, () =>
        Buffer.concat([call(named("collections", "OrderedDict"), recalled(7)), Buffer.from("0")]),
      );
      return pthBytes(Buffer.concat([kept(pairs, 7), ...again]));
    },
    /more entries of dictionaries than it has bytes \(at byte \d+/,
  ],
  [
    "a dictionary that is its own state dict",
    () => pthBytes(Buffer.concat([kept(Buffer.from("}"), 1), text("model"), recalled(1), Buffer.from("s")])),
    /holds no tensors, but model/,
  ],
  [
    "dictionaries a hundred thousand deep",
    () => {
      const keys = times(100_000, () => Buffer.concat([Buffer.from("}"), text("model")]));
      return pthBytes(Buffer.concat([...keys, Buffer.from("}"), ...times(100_000, () => Buffer.from("s"))]));
    },
    /holds no tensors, but model/,
  ],
  [
    "lists a hundred thousand deep",
    () => pthBytes(Buffer.concat([Buffer.from("]".repeat(1e5)), Buffer.from("a".repeat(1e5 - 1))])),
    /holds no state dict/,
  ],
  [
    "a key that is endless to write out",
    () => pthBytes(Buffer.concat([doubled, Buffer.from("}"), recalled(60), text("x"), Buffer.from("s")])),
    /holds no tensors, but nothing/,
  ],
  [
    "a name to call that is endless to write out",
    () => pthBytes(Buffer.concat([doubled, recalled(60), text("x"), Buffer.from([0x93])])),
    /calls something whose name is no text/,
  ],
  ["a name as long as the file", () => pthBytes(call(named("x".repeat(1e6), "y"))), /holds or calls x{200}\.\.\./],
  ["a mark where a value belongs", () => pthBytes(Buffer.from([0x28, 0x28, 0x93])), /calls something|takes more/],
  ["nothing", () => Buffer.from("PK\x03\x04"), /./],
];

test.each(HOSTILE)("%s is refused at once, in a short sentence", async (_, file, message) => {
  const error = await read(file()).then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(error).toBeInstanceOf(CheckpointError);
  expect(error?.message).toMatch(message);
  expect(error?.message.length).toBeLessThan(1500);
});

test("of a training script's file the running mean of the weights is taken, and it is said what was left aside", async () => {
  const sets: Record<string, Pickled> = {
    epoch: text("3"),
    best_acc1: tensor("2", { count: 1, shape: [] }),
    model: one("w", tensor("0", four)),
    model_ema: ordered(list(tuple(text("module.w"), tensor("1", four)))),
  };
  const values = { 0: data, 1: floats(5, 6, 7, 8), 2: floats(76) };
  const { tensors, remarks } = await read(pthBytes(dictionary(sets), values));
  expect([...tensors].map(([name, { data: of }]) => [name, [...of]])).toEqual([["module.w", [5, 6, 7, 8]]]);
  expect(remarks).toEqual([
    expect.stringMatching(/model_ema was taken, the running mean .*EMA.* and model left aside/),
  ]);
  // timm writes null where there is no mean, and PyTorch's own example the best accuracy as a tensor beside the weights.
  const { model_ema: _, ...without } = sets;
  const nothing: readonly Record<string, Pickled>[] = [
    {},
    { model_ema: Buffer.from("N") },
    { model_ema: dictionary({}) },
  ];
  for (const beside of nothing) {
    const plain = await read(pthBytes(dictionary({ ...without, ...beside }), values));
    expect([[...plain.tensors.keys()], plain.remarks]).toEqual([["w"], []]);
  }
});
