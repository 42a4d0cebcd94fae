import type { Command } from "commander";
import { engineLabel, MOST } from "../../core";
import type { QueueWorker } from "../../queue";
import { EXIT } from "../exit-codes";
import { Output, type OutputOptions, withOutput } from "../output";
import { type QueuePlaceOptions, queuePlace, withQueuePlace } from "../queue-options";
import { wholeNumber } from "../whole-number";

interface WorkerOptions extends OutputOptions, QueuePlaceOptions {
  readonly redis: string;
  readonly tasks?: string;
  readonly drain: string;
  readonly lock: string;
}

/** `blockwise worker`: serves a queue until it is told to end. */
export function registerWorker(program: Command): void {
  const command = program
    .command("worker")
    .description(
      "run tasks of blockwise run --queue, on any number of machines; Ctrl-C or SIGTERM takes no further task, waits for those at work and gives back what takes too long",
    )
    .requiredOption(
      "--redis <url>",
      "redis://host:port, or rediss://host:port with TLS; the password is taken from BLOCKWISE_REDIS_PASSWORD",
    );
  withOutput(withQueuePlace(command))
    .option("--tasks <count>", "at once, each on a thread; the physical cores by default")
    .option(
      "--drain <seconds>",
      "how long tasks at work may take after SIGTERM, before another worker goes on with them",
      "60",
    )
    .option("--lock <seconds>", "a worker that is silent for so long counts as lost", "15")
    .action(async (options: WorkerOptions) => {
      process.exitCode = await work(options);
    });
}

async function work(options: WorkerOptions): Promise<number> {
  const output = new Output(options);
  const drain = wholeNumber("--drain", options.drain, 0, 86_400);
  const lockSeconds = wholeNumber("--lock", options.lock, 1, 3600);
  const asked = options.tasks === undefined ? undefined : wholeNumber("--tasks", options.tasks, 1, MOST.threads);
  const { engine } = await import("../../engine/index.js");
  engine.use("auto");
  const place = await queuePlace(options.redis, "--redis", options);
  const { queueWorker, redisName } = await import("../../queue/index.js");
  const { QUEUE_TASKS } = await import("../queue-tasks.js");
  const parallel = asked ?? engine.workers();
  const worker = await queueWorker({
    ...place,
    tasks: QUEUE_TASKS,
    parallel,
    lockSeconds,
    onEvent: (message) => output.remark(`worker: ${message}`),
  });
  output.remark(
    `worker: serves ${redisName(options.redis)} with ${parallel} ${parallel === 1 ? "task" : "tasks"} at once, store ${place.store.name}, engine ${engineLabel(engine.info())}`,
  );
  await drained(worker, drain, output);
  return EXIT.done;
}

/** Settles when a signal came and what was at work has ended; at a second signal the process ends at once. */
function drained(worker: QueueWorker, seconds: number, output: Output): Promise<void> {
  return new Promise((resolve, reject) => {
    const signals = ["SIGINT", "SIGTERM"] as const;
    const end = () => {
      for (const signal of signals) process.off(signal, end);
      output.remark(`worker: ends, and waits at most ${seconds} s for tasks at work (once more: at once)`);
      worker.drain(seconds).then(resolve, reject);
    };
    for (const signal of signals) process.on(signal, end);
  });
}
