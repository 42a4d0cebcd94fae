import { randomUUID } from "node:crypto";
import type { Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { checkOptions, type OptionRules, rule } from "../core";
import { notesKey, PREFIX, queueName, STOP_CHANNEL } from "./names";
import type { ObjectStore } from "./object-store";
import { openStore } from "./open-store";
import { connectRedis, type RedisPlace, redisOptions } from "./redis";
import { TaskRun } from "./task-run";
import type { AnyTask, WorkerPlace } from "./worker-place";

export interface QueueWorkerOptions {
  readonly redis: RedisPlace | string;
  /** As `QueueOptions.store`. */
  readonly store: ObjectStore | string;
  /** As `QueueOptions.kind`. */
  readonly kind: string;
  /** What it does: any other task is refused. */
  readonly tasks: readonly AnyTask[];
  /** Tasks at once, each on a thread of its own. Default 1. */
  readonly parallel?: number;
  /** A worker that is silent for so long (in seconds) counts as lost, and another one begins its tasks again. Default 15. */
  readonly lockSeconds?: number;
  /** Told in a sentence what it begins, ends and meets. */
  readonly onEvent?: (message: string) => void;
}

const RULES: OptionRules<QueueWorkerOptions> = {
  redis: rule.any,
  store: rule.any,
  kind: {
    must: "letters, digits and dashes",
    holds: (value) => typeof value === "string" && /^[A-Za-z0-9-]+$/.test(value),
  },
  tasks: rule.any,
  parallel: rule.wholeFrom(1),
  lockSeconds: rule.from(1),
  onEvent: rule.any,
};

/** Serves a queue until it is closed. */
export interface QueueWorker {
  /**
   * Takes no further task, waits for those at work, and gives back to the queue what is not done in so many seconds: another
   * worker goes on from its last state.
   */
  drain(seconds: number): Promise<void>;
}

/** How often a task may be lost with its worker before it counts as the cause. */
const LOST = 5;
/** Between two looks whether somebody waits still (in ms). */
const ASK_MS = 10_000;

/**
 * Runs the tasks of a queue. The queue names tasks; code, modules and paths never come from it. Each task runs on a worker thread, so that
 * what computes there holds up no renewal of its lock.
 * @throws ConfigError when Redis does not answer.
 */
export async function queueWorker(options: QueueWorkerOptions): Promise<QueueWorker> {
  checkOptions("queueWorker", options, RULES);
  const { redis, store, kind, tasks, parallel = 1, lockSeconds = 15, onEvent } = options;
  const place = typeof redis === "string" ? { url: redis } : redis;
  const client = await connectRedis(place);
  const at: WorkerPlace = {
    client,
    store: typeof store === "string" ? openStore(store) : store,
    tasks: new Map(tasks.map((task) => [task.name, task])),
    blobs: new Map(),
    onEvent: onEvent ?? (() => {}),
  };
  const { Worker: BullWorker, WaitingError } = require("bullmq") as typeof import("bullmq");
  const running = new Map<string, TaskRun>();
  const process = async (job: Job, token?: string) => {
    const run = new TaskRun(job, at);
    running.set(job.id!, run);
    try {
      const outcome = await run.outcome();
      if (outcome === "given back") {
        await job.moveToWait(token);
        throw new WaitingError();
      }
      if (outcome !== "stopped") return outcome;
      // Nobody fetches it.
      job.opts.removeOnComplete = true;
      await client.del(notesKey(job.id!));
      return undefined;
    } finally {
      running.delete(job.id!);
    }
  };
  const worker: Worker = new BullWorker(queueName(kind), process, {
    connection: redisOptions(place),
    prefix: PREFIX,
    name: randomUUID(),
    concurrency: parallel,
    lockDuration: lockSeconds * 1000,
    stalledInterval: lockSeconds * 1000,
    maxStalledCount: LOST,
  });
  let away = false;
  worker.on("error", (error) => {
    // A server that is away is told of once.
    const lost = /ECONN|EPIPE|closed/i.test(error.message);
    if (!lost || !away) at.onEvent(lost ? "Redis does not answer; waiting for it" : error.message);
    away = lost;
  });
  worker.on("ready", () => {
    away = false;
  });
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) running.get(id)?.stop("lost");
  });
  const subscriber = await listen(client, running);
  const asking = setInterval(() => void Promise.allSettled([...running.values()].map((run) => run.ask())), ASK_MS);
  await worker.waitUntilReady();
  return {
    async drain(seconds) {
      const late = setTimeout(() => {
        for (const run of running.values()) run.stop("given back");
      }, seconds * 1000);
      await worker.close();
      clearTimeout(late);
      clearInterval(asking);
      subscriber.disconnect();
      client.disconnect();
    },
  };
}

/** Stops the tasks of calls that are told to stop. */
async function listen(client: Redis, running: ReadonlyMap<string, TaskRun>): Promise<Redis> {
  const subscriber = client.duplicate();
  subscriber.on("error", () => {});
  subscriber.on("message", (_channel, call: string) => {
    for (const run of running.values()) if (run.call === call) run.stop("stopped");
  });
  await subscriber.subscribe(STOP_CHANNEL);
  return subscriber;
}
