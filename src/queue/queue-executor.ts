import { ConfigError, checkOptions, type OptionRules, rule } from "../core";
import { checkInputs, type Done, type Executor, type MapContext, type Task } from "../tasks";
import type { ObjectStore } from "./object-store";
import { openStore } from "./open-store";
import { QueueCall } from "./queue-call";
import { openLink, type QueueLink } from "./queue-link";
import type { RedisPlace } from "./redis";

export interface QueueOptions {
  readonly redis: RedisPlace | string;
  /** Where large values are kept, for all machines; a text is a folder that they all see, or `s3://bucket/prefix`. */
  readonly store: ObjectStore | string;
  /**
   * Names what workers must have in common with who calls them so that results have the same bytes: version and rounding. Only
   * workers of the same kind see the tasks. Letters, digits and dashes.
   */
  readonly kind: string;
  /** About how many tasks the workers run at once, for whoever divides work. Default 8. */
  readonly parallel?: number;
  /** Told in a sentence when nobody serves the queue, or tasks could not be stopped. */
  readonly onWarning?: (message: string) => void;
}

const RULES: OptionRules<QueueOptions> = {
  redis: {
    must: "an address such as redis://localhost:6379",
    holds: (value) => typeof value === "string" || isRecord(value),
  },
  store: {
    must: "a folder, s3://bucket/prefix, or a store",
    holds: (value) => (typeof value === "string" && value !== "") || isRecord(value),
  },
  kind: {
    must: "letters, digits and dashes",
    holds: (value) => typeof value === "string" && /^[A-Za-z0-9-]+$/.test(value),
  },
  parallel: rule.wholeFrom(1),
  onWarning: rule.any,
};

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** Runs tasks on the workers of a queue, on any number of machines. */
export interface QueueExecutor extends Executor {
  /** Connects, as the first call would. @throws ConfigError when Redis does not answer. */
  open(): Promise<void>;
  /** Ends the connections; the executor cannot be used afterwards. */
  close(): Promise<void>;
}

/**
 * Tasks on a BullMQ queue over Redis, run by `queueWorker`s. Inputs, outputs and notes that are large go by the store. A worker that
 * is lost in the midst of a task, or a Redis that comes back, costs only the work since the task's last kept state: outcomes are
 * the same.
 * @throws ConfigError for options that are malformed.
 */
export function queueExecutor(options: QueueOptions): QueueExecutor {
  checkOptions("queueExecutor", options, RULES);
  const { redis, store, kind, parallel = 8, onWarning } = options;
  for (const [name, value] of Object.entries({ redis, store, kind })) {
    if (value === undefined) throw new ConfigError(`queueExecutor: ${name} must be given, got undefined`);
  }
  const place = typeof redis === "string" ? { url: redis } : redis;
  const objects = typeof store === "string" ? openStore(store) : store;
  let link: Promise<QueueLink> | undefined;
  const open = () => {
    link ??= openLink(place, kind);
    return link;
  };
  /** Objects of blobs that were kept before: a blob's name says what it is. */
  const kept = new Map<string, string>();
  return {
    name: "queue",
    sharesWorkers: true,
    parallel,
    map<In, Out, Note>(
      task: Task<In, Out, Note>,
      inputs: readonly In[],
      context: MapContext<Note> = {},
    ): AsyncIterable<Done<Out>> {
      const checked = checkInputs(task, inputs);
      return new QueueCall(task, checked, context, { open, store: objects, kept, place, onWarning }).outputs();
    },
    async open() {
      await open();
    },
    async close() {
      await (await link?.catch(() => undefined))?.close();
      link = Promise.reject(new ConfigError("queue: the executor must be open, and was closed; make another"));
      link.catch(() => {});
    },
  };
}
