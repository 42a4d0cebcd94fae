import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { childProcesses } from "../../kernel/life/child-processes";
import { Rng } from "../../src/core";
import { KernelUnderTest } from "./jupyter-client";

/** CI runs 200 (`.ci/run`): BLOCKWISE_RANDOM_CELLS=200. */
const CELLS = Number(process.env.BLOCKWISE_RANDOM_CELLS ?? 16);
const SEED = Number(process.env.FC_SEED ?? 7);
/** Longest time between two presses, in ms. */
const LONGEST_MS = 250;

const MOST_PRESSES = 60;

/** Side by side: most of the time a kernel waits for presses and processes. */
const KERNELS = Math.ceil(CELLS / 50);

let kernels: KernelUnderTest[];

async function startKernel(): Promise<KernelUnderTest> {
  const kernel = await KernelUnderTest.start();
  await kernel.execute(`
    import { execSync, spawn } from "node:child_process";
    import { Worker } from "node:worker_threads";
    let kept = 0;
    const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
    const text = "[" + "1,".repeat(3e5) + "1]";
    function deep(n: number): number { try { return deep(n + 1); } catch { return deep(n); } }`);
  return kernel;
}

beforeAll(async () => {
  kernels = await Promise.all(Array.from({ length: KERNELS }, startKernel));
});

afterAll(() => Promise.all((kernels ?? []).map((kernel) => kernel.close())));

/** Ways to begin, and ways to go on without end; what fills its stack does so before an await. */
const BEGINNINGS = [
  "",
  "await null;",
  "await wait(5);",
  "console.log('a');",
  "setTimeout(() => console.log('late'), 20);",
  "await Promise.allSettled([Promise.reject(new Error('x'))]);",
  "setInterval(() => { kept += 0; }, 1);",
];
const ENDLESS = [
  "while (true) {}",
  "while (true) kept += 0;",
  "while (true) JSON.parse(text);",
  "Array(1e6).fill(0).forEach(() => JSON.parse(text));",
  "/^(a+)+$/.exec('a'.repeat(60) + 'b');",
  "while (true) await null;",
  "while (true) await wait(1);",
  "while (true) console.log('more');",
  "for await (const _ of (async function* () { while (true) yield 1; })()) {}",
  "await new Promise(() => {});",
  "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
  "execSync('sleep 3600');",
  "await new Promise((done) => spawn('sleep', ['3600']).on('exit', done)); await new Promise(() => {});",
  "await new Promise((done) => new Worker('while (true) {}', { eval: true }).on('exit', done));",
  "(function tick(): void { process.nextTick(tick); })(); await new Promise(() => {});",
  "setTimeout(() => { while (true) {} }, 1); await new Promise(() => {});",
  "await new Promise((done) => setTimeout(() => { JSON.stringify(Array(1e5).fill({})); done(0); }, 1)); while (true) {}",
];
const DEEP = ["deep(0);", "const f = (): void => { try { f(); } finally { f(); } }; f();"];

function randomCell(rng: Rng): string {
  const pick = (from: readonly string[]): string => from[rng.int(from.length)];
  return rng.uniform() < 0.15 ? `console.log('deep'); ${pick(DEEP)}` : `${pick(BEGINNINGS)} ${pick(ENDLESS)}`;
}

async function endAll(kernel: KernelUnderTest, rng: Rng, cells: number): Promise<void> {
  for (let i = 1; i <= cells; i++) {
    const code = randomCell(rng);
    const id = await kernel.send("execute_request", { code });
    const ended = kernel.reply(id);
    let over = false;
    ended
      .finally(() => {
        over = true;
      })
      .catch(() => {});
    // One press may come before the cell began, and so be of no effect; one after is enough. On a machine that others fill
    // the kernel may not have been given any time between two.
    for (let presses = 0; !over; presses++) {
      expect(presses, `not ended: ${code}`).toBeLessThan(MOST_PRESSES);
      await pause(rng.uniform() * LONGEST_MS);
      await kernel.interrupt();
      await Promise.race([ended, pause(6000)]);
    }
    expect((await ended).content, code).toMatchObject({ status: "error", ename: "InterruptedError" });
    const probe = await kernel.execute("console.log(++kept)");
    expect(probe.stdout, `after ${code}`).toBe(`${i}\n`);
    const left = () => childProcesses(kernel.process.pid!);
    await expect.poll(left, { timeout: 10_000, message: `children of ${code}` }).toEqual([]);
  }
}

it(`ends ${CELLS} random cells that are interrupted at random times, and keeps the variables`, async () => {
  const share = (i: number) => Math.floor(((i + 1) * CELLS) / KERNELS) - Math.floor((i * CELLS) / KERNELS);
  await Promise.all(kernels.map((kernel, i) => endAll(kernel, new Rng(SEED + i), share(i))));
});
