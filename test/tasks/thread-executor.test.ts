import { AsyncLocalStorage } from "node:async_hooks";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, InterruptedError } from "../../src/core";
import { type Task, threadExecutor } from "../../src/tasks";
import { kept } from "../../src/tasks/thread-pool";
import { type FixtureInput, fixture, OURS } from "./fixture-task";

// However long a machine takes between two calls.
kept.idleMs = 3_600_000;

/** Runs tasks on threads as a step does: false when stopped. */
async function runTasks(
  inputs: readonly FixtureInput[],
  threads: number,
  onProgress: (thread: number) => void,
  signal?: AbortSignal,
  task: Task<FixtureInput, number, number> = fixture,
): Promise<boolean> {
  try {
    for await (const { index, output } of threadExecutor(threads).map(task, inputs, { signal, onProgress })) {
      expect(index).toBeLessThan(inputs.length);
      expect(output).toBeGreaterThan(0);
    }
    return true;
  } catch (error) {
    if (error instanceof InterruptedError) return false;
    throw error;
  }
}

/** Runs tasks of the fixture and gives the numbers of the threads that did them. */
async function threadsOf(inputs: readonly FixtureInput[], threads: number, signal?: AbortSignal, onTold = () => {}) {
  const told: number[] = [];
  const listener = (thread: number) => {
    told.push(thread);
    onTold();
  };
  return { told, complete: await runTasks(inputs, threads, listener, signal) };
}

const times = (count: number, does: "tell" | "wait"): FixtureInput[] => Array.from({ length: count }, () => ({ does }));

