import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckpointError, contentHash, Rng } from "../../src/core";
import { encodeSafetensors, readSafetensors } from "../../src/nn";
import { Teacher } from "../../src/teacher";

const folder = mkdtempSync(join(tmpdir(), "blockwise-safetensors-format-"));
const path = join(folder, "x.safetensors");
const PYTHON = process.env.BLOCKWISE_PYTHON ?? "/usr/bin/python3";

function withHeader(header: string | Buffer, data: number | Buffer = 0, length?: bigint): Buffer {
  const text = Buffer.from(header as string);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([size, text, typeof data === "number" ? Buffer.alloc(data) : data]);
}

function read(bytes: Uint8Array) {
  writeFileSync(path, bytes);
  return readSafetensors(path);
}

const tensor = (shape: string, offsets: string, dtype = "F32") =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;
const one = (entry: string) => `{"w":${entry}}`;

/** What is wrong, the file, and what the message says of it. */
const MALFORMED: readonly [what: string, bytes: Buffer, says: RegExp][] = [
  ["no bytes", Buffer.alloc(0), /8-byte header length/],
  ["header null", withHeader("null"), /must be a JSON object/],
  ["header a list", withHeader("[]"), /must be a JSON object/],
  ["header a number", withHeader("3"), /must be a JSON object/],
  ["header empty", withHeader(""), /must be a JSON object/],
  ["header not JSON", withHeader("{"), /must be JSON/],
  ["header behind white space", withHeader(" {}"), /begin with \{/],
  ["header not UTF-8", withHeader(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), /UTF-8/],
  ["header longer than the file", withHeader("{}", 0, 3n), /does not fit/],
  ["header beyond the format's limit", withHeader("{}", 0, 100_000_001n), /at most 100000000/],
  ["header of 2^64 - 1 bytes", withHeader("{}", 0, 2n ** 64n - 1n), /at most 100000000/],
  ["tensor null", withHeader('{"w":null}'), /"w" must be an object/],
  ["tensor a list", withHeader('{"w":[]}'), /"w" must be an object/],
  ["no shape", withHeader('{"w":{"dtype":"F32","data_offsets":[0,4]}}', 4), /"w" must have a shape/],
  ["shape below 0", withHeader(one(tensor("[-2,-2]", "[0,16]")), 16), /"w" must have a shape.*-2/],
  ["shape with a fraction", withHeader(one(tensor("[1.5,2]", "[0,12]")), 12), /"w" must have a shape.*1.5/],
  ["shape a text", withHeader(one(tensor('["2"]', "[0,8]")), 8), /"w" must have a shape/],
  ["shape null", withHeader(one(tensor("[null]", "[0,0]"))), /"w" must have a shape/],
  ["shape beyond 2^53", withHeader(one(tensor("[1e300]", "[0,0]"))), /"w" must have a shape/],
  [
    "shape whose product is beyond all bytes",
    withHeader(one(tensor("[4294967296,4294967296,0,4]", "[0,4]")), 4),
    /needs 0 bytes/,
  ],
  ["no offsets", withHeader('{"w":{"dtype":"F32","shape":[1]}}', 4), /"w" must have data_offsets/],
  ["three offsets", withHeader(one(tensor("[1]", "[0,4,4]")), 4), /"w" must have data_offsets/],
  ["offsets the wrong way round", withHeader(one(tensor("[0]", "[4,0]")), 4), /"w" must have data_offsets/],
  ["offsets of another size", withHeader(one(tensor("[2]", "[0,4]")), 4), /needs 8 bytes.*give 4/],
  ["offsets beyond the file", withHeader(one(tensor("[2]", "[0,8]")), 4), /"w" ends at byte 8 of 4.*truncated/],
  [
    "an overlap",
    withHeader(`{"a":${tensor("[2]", "[0,8]")},"b":${tensor("[2]", "[4,12]")}}`, 12),
    /"b" must begin at byte 8.*overlaps/,
  ],
  [
    "two tensors on the same bytes",
    withHeader(`{"a":${tensor("[2]", "[0,8]")},"b":${tensor("[2]", "[0,8]")}}`, 8),
    /overlaps/,
  ],
  [
    "a gap",
    withHeader(`{"a":${tensor("[1]", "[0,4]")},"b":${tensor("[1]", "[8,12]")}}`, 12),
    /"b" must begin at byte 4.*gap/,
  ],
  ["a gap before the first", withHeader(one(tensor("[1]", "[4,8]")), 8), /"w" must begin at byte 0.*gap/],
  ["bytes behind the last", withHeader(one(tensor("[1]", "[0,4]")), 5), /1 more follow/],
  ["bytes and no tensor", withHeader("{}", 1), /1 more follow/],
  ["an unknown type", withHeader(one(tensor("[1]", "[0,4]", "F33")), 4), /"w" must be of a data type.*F33/],
  ["a type of Object's", withHeader(one(tensor("[1]", "[0,4]", "constructor")), 4), /"w" must be of a data type/],
  [
    "a type that is not read",
    withHeader(one(tensor("[4]", "[0,4]", "F8_E4M3")), 4),
    /"w" must be F32, F16, BF16 or F64/,
  ],
  [
    "a value beyond float32",
    withHeader(one(tensor("[1]", "[0,8]", "F64")), Buffer.from(Float64Array.of(1e300).buffer)),
    /"w" must fit.*1e\+300/,
  ],
  ["a name twice", withHeader(`{"w":${tensor("[1]", "[0,4]")},"w":${tensor("[1]", "[0,4]")}}`, 4), /"w" twice/],
  [
    "a name twice, once escaped",
    withHeader(`{"w":${tensor("[1]", "[0,4]")},"\\u0077":${tensor("[1]", "[0,4]")}}`, 4),
    /twice/,
  ],
  [
    "a key of a tensor twice",
    withHeader('{"w":{"dtype":"F32","shape":[9],"shape":[1],"data_offsets":[0,4]}}', 4),
    /"shape" twice/,
  ],
  ["metadata a text", withHeader('{"__metadata__":"a"}'), /__metadata__ must be an object/],
  ["metadata null", withHeader('{"__metadata__":null}'), /__metadata__ must be an object/],
  ["metadata with a number", withHeader('{"__metadata__":{"a":1}}'), /__metadata__ must have texts only, and "a"/],
  ["a whole number with a point", withHeader(one(tensor("[1.0]", "[0,4]")), 4), /digits only, got 1.0/],
  ["a whole number with an exponent", withHeader(one(tensor("[1e0]", "[0,4]")), 4), /digits only, got 1e0/],
];

describe("a safetensors file is read strictly by the format", () => {
  for (const [what, bytes, says] of MALFORMED) {
    it(`refuses: ${what}`, () => {
      expect(() => read(bytes)).toThrow(CheckpointError);
      expect(() => read(bytes)).toThrow(says);
      expect(() => read(bytes)).toThrow(path);
    });
  }

  it("refuses what is not there, and a folder, by name", () => {
    expect(() => readSafetensors(join(folder, "none.safetensors"))).toThrow(CheckpointError);
    mkdirSync(join(folder, "d.safetensors"));
    expect(() => readSafetensors(join(folder, "d.safetensors"))).toThrow(CheckpointError);
  });

  it("accepts what the format allows: no tensor, scalars, empty tensors, any order, data at odd places", () => {
    expect(read(withHeader("{}")).tensors.size).toBe(0);
    expect(read(withHeader('{"__metadata__":{"a":"b"}}')).metadata).toEqual({ a: "b" });
    const values = Buffer.concat([Buffer.from([7]), Buffer.from(Float32Array.of(1.5, -2).buffer)]);
    const header = `{"z":${tensor("[1]", "[1,5]")},"empty":${tensor("[0,3]", "[5,5]")},"u":${tensor("[1]", "[0,1]", "U8")},"scalar":${tensor("[]", "[5,9]")}}  `;
    const { tensors } = read(withHeader(header, values));
    expect(Object.fromEntries(tensors)).toEqual({
      z: { shape: [1], data: Float32Array.of(1.5) },
      empty: { shape: [0, 3], data: new Float32Array(0) },
      scalar: { shape: [], data: Float32Array.of(-2) },
    });
  });

  it("leaves whole numbers and truth values out", () => {
    const sizes = { I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 };
    for (const [dtype, size] of Object.entries(sizes)) {
      expect(read(withHeader(one(tensor("[]", `[0,${size}]`, dtype)), size)).tensors.size).toBe(0);
    }
  });

  it("never takes a header with flipped bits for another content, nor throws anything raw", () => {
    const tensors = new Map(
      ["a.weight", "b.bias", "c"].map((name, i) => [
        name,
        { shape: [2, i + 1], data: new Float32Array(2 * (i + 1)).fill(i + 1) },
      ]),
    );
    const bytes = Buffer.from(encodeSafetensors(tensors, { format: "test" }));
    const whole = read(bytes);
    const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
    const rng = new Rng(7);
    for (let i = 0; i < 3000; i++) {
      const flipped = Buffer.from(bytes);
      flipped[rng.int(headerEnd)] ^= 1 << rng.int(8);
      try {
        const { tensors: found } = read(flipped);
        // A flip in a name, in padding or between types of one size is another file, whole by the format.
        const floats = [...found.values()].flatMap(({ data }) => [...data]);
        const sizes = [...found.values()].map(({ shape, data }) => [shape.reduce((a, b) => a * b, 1), data.length]);
        for (const [size, length] of sizes) expect(length).toBe(size);
        expect(floats.length).toBeLessThanOrEqual(
          [...whole.tensors.values()].reduce((sum, { data }) => sum + data.length, 0),
        );
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError);
      }
    }
  });

  it("never throws anything raw for any JSON as header", () => {
    const sizes = fc.oneof(fc.integer(), fc.double(), fc.constant(null), fc.string());
    const entry = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom("F32", "F16", "I64"), fc.jsonValue()),
        shape: fc.oneof(fc.array(sizes), fc.jsonValue()),
        data_offsets: fc.oneof(fc.array(sizes), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const header = fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())));
    fc.assert(
      fc.property(header, fc.nat(64), (value, size) => {
        try {
          read(withHeader(JSON.stringify(value), size));
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("half precision becomes float32 exactly", () => {
  const torch = spawnSync(PYTHON, ["-c", "import torch"]).status === 0;

  it.skipIf(!torch)("all 65,536 halves of both kinds are PyTorch's", () => {
    const script = [
      "import torch, sys",
      "bits = torch.arange(-32768, 32768, dtype=torch.int32).to(torch.int16)",
      "for kind in (torch.float16, torch.bfloat16):",
      "    sys.stdout.buffer.write(bits.view(kind).float().numpy().tobytes())",
    ].join("\n");
    const { stdout } = spawnSync(PYTHON, ["-c", script], { maxBuffer: 1 << 24 });
    const halves = Buffer.from(Int16Array.from({ length: 65536 }, (_, i) => i - 32768).buffer);
    for (const [i, dtype] of ["F16", "BF16"].entries()) {
      const found = read(withHeader(one(tensor("[65536]", "[0,131072]", dtype)), halves)).tensors.get("w")!.data;
      const bytes = stdout.subarray(i * 262144, (i + 1) * 262144);
      const expected = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
      let different = 0;
      for (const [k, value] of expected.entries()) if (!Object.is(value, found[k])) different++;
      expect(different).toBe(0);
    }
  });

  it("has zeros of both signs, the least and greatest numbers and infinities", () => {
    const f16 = Buffer.from(Uint16Array.of(0x0000, 0x8000, 0x0001, 0x03ff, 0x0400, 0x3c00, 0x7bff, 0xfc00).buffer);
    expect(read(withHeader(one(tensor("[8]", "[0,16]", "F16")), f16)).tensors.get("w")!.data).toEqual(
      Float32Array.of(0, -0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, 65504, Number.NEGATIVE_INFINITY),
    );
    const bf16 = Buffer.from(Uint16Array.of(0x8000, 0x0001, 0x3f80, 0xc040, 0x7f80).buffer);
    expect(read(withHeader(one(tensor("[5]", "[0,10]", "BF16")), bf16)).tensors.get("w")!.data).toEqual(
      Float32Array.of(-0, 2 ** -133, 1, -3, Number.POSITIVE_INFINITY),
    );
    const f64 = Buffer.from(Float64Array.of(0.1, -1e-50, Number.POSITIVE_INFINITY).buffer);
    expect(read(withHeader(one(tensor("[3]", "[0,24]", "F64")), f64)).tensors.get("w")!.data).toEqual(
      Float32Array.of(0.1, -0, Number.POSITIVE_INFINITY),
    );
  });
});

describe("a hash in the metadata", () => {
  const state = new Map([["w", { shape: [1], data: Float32Array.of(1) }]]);
  const encoded = (metadata: Record<string, string>) => encodeSafetensors(state, metadata);

  it("is ours under blockwise.sha256, and under sha256 in older files of ours alone", () => {
    const ours = Buffer.from(encodeSafetensors(state, { format: "blockwise-x-1" }, { hash: true }));
    expect(read(ours)).toMatchObject({ verified: true, metadata: { format: "blockwise-x-1" } });
    ours[ours.length - 1] ^= 1;
    expect(() => read(ours)).toThrow(/damaged/);
    expect(() => read(encoded({ format: "blockwise-x-1", sha256: "0".repeat(64) }))).toThrow(/damaged/);
    const foreign: Record<string, string>[] = [{ sha256: "0".repeat(64) }, { format: "pt", sha256: "another's" }];
    for (const metadata of foreign) {
      expect(read(encoded(metadata))).toMatchObject({ verified: false, metadata });
    }
    // As older versions wrote it: the same hash under the old key.
    const header = { __metadata__: { format: "blockwise-x-1" }, w: { dtype: "F32", shape: [1], data_offsets: [0, 4] } };
    const data = Buffer.from(Float32Array.of(1).buffer);
    const sha256 = createHash("sha256").update(contentHash(header)).update(data).digest("hex");
    expect(read(encoded({ format: "blockwise-x-1", sha256 })).verified).toBe(true);
  });
});

describe("weights of torchvision where a teacher's file is wanted", () => {
  it("are told by their names, and the message says how to open them", () => {
    const state = (name: string) => new Map([[name, { shape: [1], data: Float32Array.of(1) }]]);
    writeFileSync(path, encodeSafetensors(state("features.1.0.block.0.0.weight")));
    expect(() => Teacher.load(path)).toThrow(/EfficientNet.*teacherFromTorchvision\(.*"efficientnet_b0"\)/);
    writeFileSync(path, encodeSafetensors(state("layer1.0.conv1.weight")));
    expect(() => Teacher.load(path)).toThrow(/ResNet.*teacherFromTorchvision\(.*"resnet18"\)/);
    writeFileSync(path, encodeSafetensors(state("w")));
    expect(() => Teacher.load(path)).toThrow(/train it anew/);
  });
});
