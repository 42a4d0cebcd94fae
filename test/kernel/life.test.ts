import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { childProcesses } from "../../kernel/life/child-processes";
import { KernelUnderTest } from "./jupyter-client";

let kernel: KernelUnderTest;

afterEach(() => kernel?.close());

/** A zombie that nobody has reaped has ended too. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function ended(pids: number[]): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (pids.some(isAlive) && Date.now() < deadline) await new Promise((done) => setTimeout(done, 50));
  expect(pids.filter(isAlive)).toEqual([]);
}

/** A child, its child, and a worker thread; `then` runs behind them. Resolves with the processes. */
async function busyKernel(then: string): Promise<{ id: string; pids: number[] }> {
  kernel = await KernelUnderTest.start();
  const id = await kernel.send("execute_request", {
    code: `import { spawn } from "node:child_process";
      import { Worker } from "node:worker_threads";
      new Worker("setInterval(() => {}, 100)", { eval: true });
      const child = spawn("sh", ["-c", "sleep 600 & echo $! $$; wait"]);
      child.stdout.once("data", (text) => console.log(String(text)));
      await new Promise((r) => child.stdout.once("data", r));
      ${then}`,
  });
  const { content } = await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
  const pids = String(content.text).trim().split(" ").map(Number);
  expect(pids.filter(isAlive)).toHaveLength(2);
  return { id, pids };
}

describe("the end of a kernel", () => {
  it("by shutdown leaves none of the processes it started", async () => {
    const { id, pids } = await busyKernel("'started'");
    await kernel.result(id);
    expect(await kernel.request("shutdown_request", { restart: true }, "control")).toMatchObject({ restart: true });
    expect(await kernel.exited()).toBe(0);
    await ended(pids);
  });

  it("by SIGTERM leaves none either, though a cell blocks its main thread", async () => {
    const { pids } = await busyKernel("while (true) {}");
    kernel.process.kill("SIGTERM");
    await kernel.exited();
    await ended(pids);
  });

  it("by a cell leaves none either", async () => {
    const { id, pids } = await busyKernel("'started'");
    await kernel.result(id);
    await kernel.send("execute_request", { code: "process.exit(3)" });
    expect(await kernel.exited()).toBe(3);
    await ended(pids);
  });
});

describe("the log of a kernel whose descriptor 2 is a socket", () => {
  it("has the kernel's own troubles, and what cells write to the descriptor is theirs", async () => {
    kernel = await KernelUnderTest.start();
    await kernel.sendSigned("execute_request", "another key", { content: { code: "1" } });
    await kernel.logged("blockwise kernel: wire: wrong signature");
    const cell = await kernel.execute(
      'require("fs").writeSync(2, "of the cell"); require("child_process").execSync("echo child >&2", { stdio: "inherit" });',
    );
    expect(cell.stderr).toBe("of the cellchild\n");
    expect(kernel.log).not.toContain("child");
  });

  it("has what Node says in the moment of a crash", async () => {
    kernel = await KernelUnderTest.start();
    const closed = new Promise((done) => kernel.process.stderr!.once("close", done));
    await kernel.send("execute_request", { code: 'require("fs").writeSync(2, "last words"); process.abort();' });
    await closed;
    // What the kernel read before it ended was sent as output.
    const output = kernel.received.map((m) => String(m.content.text ?? "")).join("");
    expect(output + kernel.log).toContain("last words");
  });

  it("ends with the kernel", async () => {
    kernel = await KernelUnderTest.start();
    const closed = new Promise((done) => kernel.process.stderr!.once("close", done));
    kernel.process.kill("SIGKILL");
    await closed;
  });
});

describe("child processes", () => {
  it("are found down to theirs, but not what was detached", async () => {
    const shell = spawn("sh", ["-c", "sleep 600 & echo $!; wait"]);
    const apart = spawn("sleep", ["600"], { detached: true });
    try {
      const sleep = Number(await new Promise((done) => shell.stdout.once("data", (text) => done(String(text)))));
      const found = childProcesses(process.pid);
      expect(found).toContain(shell.pid);
      expect(found).toContain(sleep);
      expect(found).not.toContain(apart.pid);
      process.kill(sleep);
    } finally {
      shell.kill();
      apart.kill();
    }
  });

  it("of a cell are those that it left, though it started them within a tick of the clock before its end", async () => {
    const [earlier, left] = [spawn("sleep", ["600"]), spawn("sleep", ["600"])];
    try {
      // Whatever the clock says: the span of that cell holds neither.
      const span = { from: 0, to: 0, before: [earlier.pid!] };
      expect(childProcesses(process.pid, { ...span, own: [earlier.pid!, left.pid!] })).toEqual([left.pid]);
      expect(childProcesses(process.pid, { ...span, own: [] })).toEqual([]);
    } finally {
      earlier.kill();
      left.kill();
    }
  });
});