/** What a task threw, as it arrives here. */
async function thrownBy(what: string): Promise<Error & Record<string, unknown>> {
  try {
    for await (const _ of threadExecutor(1).map(fixture, [{ does: "throw", what }])) break;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error("the task did not throw");
}

describe("threadExecutor", () => {
  test("every task is done, on no more threads than asked for, and the next tasks find them started", async () => {
    const first = await threadsOf(times(5, "tell"), 2);
    expect(first.complete).toBe(true);
    expect(first.told).toHaveLength(5);
    expect(new Set(first.told).size).toBeLessThanOrEqual(2);
    const next = await threadsOf(times(2, "tell"), 2);
    expect(first.told).toEqual(expect.arrayContaining(next.told));
  });

  test("a kept thread serves each caller in the caller's async context", async () => {
    const storage = new AsyncLocalStorage<string>();
    const heard: { cell: string | undefined; thread: number }[] = [];
    const cell = (name: string, inputs: readonly FixtureInput[], signal?: AbortSignal) =>
      storage.run(name, async () => {
        const listener = (thread: number) => void heard.push({ cell: storage.getStore(), thread });
        const complete = await runTasks(inputs, 1, listener, signal);
        // What follows is the caller's too.
        return { complete, cell: storage.getStore() };
      });
    expect(await cell("first", times(2, "tell"))).toEqual({ complete: true, cell: "first" });
    expect(await cell("second", times(2, "tell"))).toEqual({ complete: true, cell: "second" });
    expect(new Set(heard.map(({ thread }) => thread)).size).toBe(1);
    expect(heard.map((one) => one.cell)).toEqual(["first", "first", "second", "second"]);
    // And of no caller, where there is none.
    await runTasks(times(1, "tell"), 1, (thread) => void heard.push({ cell: storage.getStore(), thread }));
    expect(heard.at(-1)).toEqual({ cell: undefined, thread: heard[0].thread });
  });

  test("callers at work at once each hear their own threads in their own context", async () => {
    const storage = new AsyncLocalStorage<number>();
    const heard: [caller: number, store: number | undefined][] = [];
    const callers = [1, 2, 3].map((caller) =>
      storage.run(caller, () => runTasks(times(4, "tell"), 2, () => void heard.push([caller, storage.getStore()]))),
    );
    expect(await Promise.all(callers)).toEqual([true, true, true]);
    expect(heard).toHaveLength(12);
    for (const [caller, store] of heard) expect(store).toBe(caller);
  });

  test("a failure comes as it was thrown, and its thread is not taken again", async () => {
    const failed: number[] = [];
    const running = runTasks([{ does: "fail" }], 1, (thread) => void failed.push(thread));
    await expect(running).rejects.toThrow(ConfigError);
    const { told } = await threadsOf(times(3, "tell"), 1);
    expect(told).not.toContain(failed[0]);
  });

  test.each([...OURS])("%s keeps class, code, details, cause and stack", async (name, Class) => {
    const error = await thrownBy(name);
    expect(error.constructor).toBe(Class);
    expect(error).toMatchObject({ name, message: "fixture: of ours", code: new Class("").code });
    // What cannot be sent is in words.
    expect(error.details).toMatchObject({ at: 3, shape: [1, 2], heard: expect.any(String) });
    expect(error.cause).toBeInstanceOf(RangeError);
    expect(error.cause).toMatchObject({ message: "the reason" });
    // Where it was thrown, and who waited for it.
    expect(error.stack).toMatch(/fixture-task[\s\S]*thrownBy/);
  });

  test("errors of the system and of the language keep what callers look at", async () => {
    expect(await thrownBy("system")).toMatchObject({ code: "ENOSPC", errno: -28, syscall: "write", name: "Error" });
    const type = await thrownBy("type");
    expect(type).toBeInstanceOf(TypeError);
    expect(type.cause).toBeInstanceOf(RangeError);
    expect((await thrownBy("itself")).message).toBe("fixture: its own cause");
    expect((await thrownBy("nothing")).message).toMatch(/not an error: undefined/);
    expect((await thrownBy("a text")).message).toMatch(/not an error: a text/);
  });

  test("what the listener throws is the failure", async () => {
    const full = () => {
      throw new Error("no space left");
    };
    await expect(runTasks(times(1, "tell"), 1, full)).rejects.toThrow("no space left");
  });

  test("a thread that ends under its job fails it, and a task that cannot be sent fails; neither is waited for", async () => {
    await expect(threadsOf([{ does: "end" }], 1)).rejects.toThrow(/ended with exit code 7/);
    const unsent = { does: "tell", listen: () => {} } as FixtureInput;
    await expect(threadsOf([unsent], 1)).rejects.toThrow(/could not be cloned/);
    expect((await threadsOf(times(1, "tell"), 1)).complete).toBe(true);
  });

  test("a module that cannot be loaded is the failure, also where threads were started for it", async () => {
    const absent = { ...fixture, module: join(__dirname, "no-such-task") };
    threadExecutor(2).ready(absent, 2);
    await expect(runTasks(times(2, "tell"), 2, () => {}, undefined, absent)).rejects.toThrow(/Cannot find module/);
    expect((await threadsOf(times(2, "tell"), 2)).complete).toBe(true);
  });

  test("a blob that nobody gave fails the call, and leaves nothing open that keeps the process", async () => {
    const asking = { ...times(1, "tell")[0], of: { blob: "0123456789abcdef" } };
    const ports = () => process.getActiveResourcesInfo().filter((name) => name === "MessagePort").length;
    await threadsOf(times(1, "tell"), 1);
    const before = ports();
    for (let i = 0; i < 3; i++) await expect(threadsOf([asking], 1)).rejects.toThrow(/must be given with the input/);
    expect(ports()).toBe(before);
  });

  test("stopped, the tasks at work end and no other begins; the threads serve again", async () => {
    const stop = new AbortController();
    // Once the first task is at work.
    const { complete, told } = await threadsOf(times(4, "wait"), 2, stop.signal, () => stop.abort());
    expect(complete).toBe(false);
    expect(told.length).toBeLessThanOrEqual(2);
    expect((await threadsOf(times(1, "tell"), 1)).complete).toBe(true);
  });
});
