import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Executed, KernelUnderTest } from "./jupyter-client";

let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start();
  await kernel.execute(`
    import { execSync, spawn } from "node:child_process";
    import { writeSync } from "node:fs";
    import { Worker } from "node:worker_threads";
    const exit = (started: any) => new Promise((done) => started.on("exit", done));
    const sh = (command: string) => execSync(command, { stdio: "inherit" });`);
});

afterAll(() => kernel?.close());

/** What was printed on both streams, in order. */
function printed({ messages }: Executed): string {
  return messages
    .filter((m) => m.header.msg_type === "stream")
    .map((m) => m.content.text)
    .join("");
}

describe("what is written behind the kernel's back is output of the cell", () => {
  it("from a child that inherits the streams, between what the cell prints before and after", async () => {
    const cell = await kernel.execute('console.log("a"); sh("echo b; echo c >&2"); console.log("d");');
    expect(cell.stdout).toBe("a\nb\nd\n");
    expect(cell.stderr).toBe("c\n");
    expect(printed(cell)).toBe("a\nb\nc\nd\n");
  });

  it("behind so many lines that they are joined before they are sent", async () => {
    const { stdout } = await kernel.execute(
      'for (let i = 0; i < 500; i++) console.log(i); sh("echo child"); console.log("after");',
    );
    const lines = Array.from({ length: 500 }, (_, i) => `${i}\n`).join("");
    expect(stdout).toBe(`${lines}child\nafter\n`);
  });

  it("from a child that the cell awaits", async () => {
    const { stdout } = await kernel.execute(
      'await exit(spawn("sh", ["-c", "echo one; echo two"], { stdio: "inherit" })); console.log("three");',
    );
    expect(stdout).toBe("one\ntwo\nthree\n");
  });

  it("from whatever writes to descriptors 1 and 2, as native libraries do", async () => {
    const cell = await kernel.execute('writeSync(1, "out\\n"); writeSync(2, "err\\n"); console.log("after");');
    expect([cell.stdout, cell.stderr]).toEqual(["out\nafter\n", "err\n"]);
  });

  it("from worker threads", async () => {
    const { stdout } = await kernel.execute(
      "await exit(new Worker(\"console.log(1); require('fs').writeSync(1, '2\\\\n')\", { eval: true })); console.log(3);",
    );
    expect(stdout.trim().split("\n").sort()).toEqual(["1", "2", "3"]);
  });

  it("whole, though it is more than a pipe holds, and in whole characters", async () => {
    const { stdout } = await kernel.execute(
      `sh("seq 1 20000"); sh("printf '\\\\360\\\\237'; printf '\\\\230\\\\200'");`,
    );
    expect(stdout).toBe(`${Array.from({ length: 20_000 }, (_, i) => `${i + 1}\n`).join("")}😀`);
  });

  it("from a child that outlives its cell", async () => {
    await kernel.execute('spawn("sh", ["-c", "sleep 0.1; echo late"], { stdio: "inherit" });');
    await kernel.waitFor((m) => m.content.text === "late\n");
  });

  it("and is not shown in silence", async () => {
    expect((await kernel.execute('sh("echo hush");', undefined, { silent: true })).messages).toEqual([]);
  });
});
