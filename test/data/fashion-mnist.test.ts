import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DataError } from "../../src/core";
import { DEBIAN_FASHION_MNIST, loadDataset } from "../../src/data";
import { downloadAll } from "../../src/data/download";
import { idxBytes } from "./idx-file";

const folder = mkdtempSync(join(tmpdir(), "blockwise-fashion-"));
afterAll(() => rmSync(folder, { recursive: true }));

function writeSet(name: string, { side = 28, labels = 20, label = (i: number) => i % 10, zip = true } = {}): string {
  const root = join(folder, name);
  mkdirSync(root, { recursive: true });
  const put = (file: string, bytes: Buffer) =>
    writeFileSync(join(root, zip ? `${file}.gz` : file), zip ? gzipSync(bytes) : bytes);
  for (const part of ["train", "t10k"]) {
    put(`${part}-images-idx3-ubyte`, idxBytes([20, side, side], new Uint8Array(20 * side * side).fill(9)));
    put(
      `${part}-labels-idx1-ubyte`,
      idxBytes(
        [labels],
        Uint8Array.from({ length: labels }, (_, i) => label(i)),
      ),
    );
  }
  return root;
}

const load = (root: string) => loadDataset("fashion-mnist", { root, seed: 1, validationCount: 10 });

test.each([true, false])("a given folder is read (gzip: %s)", async (zip) => {
  const data = await load(writeSet(`good-${zip}`, { zip }));
  expect(data.shape).toEqual({ height: 28, width: 28, channels: 1 });
  expect([data.train.count, data.validation.count, data.test.count]).toEqual([10, 10, 20]);
  expect(data.classes[9]).toBe("Ankle boot");
});

test("a folder that does not fit is an error that says why", async () => {
  await expect(load(join(folder, "nothing"))).rejects.toThrow(
    /must hold train-images-idx3-ubyte.gz .* and has neither/,
  );
  await expect(load(writeSet("small", { side: 8 }))).rejects.toThrow(/must be 28x28, got 8x8/);
  await expect(load(writeSet("few", { labels: 19 }))).rejects.toThrow(/20 images and 19 labels/);
  await expect(load(writeSet("eleven", { label: () => 10 }))).rejects.toThrow(/must be 0..9, got 10 at image 0/);
});

test("an unknown data set is an error that lists the known ones", async () => {
  await expect(loadDataset("fashion", { seed: 1, validationCount: 1 })).rejects.toThrow(
    /must be one of fashion-mnist, .*, got "fashion"/,
  );
});

test.runIf(existsSync(DEBIAN_FASHION_MNIST))("Debian's folder is found: 60,000 + 10,000 images", async () => {
  const data = await loadDataset("fashion-mnist", { seed: 1, validationCount: 5000 });
  expect([data.train.count, data.validation.count, data.test.count]).toEqual([55000, 5000, 10000]);
  // The published statistics of the whole training file are 0.2860 and 0.3530.
  expect(data.preprocessing.mean[0]).toBeCloseTo(0.286, 2);
  expect(data.preprocessing.std[0]).toBeCloseTo(0.353, 2);
});

const content = Buffer.from("the right bytes");
const sha256 = createHash("sha256").update(content).digest("hex");
let server: Server;
let address: string;
let requests = 0;
beforeAll(async () => {
  server = createServer((request, response) => {
    requests++;
    if (request.url === "/absent") response.writeHead(404).end();
    else response.end(request.url === "/good" ? content : "other bytes");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

test("a download takes the first address with the right checksum, and is not repeated", async () => {
  const path = join(folder, "cache", "file");
  const download = { urls: [`${address}/absent`, `${address}/bad`, `${address}/good`], sha256, path };
  await downloadAll("set", [download], "look elsewhere");
  expect(readFileSync(path)).toEqual(content);
  const before = requests;
  await downloadAll("set", [download], "look elsewhere");
  expect(requests).toBe(before);
});

test("a download that fails everywhere says so for each address, and leaves no file", async () => {
  const path = join(folder, "cache", "never");
  const urls = [`${address}/absent`, `${address}/bad`, "http://127.0.0.1:9/refused"];
  const failed = downloadAll("set", [{ urls, sha256, path }], "put the file there yourself");
  await expect(failed).rejects.toThrow(DataError);
  await expect(failed).rejects.toThrow(/HTTP status 404.*SHA-256 must be .*refused.*put the file there yourself/s);
  expect(existsSync(path)).toBe(false);
});
