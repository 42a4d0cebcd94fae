import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { ConfigError, DataError } from "../../src/core";
import { type HubAddresses, hubFile, isHubName } from "../../src/teacher";

const folder = mkdtempSync(join(tmpdir(), "hub-files-"));
const weights = Buffer.from("weights of a network");
const sha256 = createHash("sha256").update(weights).digest("hex");
let server: Server;
let hubs: HubAddresses;
const asked: string[] = [];
/** What the hub of timm says the weights' hash is. */
let said = sha256;

beforeAll(async () => {
  server = createServer(({ method, url = "/" }, answer) => {
    asked.push(`${method} ${url}`);
    if (url.endsWith("config.json")) answer.end('{ "architecture": "resnet18" }');
    else if (url.endsWith("model.safetensors")) {
      answer.writeHead(302, { location: "/stored", "x-linked-etag": `"${said}"` }).end();
    } else if (url === "/stored") answer.end(weights);
    else answer.end("other bytes");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  hubs = { torchvision: address, huggingFace: address };
});
afterAll(() => {
  server.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  asked.length = 0;
  said = sha256;
  vi.unstubAllEnvs();
  vi.stubEnv("BLOCKWISE_OFFLINE", "");
  vi.stubEnv("BLOCKWISE_DATA", "");
  vi.stubEnv("HOME", folder);
  vi.stubEnv("BLOCKWISE_CACHE", mkdtempSync(join(folder, "cache-")));
});

test("timm's weights are downloaded once, checked by the hash that the hub says, with its description beside", async () => {
  const path = await hubFile("timm/resnet18.a1_in1k", {}, hubs);
  expect(readFileSync(path)).toEqual(weights);
  expect(readFileSync(join(path, "..", "config.json"), "utf8")).toContain("resnet18");
  const before = asked.length;
  expect(await hubFile("timm/resnet18.a1_in1k", {}, hubs)).toBe(path);
  expect(asked.length).toBe(before);
});

test.each(["0".repeat(64), ""])(
  "weights of timm of another hash than the hub says (%j) are not kept",
  async (other) => {
    said = other;
    await expect(hubFile("timm/resnet18.a1_in1k", {}, hubs)).rejects.toThrow(/SHA-256 must .*, got/);
    expect(existsSync(join(process.env.BLOCKWISE_CACHE!, "weights/timm/resnet18.a1_in1k/model.safetensors"))).toBe(
      false,
    );
  },
);

test("torchvision's must begin with the hash that its name carries; a file of that name elsewhere is checked, too", async () => {
  await expect(hubFile("torchvision/resnet18", {}, hubs)).rejects.toThrow(/SHA-256 must begin with f37072fd, got/);
  expect(asked).toEqual(["GET /resnet18-f37072fd.pth"]);
  const data = mkdtempSync(join(folder, "data-"));
  vi.stubEnv("BLOCKWISE_DATA", data);
  writeFileSync(join(data, "resnet18-f37072fd.pth"), "damaged");
  await expect(hubFile("torchvision/resnet18", {}, hubs)).rejects.toThrow(/begin with f37072fd/);
});

test("without a network two sentences say where to put the file, and there it is found", async () => {
  vi.stubEnv("BLOCKWISE_OFFLINE", "1");
  const data = mkdtempSync(join(folder, "data-"));
  vi.stubEnv("BLOCKWISE_DATA", data);
  const failed = hubFile("timm/resnet18.a1_in1k", {}, hubs);
  await expect(failed).rejects.toThrow(DataError);
  const place = join(data, "timm", "resnet18.a1_in1k", "model.safetensors");
  const message = await failed.catch(({ message }: Error) => message);
  expect(message).toMatch(
    /^timm\/resnet18.a1_in1k is not on this machine, and BLOCKWISE_OFFLINE=1 forbids to download it\. Unset/,
  );
  expect(message).toContain(`put it at ${place} or ${process.env.BLOCKWISE_CACHE}`);
  expect(asked).toEqual([]);
  mkdirSync(join(place, ".."), { recursive: true });
  writeFileSync(place, weights);
  expect(await hubFile("timm/resnet18.a1_in1k", {}, hubs)).toBe(place);
});

test("a name of no network names the nearest, and a file's path is no name", async () => {
  await expect(hubFile("torchvision/resnet19", {}, hubs)).rejects.toThrow(/perhaps torchvision\/resnet18 is meant/);
  await expect(hubFile("torchvision/resnet19", {}, hubs)).rejects.toThrow(ConfigError);
  expect([isHubName("timm/x.y_in1k"), isHubName("own/x.safetensors"), isHubName("timm/../x")]).toEqual([
    true,
    false,
    false,
  ]);
});
