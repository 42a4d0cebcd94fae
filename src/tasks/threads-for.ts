import type { Task } from "./task";

/** How much work there is, and what threads cost. */
export interface WorkOnThreads {
  /** Threads that the caller asks for; 0: none. */
  readonly asked?: number;
  /** Threads that there are to give. */
  readonly free: number;
  /** In the unit of the task's `worthThreads`. */
  readonly work: number;
}

/** Threads to run a task on: as many as asked for, else as there are where the work is worth starting them; 0: none. */
export function threadsFor(
  { worthThreads = 0 }: Pick<Task<never, unknown>, "worthThreads">,
  { asked, free, work }: WorkOnThreads,
): number {
  return asked ?? (work >= worthThreads ? free : 0);
}
