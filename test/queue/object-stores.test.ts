import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketPlace, bucketStore, type Content, directoryStore, type ObjectStore, openStore } from "../../src/queue";
import { keep, load } from "../../src/queue/stored-values";
import { BucketServer } from "./bucket-server";

let server: BucketServer;
let folder: string;
const before = { ...process.env };

beforeAll(async () => {
  server = await BucketServer.start();
  folder = mkdtempSync(join(tmpdir(), "blockwise-stores-"));
  Object.assign(process.env, BucketServer.keys);
});

afterAll(async () => {
  process.env = before;
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const content = (bytes: Uint8Array): Content => ({
  size: bytes.length,
  *pieces() {
    // As files are read: one buffer that is filled again.
    const buffer = new Uint8Array(65_536);
    for (let at = 0; at < bytes.length; at += buffer.length) {
      const piece = bytes.subarray(at, at + buffer.length);
      buffer.set(piece);
      yield buffer.subarray(0, piece.length);
    }
  },
});

const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

let made = 0;
const bucket = (prefix = "runs/of-mine") =>
  bucketStore(
    { ...bucketPlace(`s3://${BucketServer.bucket}/${prefix}`), endpoint: server.endpoint },
    join(folder, `cache${made++}`),
  );

const STORES: readonly (readonly [string, () => { here: ObjectStore; there: ObjectStore; files: string }])[] = [
  [
    "a folder",
    () => {
      const root = join(folder, "store");
      return { here: directoryStore(root), there: directoryStore(root), files: root };
    },
  ],
  ["a bucket", () => ({ here: bucket(), there: bucket(), files: server.folder })],
];

describe.each(STORES)("%s as a store", (_, open) => {
  it.each([0, 1, 70_000, 17 * 2 ** 20])(
    "gives another machine the bytes that were put, by their hash: %i of them",
    async (size) => {
      const { here, there } = open();
      const bytes = randomBytes(size);
      const hash = await here.put(content(bytes));
      expect(hash).toBe(hashOf(bytes));
      expect(await here.put(content(bytes))).toBe(hash);
      for (const store of [here, there, there]) expect(hashOf(readFileSync(await store.file(hash)))).toBe(hash);
    },
  );

  it("gives many at once, also the same", async () => {
    const { here, there } = open();
    const bytes = Array.from({ length: 12 }, () => randomBytes(1000));
    const hashes = await Promise.all([...bytes, ...bytes].map((one) => here.put(content(one))));
    const read = await Promise.all(hashes.map(async (hash) => hashOf(readFileSync(await there.file(hash)))));
    expect(read).toEqual(hashes);
  });

  it("keeps values of every kind", async () => {
    const { here, there } = open();
    const large = randomBytes(2 ** 20 + 1);
    const { more, ...value } = {
      name: "x",
      numbers: Float32Array.of(1, Number.NaN, -0),
      more: [new Uint8Array(large)],
    };
    const { more: got, ...rest } = (await load(await keep({ ...value, more }, here), there)) as typeof value & {
      more: Uint8Array[];
    };
    expect(rest).toEqual(value);
    expect(large.equals(got[0])).toBe(true);
  });

  it.each(["../../etc/passwd", "/etc/passwd", "", `${"0".repeat(63)}/`, "A".repeat(64)])(
    "reads nothing by the name %j",
    async (name) => {
      await expect(open().there.file(name)).rejects.toThrow(/must be named by 64 hexadecimal digits/);
    },
  );

  it("says what it must hold and does not", async () => {
    await expect(open().there.file("0".repeat(64))).rejects.toMatchObject({
      code: "STUDY",
      message: expect.stringMatching(/must hold the object 0{64}, and does not; give all workers/),
    });
  });

  it("refuses bytes that were changed, removes them, and takes them anew", async () => {
    const { here, there, files } = open();
    const bytes = randomBytes(5000);
    const hash = await here.put(content(bytes));
    const kept = readdirSync(files, { recursive: true, withFileTypes: true })
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => path.includes(hash) && statSync(path).isFile() && statSync(path).size === 5000);
    expect(kept).toHaveLength(1);
    writeFileSync(kept[0], Buffer.from(bytes).reverse());
    await expect(there.file(hash)).rejects.toThrow(/was damaged and is removed/);
    expect(await here.put(content(bytes))).toBe(hash);
    expect(hashOf(readFileSync(await there.file(hash)))).toBe(hash);
  });
});

describe("a bucket", () => {
  it("is read again where this machine's copy was damaged", async () => {
    const cache = join(folder, "own");
    const place = { ...bucketPlace(`s3://${BucketServer.bucket}`), endpoint: server.endpoint };
    const bytes = randomBytes(3000);
    const hash = await bucketStore(place, cache).put(content(bytes));
    const path = await bucketStore(place, cache).file(hash);
    writeFileSync(path, randomBytes(3000));
    expect(hashOf(readFileSync(await bucketStore(place, cache).file(hash)))).toBe(hash);
  });

  it("that is not there, keys that do not fit and a service that does not answer are told without any key", async () => {
    const put = (place: Parameters<typeof bucketStore>[0]) =>
      bucketStore(place, join(folder, "none")).put(content(randomBytes(9)));
    const place = { bucket: BucketServer.bucket, prefix: "", endpoint: server.endpoint };
    await expect(put({ ...place, bucket: "elsewhere" })).rejects.toThrow(
      /^store: s3:\/\/elsewhere must .* NoSuchBucket/,
    );
    process.env.AWS_SECRET_ACCESS_KEY = "geheimgeheim";
    const refused = (await put(place).catch((error: Error) => error)) as Error;
    process.env.AWS_SECRET_ACCESS_KEY = BucketServer.keys.AWS_SECRET_ACCESS_KEY;
    expect(refused.message).toMatch(/store: s3:\/\/blockwise must .* and their rights/);
    expect(JSON.stringify([refused.message, refused.stack, refused])).not.toMatch(/geheim|AKIATEST/);
    const silent = put({ ...place, endpoint: "http://127.0.0.1:9" });
    await expect(silent).rejects.toThrow(/ECONNREFUSED/);
  });

  it.each([
    "s3://",
    "s3://B/x",
    "s3://key:geheim@bucket/x",
    "s3://bucket/../x",
    "s3://bucket/a//b",
    "gs://key:geheim@bucket",
  ])("is no %s, and the text is not repeated", (address) => {
    expect(() => openStore(address)).toThrow(/^store: /);
    expect(() => openStore(address)).not.toThrow(/geheim/);
  });
});
