import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { built } from "./built";
import { timed } from "./contest";
import { machine, median, round } from "./numbers";
import { taskCosts } from "./scale-tasks";
import { type ScaleOptions, scaleWork } from "./scale-work";

// Not from source: one process has one native engine.
const { engine, tf } = built<typeof import("../src/engine")>("engine");

/** Floats that are copied: far more than a cache holds. */
const COPIED = 1 << 24;

export interface ScaleBench {
  /** One worker's time over two workers': distilling four blocks, median of the pairs. */
  readonly speedup: number;
  /** Of each pair. */
  readonly speedups: readonly number[];
  readonly seconds: { readonly one_worker: readonly number[]; readonly two_workers: readonly number[] };
  /** Every distillation ended with the same weights. */
  readonly same_bytes: boolean;
  /**
   * What the machine allows: two processes that share nothing, each distilling all four blocks with one worker, over one of
   * them alone, in work a second; median of the pairs.
   */
  readonly independent_processes: number;
  /** Bytes read and written while copying, 1e9 a second. */
  readonly copy_gb_per_s: { readonly one_thread: number; readonly two_threads: number; readonly ratio: number };
  /** A process' first task, with its thread's start; then one on a thread that is there. */
  readonly task_start_ms: { readonly first: number; readonly later: number };
  /** From thread to caller. */
  readonly progress_message_us: number;
  readonly options: ScaleOptions & { readonly pairs: number };
  readonly cpu: string;
  readonly cores: number;
  /** Before and after: above the number of processes measured, others wanted the cores. */
  readonly load: readonly [number, number];
}

/** Four blocks distilled by one worker and by two, in turns, and what the machine allows two of anything. */
export async function measureScale(
  options: ScaleOptions,
  pairs: number,
  seen: (line: string) => void,
): Promise<ScaleBench> {
  const before = machine();
  const [one, two] = [1, 2].map(copyRate);
  seen(`copies: ${one} and ${two} GB/s`);
  const distil = await scaleWork(options);
  const runs: Record<1 | 2, number[]> = { 1: [], 2: [] };
  const weights = new Set<string>();
  const turn = async (workers: 1 | 2) => {
    const { ms, weights: became } = await distil(workers);
    runs[workers].push(ms);
    weights.add(became);
    seen(`${workers} ${workers === 1 ? "worker" : "workers"}: ${(ms / 1000).toFixed(1)} s`);
  };
  // Threads start with their first task, and are kept from one turn to the next.
  await distil(2);
  for (let pair = 0; pair < pairs; pair++) {
    // The machine's speed wanders: who comes first changes.
    for (const workers of pair % 2 === 0 ? ([1, 2] as const) : ([2, 1] as const)) await turn(workers);
  }
  const costs = await taskCosts(21, 5000);
  const apart = await independent(options, pairs, seen);
  // Pair by pair: between pairs the machine's speed wanders by more than what is measured.
  const speedups = runs[1].map((ms, pair) => ms / runs[2][pair]);
  const seconds = (ms: readonly number[]) => ms.map((value) => round(value / 1000, 3));
  return {
    speedup: round(median(speedups)),
    speedups: speedups.map((ratio) => round(ratio)),
    seconds: { one_worker: seconds(runs[1]), two_workers: seconds(runs[2]) },
    same_bytes: weights.size === 1,
    independent_processes: round(apart.ratio),
    copy_gb_per_s: { one_thread: one, two_threads: two, ratio: round(two / one) },
    task_start_ms: { first: round(apart.coldMs, 1), later: round(costs.warmMs) },
    progress_message_us: round(costs.noteUs, 1),
    options: { ...options, pairs },
    cpu: before.cpu,
    cores: before.cores,
    load: [before.load, machine().load],
  };
}

/** Bytes read and written by so many threads, 1e9 a second: the best of several copies. */
function copyRate(threads: number): number {
  engine.use("native", { threads });
  const source = tf.ones([COPIED]);
  const copies = timed(() => tf.neg(source).dispose(), { steps: 8, budgetMs: 4000 });
  source.dispose();
  return round((2 * 4 * COPIED) / Math.min(...copies) / 1e6);
}

/** Two processes at once against one alone, in turns. */
async function independent(options: ScaleOptions, pairs: number, seen: (line: string) => void) {
  const processes: ChildProcess[] = [];
  try {
    const colds: number[] = [];
    // One after the other, so that neither start is beside the other's work.
    for (let index = 0; index < 2; index++) {
      const execArgv = ["--require", require.resolve("tsx/cjs")];
      const child = fork(join(__dirname, "scale-process.ts"), [JSON.stringify(options)], { execArgv });
      processes.push(child);
      colds.push((await answer<{ coldMs: number }>(child)).coldMs);
    }
    const [first, second] = processes;
    const run = async (children: readonly ChildProcess[]) => {
      const all = children.map((child) => {
        child.send("distil");
        return answer<{ ms: number }>(child);
      });
      return Math.max(...(await Promise.all(all)).map(({ ms }) => ms));
    };
    await run([first, second]);
    const alone: number[] = [];
    const beside: number[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      alone.push(await run([pair % 2 === 0 ? first : second]));
      beside.push(await run([first, second]));
      seen(`processes: one ${(alone[pair] / 1000).toFixed(1)} s, two at once ${(beside[pair] / 1000).toFixed(1)} s`);
    }
    return { ratio: median(alone.map((ms, pair) => (2 * ms) / beside[pair])), coldMs: median(colds) };
  } finally {
    for (const child of processes) child.kill();
  }
}

function answer<Message>(child: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`bench scale: a process ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as Message);
    });
  });
}
