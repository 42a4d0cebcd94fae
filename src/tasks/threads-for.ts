/** How much work there is, and what threads cost. */
export interface WorkOnThreads {
  /** Threads that the caller asks for; 0: none. */
  readonly asked?: number;
  /** Threads that there are to give. */
  readonly free: number;
  /** In whatever is counted. */
  readonly work: number;
  /** Work that takes longer than starting threads. */
  readonly worth: number;
}

/** Threads to run tasks on: as many as asked for, else as there are where the work is worth starting them; 0: none. */
export function threadsFor({ asked, free, work, worth }: WorkOnThreads): number {
  return asked ?? (work >= worth ? free : 0);
}
