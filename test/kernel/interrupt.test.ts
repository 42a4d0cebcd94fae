import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Executed, KernelUnderTest } from "./jupyter-client";

let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start();
  await kernel.execute("let kept = 0; const print = (text: string) => console.log(text);");
});

afterAll(() => kernel.close());

/** Runs the cell and interrupts it once its first output shows that user code runs. */
function interrupted(code: string): Promise<Executed> {
  return kernel.execute(code, async (id) => {
    await kernel.waitFor((m) => m.parent.msg_id === id && ["stream", "display_data"].includes(m.header.msg_type));
    expect(await kernel.interrupt()).toMatchObject({ status: "ok" });
  });
}

const CASES: Record<string, string> = {
  "a loop that never awaits": "print('on'); while (true) kept += 0;",
  "a loop that never awaits, after an await": "await null; print('on'); while (true) kept += 0;",
  "a loop that never awaits, inside a timer":
    "setTimeout(() => { print('on'); while (true) kept += 0; }, 5); await new Promise(() => {});",
  "a loop that awaits timers": "while (true) { print('on'); await new Promise((r) => setTimeout(r, 20)); }",
  "a loop that starves the event loop with promises": "print('on'); while (true) await null;",
  "a promise that never settles": "print('on'); await new Promise(() => {});",
  "deep recursion": "print('on'); const f = (n: number): number => (n < 2 ? n : f(n - 1) + f(n - 2)); f(80);",
  "a loop that prints without end": "print('on'); while (true) console.log('more');",
};

describe("an interrupt", () => {
  for (const [what, code] of Object.entries(CASES)) {
    it(`stops ${what}, keeps the state, and the session goes on`, async () => {
      await kernel.execute("kept += 1;");
      const cell = await interrupted(code);
      expect(cell.reply).toMatchObject({ status: "error", ename: "InterruptedError" });
      expect(cell.messages.at(-1)!.header.msg_type).toBe("error");
      const after = await kernel.execute(
        "await new Promise((r) => setTimeout(r, 30)); kept -= 1; print(String(kept));",
      );
      expect(after.reply.status).toBe("ok");
      expect(after.stdout).toBe("0\n");
    });
  }

  it("lets work that listens to the signal finish its batch and stop by itself", async () => {
    const cell = await interrupted("await work(1000)");
    expect(cell.reply).toMatchObject({ status: "error", ename: "InterruptedError" });
    expect(cell.reply.evalue).toMatch(/^work: stopped at \d+$/);
    expect((await kernel.execute("print('next')")).stdout).toBe("next\n");
  });

  it("spares a kernel whose cell uses AsyncLocalStorage, which goes on to work", async () => {
    await kernel.execute(
      'import { AsyncLocalStorage } from "node:async_hooks"; const store = new AsyncLocalStorage<number>();',
    );
    for (const start of [
      "await null;",
      "await new Promise((r) => setImmediate(r));",
      "await Promise.all([1, null]);",
    ]) {
      const code = `store.run(1, async () => { ${start} print('on'); while (true) kept += 0; }); await new Promise(() => {});`;
      expect((await interrupted(code)).reply.ename).toBe("InterruptedError");
      const after = await kernel.execute(
        "await new Promise<void>((done) => store.run(2, () => setTimeout(() => { print(String(store.getStore())); done(); }, 5)));",
      );
      expect(after.stdout).toBe("2\n");
    }
  });

  it("reaches what ended cells left at work", async () => {
    const cell = await kernel.execute(
      'const { signal } = (globalThis as any)[Symbol.for("blockwise.notebook")]; signal.onabort = () => print("told to stop");',
    );
    expect(cell.reply.status).toBe("ok");
    await kernel.interrupt();
    await kernel.waitFor((m) => m.content.text === "told to stop\n");
  });

  it("drops what timers of the interrupted cell still print", async () => {
    // A chain of timers: no loop that the kernel could end.
    const code =
      "const tick = () => { console.log('tick'); setTimeout(tick, 10); }; tick(); await new Promise(() => {});";
    const id = await kernel.send("execute_request", { code });
    await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
    await kernel.interrupt();
    await kernel.result(id);
    const atEnd = kernel.of(id).length;
    const after = await kernel.execute("await new Promise((r) => setTimeout(r, 300)); print('mine');");
    expect(after.stdout).toBe("mine\n");
    expect(kernel.of(id).length).toBe(atEnd);
  });

  it("does not run cells that wait behind the interrupted one", async () => {
    const running = await kernel.send("execute_request", { code: "print('on'); while (true) kept += 0;" });
    const waiting = await kernel.send("execute_request", { code: "print('never')" });
    await kernel.waitFor((m) => m.parent.msg_id === running && m.header.msg_type === "stream");
    await kernel.interrupt();
    expect((await kernel.result(running)).reply.ename).toBe("InterruptedError");
    expect((await kernel.result(waiting)).reply.status).toBe("aborted");
  });

  it("does nothing when no cell runs", async () => {
    await kernel.interrupt();
    expect((await kernel.execute("print('idle before')")).stdout).toBe("idle before\n");
  });

  it("works by signal too", async () => {
    // Not before the cell has awaited: while a cell starts, a signal may get lost between Node's two handlers.
    const code =
      "await new Promise((r) => setTimeout(r, 100)); while (true) { print('on'); await new Promise((r) => setTimeout(r, 20)); }";
    const cell = await kernel.execute(code, async (id) => {
      await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
      kernel.process.kill("SIGINT");
    });
    expect(cell.reply).toMatchObject({ status: "error", ename: "InterruptedError" });
  });

  it("leaves a kernel that ends cleanly on SIGTERM while a cell awaits", async () => {
    const other = await KernelUnderTest.start();
    const id = await other.send("execute_request", { code: "console.log('on'); await new Promise(() => {});" });
    await other.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
    other.process.kill("SIGTERM");
    expect(await other.exited()).toBe(0);
    await other.close();
  });

  it("does not keep a shutdown from ending a kernel whose cell blocks", async () => {
    const id = await kernel.send("execute_request", { code: "print('on'); while (true) kept += 0;" });
    await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
    expect(await kernel.request("shutdown_request", { restart: false }, "control")).toMatchObject({ status: "ok" });
    await kernel.exited();
  });
});
