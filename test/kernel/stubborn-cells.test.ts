import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { childProcesses } from "../../kernel/life/child-processes";
import { type Executed, KernelUnderTest } from "./jupyter-client";

let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start();
  execFileSync("mkfifo", [join(kernel.folder, "pipe")]);
  const { reply } = await kernel.execute(`
    import { exec, execFile, execSync, spawn } from "node:child_process";
    import { promisify } from "node:util";
    import { openSync, readFileSync, readSync } from "node:fs";
    import { Worker } from "node:worker_threads";
    let kept = 0;
    function deep(n: number): number { try { return deep(n + 1); } catch { return deep(n); } }
    const exit = (started: any) => new Promise((done) => started.on("exit", done));`);
  expect(reply.status).toBe("ok");
});

afterAll(() => kernel?.close());

/** Interrupts the cell once its first output shows that it is on its way. */
function interrupted(code: string, times = 1): Promise<Executed> {
  return kernel.execute(`console.log("on"); ${code}`, async (id) => {
    await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
    for (let i = 0; i < times; i++) await kernel.interrupt();
  });
}

const ENDLESS_WORKER = 'new Worker("while (true) {}", { eval: true })';

const CASES: Record<string, string> = {
  "recursion that catches its overflow": "deep(0);",
  "recursion that goes on in `finally`":
    "const again = (): void => { try { again(); } finally { again(); } }; again();",
  "a thread that waits for another": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
  "a synchronous child": 'execSync("sleep 3600");',
  "synchronous children without end, with their errors caught":
    'while (true) { try { execSync("sleep 3600"); } catch {} }',
  "an awaited child": 'await exit(spawn("sleep", ["3600"]));',
  "a child that hears of no polite signal": `execSync("trap '' INT TERM; sleep 3600; sleep 3600");`,
  "worker threads at work": `await Promise.all([exit(${ENDLESS_WORKER}), exit(${ENDLESS_WORKER})]);`,
  "a promise that never settles": "await new Promise(() => {});",
  "the opening of a pipe that nobody writes": 'readFileSync("pipe");',
  "a read of a pipe that has a writer":
    'openSync("pipe", "r+"); const end = openSync("pipe", "r"); readSync(end, Buffer.alloc(9));',
};

describe("an interrupt", () => {
  for (const [what, code] of Object.entries(CASES)) {
    it(`ends ${what}, leaves no child behind, keeps the variables, and works again`, async () => {
      await kernel.execute("kept = 1;");
      for (const times of [1, 3]) {
        const cell = await interrupted(code, times);
        expect(cell.reply).toMatchObject({ status: "error", ename: "InterruptedError" });
      }
      const after = await kernel.execute("await new Promise((r) => setTimeout(r, 10)); console.log(++kept);");
      expect(after.stdout).toBe("2\n");
      expect(childProcesses(kernel.process.pid!)).toEqual([]);
    });
  }

  const EARLIER: Record<string, string> = {
    spawned: 'const server = spawn("sleep", ["3600"]);',
    "of a shell": 'const server = exec("sleep 3600; sleep 3600");',
    "of a promised call": 'const server = promisify(execFile)("sleep", ["3600"]).child; server.on("error", () => {});',
  };
  for (const [what, code] of Object.entries(EARLIER)) {
    it(`spares the children of earlier cells (${what}), though they were started an instant before`, async () => {
      await kernel.execute(`${code} await new Promise((r) => setTimeout(r, 50));`);
      const before = childProcesses(kernel.process.pid!);
      expect(before.length).toBeGreaterThan(0);
      await kernel.execute(code.replaceAll("server", "second"));
      const cell = await interrupted('execSync("sleep 3600");');
      expect(cell.reply.ename).toBe("InterruptedError");
      const after = childProcesses(kernel.process.pid!);
      expect(after).toEqual(expect.arrayContaining(before));
      expect(after).toHaveLength(2 * before.length);
      for (const pid of after) process.kill(pid, "SIGKILL");
      await expect.poll(() => childProcesses(kernel.process.pid!)).toEqual([]);
    });
  }

  it("that comes while the kernel starts, over and over, leaves one that can be interrupted", async () => {
    const other = await KernelUnderTest.start({}, undefined, async (early) => {
      for (let i = 0; i < 5; i++) await early.interrupt();
    });
    const cell = await other.execute('console.log("on"); while (true) {}', async (id) => {
      await other.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
      await other.interrupt();
    });
    expect(cell.reply.ename).toBe("InterruptedError");
    expect((await other.execute("console.log('next')")).stdout).toBe("next\n");
    await other.close();
  });
});

it("an interrupt that native code does not hear is explained below the cell", async () => {
  const deaf = await KernelUnderTest.start();
  try {
    const code =
      'import { pbkdf2Sync } from "node:crypto"; console.log("here"); pbkdf2Sync("a", "b", 2e9, 64, "sha512");';
    const id = await deaf.send("execute_request", { code });
    await deaf.waitFor((m) => m.parent.msg_id === id && m.content.text === "here\n");
    await deaf.interrupt();
    const said = await deaf.waitFor((m) => m.parent.msg_id === id && m.content.name === "stderr");
    expect(said.content.text).toContain("a native call is under way");
    expect(said.content.text).toContain("restart of the kernel ends it now");
  } finally {
    await deaf.close();
  }
});
