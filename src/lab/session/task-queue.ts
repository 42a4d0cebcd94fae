import { ConfigError, checkOptions, type OptionRules, rule, type StepContext } from "../../core";
import { needNative, roundingClass } from "../../engine";
import { openStore, type QueueExecutor, queueExecutor, queueKind, redisName, redisPlace, tryStore } from "../../queue";
import type { TaskStepContext } from "../../tasks";
import { engineReady } from "./engine-ready";

export interface LabUseOptions {
  /**
   * `redis://host:port`, or `rediss://host:port` with TLS: workers (`blockwise worker`) distil, rate and retrain from now on; null:
   * this process does again. The password is taken from `BLOCKWISE_REDIS_PASSWORD` where the address has none.
   */
  readonly queue: string | null;
  /** Place for large values that all machines see: a folder, or `s3://bucket/prefix`. */
  readonly store?: string;
  /** Certificates (PEM) that the server's own must be signed by, with `rediss://`. */
  readonly ca?: string;
}

const RULES: OptionRules<LabUseOptions> = {
  queue: {
    must: 'an address such as "redis://localhost:6379", or null',
    holds: (value) => value === null || typeof value === "string",
  },
  store: rule.text,
  ca: rule.text,
};

let inUse: QueueExecutor | undefined;

/**
 * Chooses who does the work of the following cells.
 * @returns What is in use now, a sentence.
 * @throws ConfigError when Redis does not answer, or the engine is not the native one.
 */
export async function useQueue(options: LabUseOptions, { onWarning }: StepContext = {}): Promise<string> {
  checkOptions("lab.use", options, RULES);
  const { queue: url, store, ca } = options;
  if (url === undefined) throw new ConfigError(`lab.use: queue must be ${RULES.queue.must}, got undefined`);
  if (url === null) {
    await close();
    return "Cells' work is done by this process.";
  }
  if (store === undefined) {
    throw new ConfigError(
      'lab.use: a queue needs a store, a folder that all machines see or a bucket, e.g. { store: "/mnt/blockwise" }',
    );
  }
  engineReady();
  needNative("lab.use: tasks of a queue", "leave the queue out");
  const objects = openStore(store);
  await tryStore(objects);
  const executor = queueExecutor({
    redis: redisPlace(url, ca),
    store: objects,
    kind: queueKind(roundingClass()),
    onWarning: onWarning ?? ((message) => console.warn(message)),
  });
  await executor.open();
  await close();
  inUse = executor;
  return `Cells' work goes to the workers of ${redisName(url)}.`;
}

async function close(): Promise<void> {
  const before = inUse;
  inUse = undefined;
  await before?.close();
}

/** What steps are told of who does their work. */
export function taskContext(): Pick<TaskStepContext, "executor"> {
  return inUse ? { executor: inUse } : {};
}
