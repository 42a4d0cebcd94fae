import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import sharp from "sharp";
import { decode, encode, newHeader, Signer } from "../../kernel/wire/message";
import { StudyError } from "../../src/core";
import { latencyCsv, parseLatencyCsv, parseLatencyTable, readLatencyTable } from "../../src/cost";
import { loadDataset, readIdx } from "../../src/data";
import { decodePicture, pictureHeader } from "../../src/data/decode-picture";
import { encodeSafetensors, readSafetensors } from "../../src/nn";
import { readPyTorchWeights } from "../../src/nn/pytorch";
import { declaredParameters, readNotebook, readParameters } from "../../src/notebook";
import { directoryStore, type ObjectStore } from "../../src/queue";
import { parseMessage, TASK_MESSAGE } from "../../src/queue/messages";
import { keep, load, receive, send } from "../../src/queue/stored-values";
import { readRatings } from "../../src/rate";
import { loadFound } from "../../src/retrain";
import { architecturePreset, formatTimmNetwork, parseArchitecture, parseTimm, parseTimmNetwork } from "../../src/space";
import { replay } from "../../src/study";
import { parseExperiment } from "../../src/systems/dna";
import { idxBytes } from "../data/idx-file";

/** One way in: what a whole input is, and who reads it. */
export interface Reader {
  readonly name: string;
  /** Whole inputs, which are read without an error. */
  readonly whole: readonly Uint8Array[];
  /** @param bytes What came. @param folder One of this reader's own, where it may put them. */
  read(bytes: Uint8Array, folder: string): unknown;
  /** Whose errors are plain ones: the caller has no file to name. */
  readonly plain?: boolean;
  /** Bytes that may be asked for, of an input of one byte: formats that pack. */
  readonly packs?: number;
}

