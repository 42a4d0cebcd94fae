import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { directoryStore } from "../../src/queue";
import { keep, load, receive, send } from "../../src/queue/stored-values";

const folder = mkdtempSync(join(tmpdir(), "blockwise-values-"));
const store = directoryStore(join(folder, "store"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What threads can be sent. */
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(undefined),
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.bigInt(),
    fc.string(),
    fc.float32Array({ maxLength: 5 }),
    fc.int32Array({ maxLength: 5 }),
    fc.uint8Array({ maxLength: 5 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constant("$")), tie("value"), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(fc.string(), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(fc.string(), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).value;

describe("values on their way through a queue", () => {
  it("come out as they went in, whatever they are", async () => {
    const law = fc.asyncProperty(plain, async (value) => {
      expect(await receive(await send(value, store), store)).toEqual(value);
      expect(await load(await keep(value, store), store)).toEqual(value);
    });
    await fc.assert(law, { numRuns: 50 });
  });

  it("are named by their content: equal values are one object", async () => {
    const value = () => ({ name: "a", weights: new Map([["w", { values: Float32Array.of(1, 2) }]]) });
    expect(await keep(value(), store)).toBe(await keep(value(), store));
    expect(await keep({ ...value(), name: "b" }, store)).not.toBe(await keep(value(), store));
  });

  it("keep large parts, memory that threads share and open files apart", async () => {
    const large = new Float32Array(new SharedArrayBuffer(2 ** 21)).fill(0.25);
    const path = join(folder, "features");
    writeFileSync(path, "features in a file");
    const file = openSync(path, "r");
    const back = (await load(await keep({ large, maps: new Map([[1, { bytes: { file } }]]) }, store), store)) as {
      large: Float32Array;
      maps: Map<number, { bytes: { memory: SharedArrayBuffer } }>;
    };
    closeSync(file);
    expect(back.large.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(Buffer.from(back.large.buffer).equals(Buffer.from(large.buffer))).toBe(true);
    expect(Buffer.from(back.maps.get(1)!.bytes.memory).toString()).toBe("features in a file");
  });

  it("take the bytes of a file that they name along, and come back with a file of the store", async () => {
    const path = join(folder, "pictures");
    writeFileSync(path, "pixels");
    const stored = { file: path, start: 0, size: 3, places: Uint32Array.of(1, 0) };
    const back = (await load(await keep({ stored }, store), store)) as { stored: typeof stored };
    expect(back.stored.file).toMatch(/objects.[0-9a-f]{2}.[0-9a-f]{64}$/);
    expect(readFileSync(back.stored.file, "utf8")).toBe("pixels");
    expect({ ...back.stored, file: path }).toEqual(stored);
  });

  it.each([
    ["the path of a file", { stored: { file: "/etc/passwd", start: 0 } }],
    ["the number of an open file", { bytes: { file: 0 } }],
    ["binary parts that a message cannot have", { $: "Float32Array", part: 0 }],
    ["what is not known", { $: "function", code: "process.exit()" }],
    ["a path in place of a part", { $: "in file", part: "../../etc/passwd", others: {} }],
  ])("are refused where they bring %s", async (_, json) => {
    await expect(receive({ json }, store)).rejects.toMatchObject({ code: "STUDY" });
  });

  it("are refused where an object is no value, ends early, or names more than it has", async () => {
    const put = (text: string | Buffer) => {
      const bytes = Buffer.from(text);
      return store.put({ size: bytes.length, pieces: () => [bytes] });
    };
    const headed = (header: object) => {
      const json = Buffer.from(JSON.stringify(header));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(json.length);
      return put(Buffer.concat([Buffer.from("BLOCKWV1"), length, json]));
    };
    const array = { $: "Float64Array", part: 0 };
    for (const object of [
      await put("something else"),
      await put(""),
      await put("BLOCKWV1\xff\xff\xff\xff"),
      await headed({ json: array, parts: [{ at: 0, size: 2 ** 40 }] }),
      await headed({ json: array, parts: [] }),
      await headed({ json: array, parts: [{ object: "../../etc/passwd", size: 8 }] }),
    ]) {
      await expect(load(object, store)).rejects.toMatchObject({ code: "STUDY" });
    }
    await expect(store.file("../../etc/passwd")).rejects.toThrow(/64 hexadecimal digits/);
  });
});
