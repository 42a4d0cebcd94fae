import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/core";
import { KernelUnderTest, ROOT } from "./jupyter-client";

const FOLDER = join(ROOT, "build", `at-work-${process.pid}-${randomUUID().slice(0, 8)}`);
const IMPORT = `const { step } = require(${JSON.stringify(join(FOLDER, "steps.js"))});`;
const FIXTURES = "test/kernel/fixtures/at-work";

beforeAll(async () => {
  await build({
    absWorkingDir: ROOT,
    entryPoints: {
      steps: `${FIXTURES}/steps.ts`,
      task: `${FIXTURES}/task.ts`,
      "task-thread": "src/tasks/task-thread.ts",
    },
    bundle: true,
    packages: "external",
    platform: "node",
    format: "cjs",
    target: "node20",
    outdir: FOLDER,
  });
});

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Kernels that are ended at work, each way. CI ends a dozen (`.ci/run`): BLOCKWISE_KERNEL_ENDS=12. */
const ENDS = Number(process.env.BLOCKWISE_KERNEL_ENDS ?? 4);
const SHOWN = ["display_data", "update_display_data", "stream"];

/** A kernel in which a step is at work on two threads. */
async function kernelAtWork(): Promise<KernelUnderTest> {
  const kernel = await KernelUnderTest.start();
  const id = await kernel.send("execute_request", { code: `${IMPORT} await step("endless", 1e9, 2)` });
  await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
  return kernel;
}

describe("cells that use the same task thread", () => {
  let kernel: KernelUnderTest;

  beforeAll(async () => {
    kernel = await KernelUnderTest.start();
    await kernel.execute(IMPORT);
  });

  afterAll(() => kernel?.close());

  /** Runs a step in a cell: its thread, and of each message shown meanwhile the request that it names as its parent. */
  async function cell(name: string) {
    const before = kernel.received.length;
    const id = await kernel.send("execute_request", { code: `(await step(${JSON.stringify(name)}, 30)).join()` });
    const { reply, messages, stdout } = await kernel.result(id);
    expect(reply.status).toBe("ok");
    const result = messages.find((m) => m.header.msg_type === "execute_result");
    const thread = Object(result?.content.data)["text/plain"] as string;
    const shown = kernel.received.slice(before).filter((m) => SHOWN.includes(m.header.msg_type));
    return { id, thread, stdout, shown };
  }

  it("get the progress and the printed text of their own steps", async () => {
    const cells = [await cell("first"), await cell("second"), await cell("third")];
    // It is one thread, kept: this is what the test is about.
    expect(new Set(cells.map(({ thread }) => thread)).size).toBe(1);
    for (const [i, { id, stdout, shown }] of cells.entries()) {
      const name = ["first", "second", "third"][i];
      expect(new Set(shown.map((m) => m.parent.msg_id))).toEqual(new Set([id]));
      expect(stdout).toBe(`${name} heard\n`.repeat(30));
      const types = shown.map((m) => m.header.msg_type);
      expect(types.filter((type) => type === "display_data")).toHaveLength(1);
      expect(types.filter((type) => type === "update_display_data")).toHaveLength(29);
    }
  });

  it("end by an interrupt at any moment, a dozen times; the next cell finds kernel and threads at its service", async () => {
    const rng = new Rng(13).fork("interrupts");
    for (let i = 0; i < 12; i++) {
      const name = `step ${i}`;
      const interrupted = await kernel.execute(`await step(${JSON.stringify(name)}, 1e9, 2)`, async (id) => {
        await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
        await pause(rng.int(20));
        await kernel.interrupt();
      });
      expect(interrupted.reply).toMatchObject({ status: "error", ename: "InterruptedError" });
      expect(interrupted.reply.evalue).toMatch(/^step \d+: stopped at \d+ of/);
    }
    expect((await cell("after")).stdout).toBe("after heard\n".repeat(30));
  });
});

describe("a kernel whose task threads are at native work ends cleanly", () => {
  const WAYS: Record<string, (kernel: KernelUnderTest, restart: boolean) => Promise<unknown>> = {
    "a shutdown or restart": (kernel, restart) => kernel.send("shutdown_request", { restart }, "control"),
    SIGTERM: async (kernel) => kernel.process.kill("SIGTERM"),
  };
  for (const [way, end] of Object.entries(WAYS)) {
    it(`by ${way}, ${ENDS} times of ${ENDS}`, async () => {
      const rng = new Rng(13).fork(way);
      for (let i = 0; i < ENDS; i += 2) {
        const delays = [rng.int(40), rng.int(40)];
        const codes = delays.map(async (delay, k) => {
          const kernel = await kernelAtWork();
          try {
            await pause(delay);
            await end(kernel, k === 1);
            const code = await kernel.exited();
            return code ?? kernel.process.signalCode;
          } finally {
            await kernel.close();
          }
        });
        // On a machine so busy that the main thread does not come to leave within its seconds, the kernel kills itself.
        for (const code of await Promise.all(codes)) expect([0, "SIGKILL"]).toContain(code);
      }
    });
  }
});
