import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PREFIX } from "../../src/queue/names";
import { connectRedis } from "../../src/queue/redis";
import { type Executed, KernelUnderTest, ROOT } from "../kernel/jupyter-client";
import { hasRedis, RedisServer } from "./redis-server";

/** The way from images to a trained network on 8x8 stripes; `walk` names all that it computed by hashes. */
const SETUP = `
const [op] = mbconv([3], [2]);
const images = await lab.data(syntheticDataset({ seed: 1, count: 96, validationCount: 32, testCount: 32 }), { seed: 1 });
const teacher = await lab.teacher({
  name: "tiny", input: { height: 8, width: 8, channels: 1 }, stem: [conv(3, 8, { stride: 2 })],
  blocks: [[placeOp(op, 8)], [placeOp(op, 16, 2), placeOp(op, 16)]], head: [conv(1, 16)],
  classes: 4, padding: "same", batchNormEpsilon: 1e-3,
}, { data: images, epochs: 1, batchSize: 16 });
const supernet = () => lab.supernet(teacher.split([1]), {
  ops: mbconv([3, 5], [2]), stem: [conv(3, 4, { stride: 2 })], head: [conv(1, 8)],
  cells: [[{ depth: 1, width: 8 }], [{ depth: 1, width: 8 }, { depth: 2, width: 8 }]],
});
async function walk(): Promise<string> {
  const distilled = supernet();
  await distilled.distill({ epochs: 2, batchSize: 16 });
  const states = distilled.distilled.map(({ supernet: { cells } }) => cells.map(saveState));
  const ratings = await distilled.rate();
  const found = ratings.search();
  const { networks } = await lab.pareto([teacher, found, ...found.alongFront(2)], { epochs: 1, batchSize: 16 });
  return [states, ratings.table, networks].map((part) => fingerprint(part)).join(" ");
}`;

/** What the cell's progress said, in the order it came. */
function shown({ messages }: Executed): string[] {
  const types = ["display_data", "update_display_data"];
  return messages.flatMap(({ header, content }) => {
    if (!types.includes(header.msg_type)) return [];
    return [String((content.data as Record<string, unknown>)["text/plain"])];
  });
}

describe.skipIf(!hasRedis)("lab.use({ queue, store }) in a notebook", () => {
  const store = mkdtempSync(join(tmpdir(), "blockwise-store-"));
  let redis: RedisServer;
  let worker: ChildProcess;
  let said = "";
  let kernel: KernelUnderTest;

  /** Settles when the worker has said it, in what it says from now on. */
  const worded = async (words: RegExp, from = 0) => {
    while (!words.test(said.slice(from))) {
      if (worker.exitCode !== null) throw new Error(`the worker ended with ${worker.exitCode}: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const value = ({ messages, reply }: Executed): string => {
    expect(reply).toMatchObject({ status: "ok" });
    const result = messages.find(({ header }) => header.msg_type === "execute_result");
    return String((result!.content.data as Record<string, unknown>)["text/plain"]);
  };

  beforeAll(async () => {
    redis = await RedisServer.start();
    const args = ["worker", "--redis", redis.url, "--store", store, "--tasks", "1"];
    worker = spawn(process.execPath, [join(ROOT, "dist/src/cli/main.js"), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [worker.stdout!, worker.stderr!]) stream.on("data", (text) => (said += text));
    // The package itself, as `npm run build` left it.
    kernel = await KernelUnderTest.start({}, ROOT);
    expect((await kernel.execute(SETUP)).reply).toMatchObject({ status: "ok" });
    await worded(/serves redis/);
  });

  afterAll(async () => {
    await kernel?.close();
    worker?.kill("SIGKILL");
    await redis?.stop();
    rmSync(store, { recursive: true, force: true });
  });

  it("has workers compute the same bytes as the kernel itself, their progress below the cell", async () => {
    const here = value(await kernel.execute("await walk()"));
    expect(said).not.toMatch(/begins/);
    const use = `await lab.use(${JSON.stringify({ queue: redis.url, store })})`;
    expect(value(await kernel.execute(use))).toContain(`workers of ${redis.url}`);
    const cell = await kernel.execute("await walk()");
    expect(value(cell)).toBe(here);
    for (const task of ["distill", "rate", "retrain"]) expect(said).toMatch(new RegExp(`${task} .*: done`));
    const bars = shown(cell).join("\n");
    expect(bars).toMatch(/distill 2 blocks \[#+-+\] [1-9]\d*\/24 batches, cell [12], epoch [12]/);
    expect(bars).toMatch(/rate \[#+\] 2\/2 blocks/);
    expect(bars).toMatch(/retrain 2 networks \[#+\] 2\/2 networks/);
  });

  it("stops the workers' tasks when the cell is interrupted, and they take the next ones", async () => {
    for (let turn = 0; turn < 2; turn++) {
      const from = said.length;
      const cell = await kernel.execute("await supernet().distill({ epochs: 100_000, batchSize: 16 })", async (id) => {
        await worded(/distill .*: begins/, from);
        // Workers tell how far they are.
        await kernel.waitFor(({ parent, header, content }) => {
          if (parent.msg_id !== id || !header.msg_type.includes("display_data")) return false;
          return /distill .*\] [1-9]\d*\/\d+ batches/.test(
            String((content.data as Record<string, unknown>)["text/plain"]),
          );
        });
        await kernel.interrupt();
      });
      expect(cell.reply).toMatchObject({ ename: "InterruptedError" });
      expect(shown(cell).at(-1)).toMatch(/distill .*stopped/);
      await worded(/distill .*: stopped/, from);
    }
    const from = said.length;
    const again = value(await kernel.execute("await walk()"));
    expect(said.slice(from)).toMatch(/retrain .*: done/);
    expect(value(await kernel.execute("await lab.use({ queue: null })"))).toContain("this process");
    const at = said.length;
    expect(value(await kernel.execute("await walk()"))).toBe(again);
    expect(said.slice(at)).toBe("");
    const client = await connectRedis({ url: redis.url });
    const left = async () => (await client.keys(`${PREFIX}:*`)).filter((key) => /[0-9a-f]{8}-[0-9a-f]{4}-/.test(key));
    await expect.poll(left, { timeout: 60_000 }).toEqual([]);
    client.disconnect();
  });
});
