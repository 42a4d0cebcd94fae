import { InterruptedError } from "../core";
import { checkInputs, type Done, type Executor, type MapContext, NO_BLOBS } from "./executor";
import type { Task } from "./task";

/** Runs tasks in this thread, one after another. */
export const inlineExecutor: Executor = {
  name: "inline",
  map<In, Out, Note>(
    task: Task<In, Out, Note>,
    inputs: readonly In[],
    context: MapContext<Note> = {},
  ): AsyncIterable<Done<Out>> {
    return oneByOne(task, checkInputs(task, inputs), context);
  },
};

async function* oneByOne<In, Out, Note>(
  task: Task<In, Out, Note>,
  inputs: readonly In[],
  { signal = new AbortController().signal, blobs = NO_BLOBS, onProgress }: MapContext<Note>,
): AsyncIterable<Done<Out>> {
  for (const [index, input] of inputs.entries()) {
    if (signal.aborted) throw stoppedAt(task, index, inputs.length);
    const output = await task.run(input, { signal, blobs, progress: (note) => onProgress?.(note, index) });
    yield { index, output };
  }
}

/** What an executor throws when it was stopped after so many of its inputs. */
export function stoppedAt(
  { name, unit = "tasks" }: Pick<Task<never, unknown>, "name" | "unit">,
  done: number,
  total: number,
): InterruptedError {
  return new InterruptedError(`${name}: stopped at ${done} of ${total} ${unit}`, { task: name, done, total });
}
