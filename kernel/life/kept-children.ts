import { ChildProcess } from "node:child_process";
import { uptime } from "node:os";

/** Numbers of the child processes that this thread started and that still run; synchronous ones never outlive their cell. */
export class KeptChildren {
  private readonly running = new Set<ChildProcess>();

  constructor() {
    // All of spawn, exec, execFile and fork come here, promised ones too. Node's types leave it out.
    const start = ChildProcess.prototype as unknown as { spawn(this: ChildProcess, ...all: unknown[]): unknown };
    const { spawn } = start;
    const { running } = this;
    start.spawn = function (...all) {
      const result = spawn.apply(this, all);
      if (this.pid !== undefined) running.add(this);
      this.once("exit", () => running.delete(this));
      return result;
    };
  }

  pids(): number[] {
    return [...this.running].flatMap(({ pid }) => pid ?? []);
  }
}

/** In ms; the clock in which the system dates processes. */
export function sinceBoot(): number {
  return uptime() * 1000;
}
