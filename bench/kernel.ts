import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type LanguageBench, measureLanguage } from "./kernel-language";
import { KernelProcess } from "./kernel-process";
import { machine, median, round } from "./numbers";

const ROOT = resolve(__dirname, "..");

/** How each kernel is started; ours with the arguments of its kernelspec. */
const KERNELS = {
  ours: (file: string) => ["--no-force-async-hooks-checks", join(ROOT, "dist", "kernel", "main.js"), file],
  tslab: (file: string) => [join(ROOT, "node_modules", "tslab", "bin", "tslab"), "kernel", "--config-path", file],
} as const;
/** Ours keeps its compiled code for the next start a while after it is ready, ms. */
const CODE_KEPT_AFTER_MS = 4000;
type Name = keyof typeof KERNELS;

/** Ordinary small cells: values, functions, types, classes, text, a top-level await, an import. */
const SMALL_CELLS = [
  "const a = 1; a + 1",
  "function square(x: number): number { return x * x; }\nsquare(a)",
  "interface Point { x: number; y: number }\nconst points: Point[] = [{ x: 1, y: 2 }];",
  "points.map((p) => p.x + p.y)",
  "class Counter { count = 0; add() { return ++this.count; } }\nconst counter = new Counter();",
  "counter.add()",
  'console.log("hello")',
  "await Promise.resolve(3)",
  'import { basename } from "path";\nbasename("a/b")',
  "const sum = [1, 2, 3].reduce((s, x) => s + x, 0); sum",
  "const a = 2; a",
  "[sum, a].join()",
] as const;

/** Times of one start and of the cells after it, ms. */
interface Start {
  readonly ready: number;
  readonly firstCell: number;
  readonly smallCells: readonly number[];
}

export interface KernelBench extends LanguageBench {
  readonly benchmark: "kernel";
  /** From the start of the process to the first kernel_info_reply, ms; medians over the starts. */
  readonly ready_ms: Record<Name, number>;
  /** From the start of the process to the result of the first cell, sent as soon as the kernel was ready, ms. */
  readonly first_cell_ms: Record<Name, number>;
  /** From request to reply of a small cell, ms; medians over cells and starts. */
  readonly small_cell_ms: Record<Name, number>;
  readonly ready_ratio: number;
  readonly first_cell_ratio: number;
  readonly small_cell_ratio: number;
  readonly starts: number;
  readonly cpu: string;
  readonly cores: number;
  readonly load: number;
}

/**
 * Starts plain tslab's kernel and ours in turns; the first start of each does not count (disk and code caches).
 * @throws Error when `npm run build` was not run, or a cell fails.
 */
export async function measureKernels(starts: number): Promise<KernelBench> {
  if (!existsSync(join(ROOT, "dist", "kernel", "main.js"))) throw new Error("bench kernel: run `npm run build` first");
  const times: Record<Name, Start[]> = { ours: [], tslab: [] };
  for (let turn = 0; turn <= starts; turn++) {
    const order: Name[] = turn % 2 === 0 ? ["ours", "tslab"] : ["tslab", "ours"];
    for (const name of order) {
      const start = await measureStart(name, turn === 0 ? CODE_KEPT_AFTER_MS : 0);
      if (turn > 0) times[name].push(start);
    }
  }
  const language = await measureOurLanguage();
  const medians = (pick: (start: Start) => readonly number[]): Record<Name, number> => ({
    ours: round(median(times.ours.flatMap(pick)), 1),
    tslab: round(median(times.tslab.flatMap(pick)), 1),
  });
  const ready = medians((start) => [start.ready]);
  const firstCell = medians((start) => [start.firstCell]);
  const smallCell = medians((start) => start.smallCells);
  const ratio = ({ ours, tslab }: Record<Name, number>): number => round(ours / tslab, 3);
  return {
    benchmark: "kernel",
    ready_ms: ready,
    first_cell_ms: firstCell,
    small_cell_ms: smallCell,
    ready_ratio: ratio(ready),
    first_cell_ratio: ratio(firstCell),
    small_cell_ratio: ratio(smallCell),
    ...language,
    starts,
    ...machine(),
  };
}

async function measureStart(name: Name, patience: number): Promise<Start> {
  const kernel = await KernelProcess.start(KERNELS[name]);
  try {
    await kernel.ready();
    const ready = kernel.age;
    await kernel.execute("1 + 1");
    const firstCell = kernel.age;
    const smallCells: number[] = [];
    for (const code of SMALL_CELLS) smallCells.push(await kernel.execute(code));
    // As long as ours needs to keep its compiled code for the next start.
    if (patience > 0) await pause(patience);
    return { ready, firstCell, smallCells };
  } finally {
    await kernel.close();
  }
}

/** Of ours alone: plain tslab completes nothing while a cell runs, and takes longer from cell to cell. */
async function measureOurLanguage(): Promise<LanguageBench> {
  const kernel = await KernelProcess.start(KERNELS.ours);
  try {
    await kernel.ready();
    return await measureLanguage(kernel);
  } finally {
    await kernel.close();
  }
}
