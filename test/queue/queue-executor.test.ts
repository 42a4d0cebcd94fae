import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Queue, Worker } from "bullmq";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Content,
  directoryStore,
  type QueueExecutor,
  type QueueWorker,
  queueExecutor,
  queueWorker,
} from "../../src/queue";
import { PREFIX, queueName } from "../../src/queue/names";
import { connectRedis } from "../../src/queue/redis";
import { BlobStore } from "../../src/tasks";
import { contractTask } from "../contract/contract-tasks";
import { executorContract } from "../contract/index";
import { fixture } from "../tasks/fixture-task";
import { hasRedis, RedisServer } from "./redis-server";

const KIND = "test";

describe.skipIf(!hasRedis)("the queue's executor", () => {
  let redis: RedisServer;
  let store: string;
  let worker: QueueWorker;
  let executor: QueueExecutor;

  beforeAll(async () => {
    redis = await RedisServer.start();
    store = mkdtempSync(join(tmpdir(), "blockwise-store-"));
    worker = await queueWorker({ redis: redis.url, store, kind: KIND, tasks: [contractTask, fixture], parallel: 3 });
    executor = queueExecutor({ redis: redis.url, store, kind: KIND });
    await executor.open();
  });

  afterAll(async () => {
    await executor?.close();
    await worker?.drain(1);
    await redis?.stop();
    rmSync(store, { recursive: true, force: true });
  });

  describe("does what every executor must", () => {
    for (const { title, run } of executorContract({ create: () => executor })) it(title, run);
  });

  it("puts no task on the queue again that ends while its caller is busy with another's notes", async () => {
    const blobs = new BlobStore();
    const numbers = blobs.put(Float64Array.of(1, 2));
    const inputs = Array.from({ length: 40 }, () => ({ numbers, notes: 3, does: "sum" as const }));
    for (let round = 0; round < 3; round++) {
      let done = 0;
      for await (const _ of executor.map(contractTask, inputs, { blobs })) {
        done += 1;
        // Others tell and end meanwhile.
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
      expect(done).toBe(inputs.length);
    }
    const client = await connectRedis({ url: redis.url });
    const events = await client.xrange(`${PREFIX}:${queueName(KIND)}:events`, "-", "+");
    client.disconnect();
    const added = events.flatMap(([, [, event, , job]]) => (event === "added" ? [job] : []));
    expect(added.length).toBeGreaterThanOrEqual(3 * inputs.length);
    expect(added.filter((job, i) => added.indexOf(job) !== i)).toEqual([]);
  });

  it("leaves nothing in Redis once its calls have ended", async () => {
    const client = await connectRedis({ url: redis.url });
    const jobs = async () => {
      const keys = await client.keys(`${PREFIX}:*`);
      return keys.filter((key) => /[0-9a-f]{8}-[0-9a-f]{4}-/.test(key));
    };
    // A task that was stopped is still put away by its worker.
    await expect.poll(jobs, { timeout: 60_000 }).toEqual([]);
    client.disconnect();
  });

  it("begins a task again whose thread died, and says what failed once it gives up", async () => {
    await expect(outputs(executor, [{ does: "end" }])).rejects.toThrow(
      /fixture: task 0 must be run by a worker, and 4 attempts failed, the last one by: a task's thread ended with exit code 7/,
    );
  });

  /** Of workers that are lost with every task; before that, a task has reached `upTo` states at most. */
  const losing = async <T>(upTo: number, work: (lossy: QueueExecutor) => Promise<T>): Promise<T> => {
    const connection = { host: "127.0.0.1", port: redis.port };
    const lossy = new Worker(
      queueName("lossy"),
      async (job) => {
        const before = (job.data.reached?.json as number | undefined) ?? 0;
        if (before === 3) return { kind: "done", output: { json: "by three states" } };
        if (before < upTo) await job.updateData({ ...job.data, reached: { json: before + 1 } });
        return new Promise(() => {});
      },
      { connection, prefix: PREFIX, maxStalledCount: 0, lockDuration: 50, stalledInterval: 50, skipLockRenewal: true },
    );
    lossy.concurrency = 8;
    const caller = queueExecutor({ redis: redis.url, store, kind: "lossy" });
    try {
      return await work(caller);
    } finally {
      await caller.close();
      await lossy.close(true);
    }
  };

  it("takes a task up again that is lost with worker after worker as long as it gets on, and gives it up where it does not", async () => {
    const lost = (upTo: number) => losing(upTo, (caller) => outputs(caller, [{ does: "wait" }]));
    await expect(lost(3)).resolves.toEqual(["by three states"]);
    await expect(lost(1)).rejects.toThrow(/lost too often with the worker that had it, and got no further in between/);
  });

  it("sends an input of any size: what is large goes by the store", async () => {
    await expect(outputs(executor, [{ does: "tell", what: "x".repeat(2 ** 21) }])).resolves.toHaveLength(1);
  });

  /** Puts a message on the queue as somebody else would. */
  const forged = async (data: object): Promise<unknown> => {
    const queue = new Queue(queueName(KIND), { connection: { host: "127.0.0.1", port: redis.port }, prefix: PREFIX });
    try {
      const job = await queue.add("forged", data);
      for (;;) {
        const now = await queue.getJob(job.id!);
        if (!now) return "gone";
        if (now.finishedOn !== undefined) return now.returnvalue;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      await queue.close();
    }
  };
  const call = "0191b0a4-0000-7000-8000-000000000000";

  it.each([
    [
      "a task that it does not have",
      { call, task: "rm", input: { json: {} }, blobs: {} },
      /task \\"rm\\" is not known/,
    ],
    ["a module", { call, task: "fixture", module: "evil.js", input: { json: {} }, blobs: {} }, /Unrecognized key/],
    [
      "a path in place of a blob",
      { call, task: "fixture", input: { json: {} }, blobs: { "0123456789abcdef": "../../etc/passwd" } },
      /blobs\.0123456789abcdef is not/,
    ],
    [
      "a path in place of an input",
      { call, task: "fixture", input: { object: "/etc/passwd" }, blobs: {} },
      /input\.?o?b?j?e?c?t? is not/,
    ],
    [
      "a message that is too large",
      { call, task: "fixture", input: { json: "x".repeat(2 ** 21) }, blobs: {} },
      /at most 1048576 bytes/,
    ],
    ["no message at all", { hello: 1 }, /must be as Blockwise writes it/],
  ])("a worker refuses %s", async (_, data, message) => {
    const outcome = JSON.stringify(await forged(data));
    expect(outcome).toMatch(/"kind":"failed"/);
    expect(outcome).toMatch(message);
    expect(outcome).toMatch(/"code":"CONFIG"/);
  });

  it("drops a task for which nobody waits", async () => {
    const data = { call, task: "fixture", input: { json: { does: "wait" } }, blobs: {} };
    expect(await forged(data)).toBe("gone");
  });

  it("refuses an object that was changed", async () => {
    const blobs = new BlobStore();
    const inputs = [{ numbers: blobs.put(Float64Array.of(1, 2, 3.5)), notes: 0, does: "sum" as const }];
    const changed = {
      ...directoryStore(store),
      async put(content: Content) {
        const object = await directoryStore(store).put(content);
        const path = join(store, "objects", object.slice(0, 2), object);
        const bytes = readFileSync(path);
        bytes[bytes.length - 1] ^= 1;
        writeFileSync(path, bytes);
        return object;
      },
    };
    const other = queueExecutor({ redis: redis.url, store: changed, kind: KIND });
    const run = async () => {
      for await (const _ of other.map(contractTask, inputs, { blobs })) break;
    };
    await expect(run()).rejects.toThrow(/was damaged and is removed|must hold the object/);
    await other.close();
  });
});

async function outputs(executor: QueueExecutor, inputs: Parameters<typeof fixture.run>[0][]): Promise<number[]> {
  const all: number[] = [];
  for await (const { index, output } of executor.map(fixture, inputs)) all[index] = output;
  return all;
}