/** As it is, and without the hash by which a change is found before anything else is looked at. */
const withAndWithoutHash = (given: Uint8Array) => {
  const { sha256: _, ...rest } = JSON.parse(text(given));
  return [given, bytes(JSON.stringify(rest))];
};
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (given: Uint8Array) => Buffer.from(given).toString("utf8");
const put = (folder: string, name: string, given: Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, given);
  return path;
};
const golden = (name: string) => readFileSync(join(__dirname, "../golden/pth", name));
const idx = idxBytes([3, 4, 4], new Uint8Array(48).fill(9));
const experiment = readFileSync(join(__dirname, "../../experiments/quickstart.json"));
const table = {
  format: "blockwise-latency-1",
  subject: "dna-mini",
  batch: 1,
  cpu: "Cortex-A78",
  engine: { backend: "tflite", device: "cpu", threads: 1, versions: {} },
  entries: [{ key: "cn_k3_s1_c16 @ 28x28x1", medianMs: 0.21, lowMs: 0.2, highMs: 0.3, runs: 5 }],
};
const notebook = {
  cells: [
    { cell_type: "markdown", id: "a", metadata: {}, source: ["# Title\n"] },
    {
      cell_type: "code",
      id: "b",
      execution_count: 1,
      metadata: { tags: ["parameters"] },
      outputs: [{ output_type: "stream", name: "stdout", text: ["a"] }],
      source: 'let seed: number = 1;\nlet sides: number[] = [1, 2];\nlet name: string = "x";\n',
    },
  ],
  metadata: { kernelspec: { name: "blockwise", display_name: "Blockwise", language: "typescript" } },
  nbformat: 4,
  nbformat_minor: 5,
};
const tensors = new Map([["a.weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }]]);
const signer = new Signer("hmac-sha256", "");
const frames = encode(
  { identities: ["client"], header: newHeader("execute_request", "s"), parent: {}, content: '{"code":"1 + 1"}' },
  signer,
).map((frame) => Buffer.from(frame));
/** Frames in one run of bytes: what separates them may be damaged as well. */
const SEPARATOR = Buffer.from([0xff, 0xfe, 0xff]);
const joined = Buffer.concat(frames.flatMap((frame) => [frame, SEPARATOR]));

function split(given: Uint8Array): Buffer[] {
  const all = Buffer.from(given);
  const parts: Buffer[] = [];
  for (let from = 0; from <= all.length; ) {
    const at = all.indexOf(SEPARATOR, from);
    const end = at < 0 ? all.length : at;
    parts.push(all.subarray(from, end));
    from = end + SEPARATOR.length;
  }
  return parts;
}

const cifarRecord = Uint8Array.from({ length: 3073 }, (_, i) => (i === 0 ? 3 : i % 256));

/** A task as it is sent, with an input in the message. */
async function taskMessage(): Promise<Uint8Array> {
  const input = await send({ block: 1, state: undefined, seen: new Map([["a", [1, -0, Number.NaN]]]) }, NOWHERE);
  const call = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
  return bytes(JSON.stringify({ call, task: "distill", input, blobs: { "0123456789abcdef": "a".repeat(64) } }));
}

/** A value with binary parts, as a store has it. */
async function storedValue(): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), "fuzz-value-"));
  try {
    const store = directoryStore(folder);
    const weights = Float32Array.of(1, 2, 3);
    const maps = new Map([[0, { memory: new SharedArrayBuffer(16) }]]);
    return readFileSync(await store.file(await keep({ weights, maps, seed: 3n }, store)));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Of a message that names no object. */
const NOWHERE: ObjectStore = {
  name: "nowhere",
  put: () => Promise.reject(new StudyError("store: nothing is kept here")),
  file: () => Promise.reject(new StudyError("store: there is no object here")),
};

/** Pictures with a class each, as the hub's files have them. */
function parquet(picture: Uint8Array): Uint8Array {
  const image = [0, 1, 2, 3].map((i) => ({ bytes: picture, path: `${i}.png` }));
  const written = parquetWriteBuffer({
    columnData: [
      { name: "image", data: image },
      { name: "label", data: [0n, 1n, 0n, 1n] },
    ] as Parameters<typeof parquetWriteBuffer>[0]["columnData"],
    schema: [
      { name: "root", num_children: 2 },
      { name: "image", repetition_type: "OPTIONAL", num_children: 2 },
      { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
    ],
  });
  return new Uint8Array(written);
}

/** What people and other programs hand over. */
export async function readers(): Promise<Reader[]> {
  const picture = await sharp({ create: { width: 9, height: 7, channels: 3, background: "teal" } })
    .png()
    .toBuffer();
  const run = join(__dirname, "../written-before/files/run");
  const written = (name: string) => readFileSync(join(run, name));
  return [
    {
      name: "IDX",
      whole: [idx, gzipSync(idx)],
      read: (given, at) => readIdx(put(at, "images", given), 3),
      packs: 1032,
    },
    {
      name: "CIFAR-10's binary version",
      whole: [Buffer.concat([cifarRecord, cifarRecord])],
      read: (given, at) => {
        const root = join(at, "cifar-10-batches-bin");
        mkdirSync(root, { recursive: true });
        for (const name of [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`)) put(root, name, given);
        put(root, "test_batch.bin", given);
        return loadDataset("cifar-10", { root, seed: 1, validationCount: 1 });
      },
    },
    {
      name: "safetensors",
      whole: [
        encodeSafetensors(tensors, { made: "here" }),
        encodeSafetensors(tensors, {}, { hash: true, half: () => true }),
      ],
      read: (given, at) => readSafetensors(put(at, "weights.safetensors", given)),
    },
    {
      name: "PyTorch's .pth",
      whole: [golden("state.pth"), golden("legacy.pth")],
      read: (given, at) => readPyTorchWeights(put(at, "weights.pth", given)),
      packs: 1032,
    },
    {
      name: "a picture",
      whole: [picture],
      read: async (given, at) => {
        const path = put(at, "picture.png", given);
        await pictureHeader(path);
        return decodePicture(path, { height: 8, width: 8, channels: 3 } as never);
      },
      plain: true,
      packs: 1032,
    },
    {
      name: "timm strings",
      whole: [bytes("ds_r1_k3_s1_e1_c16_se0.25 ir_r2_k3_s2_e6_c24_se0.25 ir_r2_k5_s2_e6_c40_nre")],
      read: (given) => parseTimm(text(given)),
    },
    {
      name: "timm networks",
      whole: [bytes(formatTimmNetwork(architecturePreset("mobilenetv2_100")))],
      read: (given) => parseTimmNetwork(text(given)),
    },
    {
      name: "an architecture",
      whole: [bytes(JSON.stringify(architecturePreset("mobilenet@28px")))],
      read: (given) => parseArchitecture(JSON.parse(jsonOr(given))),
    },
    { name: "an experiment", whole: [experiment], read: (given) => parseExperiment(JSON.parse(jsonOr(given))) },
    {
      name: "a latency table",
      whole: [bytes(JSON.stringify(table))],
      read: (given, at) => readLatencyTable(put(at, "table.json", given)),
    },
    {
      name: "a latency table as CSV",
      whole: [bytes(latencyCsv(parseLatencyTable(table)))],
      read: (given) => parseLatencyCsv(text(given), "phone"),
    },
    {
      name: "a journal",
      whole: [written("journal.jsonl"), bytes('{"step":"teacher","accuracy":0.9}\n{"step":"rate/block0"}\n')],
      read: (given) => replay(given, "journal.jsonl"),
    },
    {
      name: "a found network",
      whole: withAndWithoutHash(written("found/found-1.json")),
      read: (given, at) => {
        put(at, "found-1.safetensors", written("found/found-1.safetensors"));
        return loadFound(put(at, "found.json", given));
      },
    },
    {
      name: "a file of ratings",
      whole: withAndWithoutHash(written("ratings/block0.json")),
      read: (given, at) => readRatings(put(at, "r.json", given)),
    },
    {
      name: "a notebook with its parameters",
      whole: [bytes(JSON.stringify(notebook))],
      read: (given, at) => declaredParameters(readNotebook(put(at, "n.ipynb", given))),
    },
    {
      name: "a notebook's parameters on the command line",
      whole: [bytes("seed=3"), bytes("sides=[1,2,3]"), bytes("name=a b")],
      read: (given) => readParameters([text(given)], notebook as never),
    },
    {
      name: "a task of the queue",
      whole: [await taskMessage()],
      read: async (given) => {
        const message = parseMessage(TASK_MESSAGE, "a task", JSON.parse(jsonOr(given)));
        // An object that is not there is the store's to tell of; here there is none.
        return "json" in message.input && receive(message.input, NOWHERE);
      },
    },
    {
      name: "a value in the queue's store",
      whole: [await storedValue()],
      read: (given, at) => {
        const path = put(at, "value", given);
        return load("a".repeat(64), { ...NOWHERE, file: () => Promise.resolve(path) });
      },
    },
    {
      name: "a parquet file of pictures",
      whole: [parquet(picture)],
      read: (given, at) => loadDataset(put(at, "train.parquet", given), { seed: 1, testCount: 1, validationCount: 1 }),
      // Pages are compressed.
      packs: 1032,
    },
    { name: "a message of the kernel", whole: [joined], read: (given) => decode(split(given), signer), plain: true },
  ];
}

/** Text that is no JSON is told by who reads the file; here only what JSON may say is tried. */
function jsonOr(given: Uint8Array): string {
  try {
    JSON.parse(text(given));
    return text(given);
  } catch {
    return JSON.stringify(text(given));
  }
}
