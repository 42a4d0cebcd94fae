import { ConfigError, type StepContext } from "../core";
import { BlobStore, type Blobs } from "./blobs";
import type { Task } from "./task";

/** One task that is done. */
export interface Done<Out> {
  /** Of its input. */
  readonly index: number;
  readonly output: Out;
}

/** What a call of an executor is given beside task and inputs. */
export interface MapContext<Note = never> {
  readonly signal?: AbortSignal;
  /** Holds every blob that the inputs refer to. */
  readonly blobs?: Blobs;
  /**
   * Told what a task tells, in the task's order and in the caller's async context. What it throws fails the task; an
   * InterruptedError of its own need not, for the signal stops the tasks.
   */
  readonly onProgress?: (note: Note, index: number) => void;
}

/**
 * Runs tasks: in this thread, on worker threads, elsewhere. Whoever calls cannot tell which, but by the time it takes.
 *
 * `test/contract/executor-contract.ts` says what each must do.
 */
export interface Executor {
  readonly name: string;
  /**
   * Whether calls at the same time wait for the same workers, so that work can be given as soon as it may begin; else each call
   * has workers of its own.
   */
  readonly sharesWorkers?: boolean;
  /** About how many tasks it runs at once, for whoever divides work into tasks. */
  readonly parallel?: number;
  /**
   * Runs a task on each input; begins them in the order given and gives each output as soon as it is there. After the first
   * failure, when stopped, or when the caller leaves the loop, the tasks at work stop and no other is begun; the loop ends
   * after them.
   * @throws ConfigError before any task begins, when an input is not as the task's schema has it.
   * @throws What a task threw first, of the same class; InterruptedError when stopped.
   */
  map<In, Out, Note>(
    task: Task<In, Out, Note>,
    inputs: readonly In[],
    context?: MapContext<Note>,
  ): AsyncIterable<Done<Out>>;
}

/** What steps accept that are made of tasks. */
export interface TaskStepContext extends StepContext {
  /** Who runs them, e.g. a `queueExecutor`; this process's worker threads unless given. */
  readonly executor?: Executor;
}

/** Where an executor is given no blobs. */
export const NO_BLOBS: Blobs = new BlobStore();

/** @throws ConfigError when an input is not as the task's schema has it. */
export function checkInputs<In>(
  { name, input }: Pick<Task<In, unknown>, "name" | "input">,
  inputs: readonly In[],
): In[] {
  return inputs.map((given, index) => {
    const parsed = input.safeParse(given);
    if (parsed.success) return parsed.data;
    const [{ path, message }] = parsed.error.issues;
    const place = ["", ...path.map(String)].join(".");
    throw new ConfigError(`${name}: input ${index}${place} must be as the task's schema says: ${message}`, {
      task: name,
      index,
      path: path.map(String),
    });
  });
}
