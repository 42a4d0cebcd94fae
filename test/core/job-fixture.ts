import { threadId } from "node:worker_threads";
import { ConfigError, InterruptedError, type JobWork } from "../../src/core";

export interface FixtureJob {
  readonly does: "tell" | "fail" | "wait";
}

/** Tells its thread's number; then ends, fails or waits to be stopped. */
export const work: JobWork<FixtureJob, number> = async ({ does }, tell, signal) => {
  tell(threadId);
  if (does === "fail") throw new ConfigError("fixture: asked to fail", { does });
  if (does === "tell") return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  throw new InterruptedError("fixture: stopped");
};
