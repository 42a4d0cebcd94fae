import type { Redis } from "ioredis";
import type { ZodType } from "zod";
import type { BlobStore, Task, TaskContext } from "../tasks";
import type { ObjectStore } from "./object-store";

/** A {@link Task} whatever its types are. */
export interface AnyTask extends Pick<Task<never, unknown>, "name" | "unit" | "module"> {
  readonly input: ZodType;
  resume?(input: never, note: never, blobs: BlobStore): unknown;
  run(input: never, at: TaskContext<never>): Promise<unknown>;
}

/** What a task's run has of its worker. */
export interface WorkerPlace {
  readonly client: Redis;
  readonly store: ObjectStore;
  readonly tasks: ReadonlyMap<string, AnyTask>;
  /** The blobs of the last tasks, by their objects. */
  readonly blobs: Map<string, Promise<unknown>>;
  readonly onEvent: (message: string) => void;
}
