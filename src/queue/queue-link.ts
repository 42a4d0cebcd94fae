import type { Queue, QueueEvents } from "bullmq";
import type { Redis } from "ioredis";
import { PREFIX, queueName } from "./names";
import { connectRedis, type RedisPlace, redisOptions } from "./redis";

/** A caller's connections to Redis and the queue. */
export interface QueueLink {
  readonly client: Redis;
  readonly queue: Queue;
  /** Calls back when something happened to a task. */
  readonly listeners: Map<string, () => void>;
  close(): Promise<void>;
}

/** @throws ConfigError when Redis does not answer. */
export async function openLink(place: RedisPlace, kind: string): Promise<QueueLink> {
  const client = await connectRedis(place);
  // Loaded with the first task: who uses no queue needs none of it.
  const bull = require("bullmq") as typeof import("bullmq");
  const options = { connection: redisOptions(place), prefix: PREFIX };
  const queue: Queue = new bull.Queue(queueName(kind), options);
  const events: QueueEvents = new bull.QueueEvents(queueName(kind), options);
  // Lost connections come back by themselves; who waits looks for itself meanwhile.
  queue.on("error", () => {});
  events.on("error", () => {});
  const listeners = new Map<string, () => void>();
  const ring = ({ jobId }: { jobId: string }) => listeners.get(jobId)?.();
  events.on("progress", ring).on("completed", ring).on("failed", ring);
  await events.waitUntilReady();
  return {
    client,
    queue,
    listeners,
    async close() {
      await Promise.allSettled([events.close(), queue.close()]);
      client.disconnect();
    },
  };
}
