import type { KernelProcess } from "./kernel-process";
import { median, round } from "./numbers";

/** The last of the cells that one notebook has here. */
const LAST_CELL = 500;
/** Cells on both sides of the fifth and of the last whose times are taken together: single ones vary by more than is asked. */
const AROUND = { fifth: 4, last: 20 };

/** What a user types, and one of the names that must be offered. */
const TYPED: readonly (readonly [code: string, offered: string])[] = [
  ["points.", "map"],
  ["points[0].", "x"],
  ["coun", "counter"],
  ["lab.", "data"],
  ["JSON.str", "stringify"],
  ["const text = `${points.len", "length"],
];
const ROUNDS = 5;

const DECLARED = `interface Point { x: number; y: number }
const points: Point[] = [{ x: 1, y: 2 }];
let counter = 0;`;

/** Ways to keep the kernel at a cell until the file is there. */
const AT_WORK = {
  awaiting: (path: string) =>
    `console.log(1); while (!require("fs").existsSync(${JSON.stringify(path)})) await new Promise((done) => setTimeout(done, 5));`,
  blocked: (path: string) => `console.log(1); while (!require("fs").existsSync(${JSON.stringify(path)})) {}`,
};

export interface LanguageBench {
  /** From request to reply of cells around the fifth and the 500th of one notebook, all of one kind, ms; medians. */
  readonly cell_5_ms: number;
  readonly cell_500_ms: number;
  readonly cell_500_ratio: number;
  /** From request to reply of completion, ms: while no cell runs, while one awaits, and while one blocks the thread; medians. */
  readonly completion_ms: { readonly idle: number; readonly awaiting: number; readonly blocked: number };
  /** The slowest of all: what a user who types would notice. */
  readonly slowest_completion_ms: number;
}

/**
 * Measures completion, and cells of one kind in a long notebook.
 * @param kernel ready, with the types of Blockwise's names.
 * @throws Error when a completion lacks what must be offered.
 */
export async function measureLanguage(kernel: KernelProcess): Promise<LanguageBench> {
  await kernel.execute(DECLARED);
  // The types of the names that the kernel brings are read once.
  await completions(kernel, 1);
  const idle = await completions(kernel, ROUNDS);
  const awaiting = await kernel.during(AT_WORK.awaiting, () => completions(kernel, ROUNDS));
  const blocked = await kernel.during(AT_WORK.blocked, () => completions(kernel, ROUNDS));
  const cells: number[] = [];
  for (let n = 1; n <= LAST_CELL + AROUND.last; n++) cells.push(await kernel.execute(cellOfKind(n)));
  const around = (n: number, by: number): number => median(cells.slice(n - 1 - by, n + by));
  const [fifth, last] = [around(5, AROUND.fifth), around(LAST_CELL, AROUND.last)];
  return {
    cell_5_ms: round(fifth, 1),
    cell_500_ms: round(last, 1),
    cell_500_ratio: round(last / fifth, 3),
    completion_ms: {
      idle: round(median(idle), 1),
      awaiting: round(median(awaiting), 1),
      blocked: round(median(blocked), 1),
    },
    slowest_completion_ms: round(Math.max(...idle, ...awaiting, ...blocked), 1),
  };
}

/** Declares a name of its own, changes one of the cell before, and calls a function. */
function cellOfKind(n: number): string {
  const before = n > 1 ? `value${n - 1} += 1;` : "";
  return `let value${n} = points.map((p) => p.x * ${n}).reduce((sum, x) => sum + x, 0); ${before} counter += value${n};\ncounter`;
}

async function completions(kernel: KernelProcess, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [code, offered] of TYPED) {
      const { time, matches } = await kernel.complete(code);
      if (!matches.includes(offered))
        throw new Error(`bench kernel: ${code} must offer ${offered}, got ${matches.slice(0, 5)}`);
      times.push(time);
    }
  }
  return times;
}
