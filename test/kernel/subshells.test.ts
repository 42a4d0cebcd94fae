import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Executed, KernelUnderTest } from "./jupyter-client";

// JEP 91: cells of a subshell run while those of other shells await.
let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start();
  await kernel.execute(`
    import { existsSync } from "node:fs";
    const wait = (ms: number) => new Promise((done) => setTimeout(done, ms));
    let open = false;
    /** Awaits until another cell opens it. */
    async function gate() { while (!open) await wait(1); open = false; }`);
});

afterAll(() => kernel?.close());

async function create(): Promise<string> {
  const { status, subshell_id } = await kernel.request("create_subshell_request", {}, "control");
  expect([status, typeof subshell_id]).toEqual(["ok", "string"]);
  return subshell_id as string;
}

const list = async () => (await kernel.request("list_subshell_request", {}, "control")).subshell_id;
const remove = (subshell_id: string) => kernel.request("delete_subshell_request", { subshell_id }, "control");

/** Sends a cell to a subshell, or to the main shell. */
function send(code: string, subshell?: string): Promise<string> {
  return kernel.send("execute_request", { code, silent: false, store_history: true }, "shell", [], {}, subshell);
}

async function run(code: string, subshell?: string): Promise<Executed> {
  return kernel.result(await send(code, subshell));
}

function begun(id: string) {
  return kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "execute_input");
}

function ended(id: string): boolean {
  return kernel.of(id).some((m) => m.header.msg_type === "execute_reply");
}

describe("subshells", () => {
  it("are offered, made, listed and deleted on the control channel", async () => {
    expect((await kernel.request("kernel_info_request")).supported_features).toContain("kernel subshells");
    expect(await list()).toEqual([]);
    const [first, second] = [await create(), await create()];
    expect(first).not.toBe(second);
    expect(await list()).toEqual([first, second]);
    expect(await remove(first)).toMatchObject({ status: "ok" });
    expect(await list()).toEqual([second]);
    expect(await remove(first)).toMatchObject({ status: "error", evalue: expect.stringContaining(first) });
    expect(await remove(second)).toMatchObject({ status: "ok" });
  });

  it("run their cells while a cell of the main shell awaits, on the same variables", async () => {
    const subshell = await create();
    const waiting = await send("await gate(); 'through'");
    await begun(waiting);
    const cell = await run("open = true; console.log('from a subshell'); open", subshell);
    expect(cell.reply).toMatchObject({ status: "ok" });
    expect(cell.stdout).toBe("from a subshell\n");
    const { reply, messages, stdout } = await kernel.result(waiting);
    expect(reply.status).toBe("ok");
    expect(stdout).toBe("");
    const result = messages.find((m) => m.header.msg_type === "execute_result");
    expect(result?.content.data).toEqual({ "text/plain": "'through'" });
    await remove(subshell);
  });

  it("see what a cell that awaits has declared by then, and not what it will", async () => {
    const subshell = await create();
    const waiting = await send("const early = [1, 2]; await gate(); const later = 3;");
    await begun(waiting);
    expect((await run("console.log(early.length)", subshell)).stdout).toBe("2\n");
    expect((await run("later", subshell)).reply).toMatchObject({ status: "error", ename: "TS2304" });
    expect((await run("open = true", subshell)).reply.status).toBe("ok");
    await kernel.result(waiting);
    expect((await run("console.log(later)", subshell)).stdout).toBe("3\n");
    await remove(subshell);
  });

  it("the main shell goes on while a cell of theirs awaits", async () => {
    const subshell = await create();
    const waiting = await send("const mine = 5; await gate(); console.log(mine)", subshell);
    await begun(waiting);
    expect((await run("open = true")).reply.status).toBe("ok");
    expect((await kernel.result(waiting)).stdout).toBe("5\n");
    expect((await run("console.log(mine + 1)")).stdout).toBe("6\n");
    await remove(subshell);
  });

  it("keep the order of their own cells, and what each prints stays with it", async () => {
    const [a, b] = [await create(), await create()];
    const print = (name: string) => `for (let i = 0; i < 5; i++) { console.log("${name}", i); await wait(1); }`;
    const ids: (readonly [string, string])[] = [];
    for (const [name, subshell] of [["m1"], ["a1", a], ["b1", b], ["m2"], ["a2", a], ["b2", b]] as const) {
      ids.push([name, await send(print(name), subshell)] as const);
    }
    for (const [name, id] of ids) {
      const { reply, stdout } = await kernel.result(id);
      expect(reply.status).toBe("ok");
      expect(stdout).toBe([0, 1, 2, 3, 4].map((i) => `${name} ${i}\n`).join(""));
    }
    const busy = kernel.received.filter((m) => m.header.msg_type === "execute_reply").map((m) => m.parent.msg_id);
    const at = (name: string) => busy.indexOf(ids.find(([one]) => one === name)![1]);
    for (const shell of ["m", "a", "b"]) expect(at(`${shell}1`)).toBeLessThan(at(`${shell}2`));
    await remove(a);
    await remove(b);
  });

  it("abort what waits behind a failed cell in that shell alone", async () => {
    const subshell = await create();
    const [main, waitsInMain] = [await send("await gate()"), await send("'main goes on'")];
    await begun(main);
    const [failing, behind] = [await send("throw new Error('no')", subshell), await send("'never'", subshell)];
    expect((await kernel.reply(failing)).content).toMatchObject({ status: "error", evalue: "no" });
    expect((await kernel.reply(behind)).content).toMatchObject({ status: "aborted" });
    expect((await run("open = true", subshell)).reply.status).toBe("ok");
    expect((await kernel.reply(waitsInMain)).content).toMatchObject({ status: "ok" });
    await remove(subshell);
  });

  it("an interrupt ends the cells of all shells, one that blocks included; each shell goes on", async () => {
    const subshell = await create();
    const awaiting = await send("await new Promise(() => {})");
    await begun(awaiting);
    const blocking = await send("while (true) {}", subshell);
    await begun(blocking);
    await kernel.interrupt();
    for (const id of [awaiting, blocking]) {
      expect((await kernel.reply(id)).content).toMatchObject({ status: "error", ename: "InterruptedError" });
    }
    expect((await run("console.log(1)")).stdout).toBe("1\n");
    expect((await run("console.log(2)", subshell)).stdout).toBe("2\n");
    await remove(subshell);
  });

  it("answer about code, history and comms while a cell blocks; their own cells run when it has ended", async () => {
    const subshell = await create();
    const go = join(kernel.folder, "go");
    const blocking = await send('while (!existsSync("go")) {}');
    await begun(blocking);
    const queued = await send("'after all'", subshell);
    const asked = await kernel.send(
      "complete_request",
      { code: "gate.leng", cursor_pos: 9 },
      "shell",
      [],
      {},
      subshell,
    );
    try {
      expect((await kernel.reply(asked)).content.matches).toEqual(["length"]);
      expect([ended(blocking), ended(queued)]).toEqual([false, false]);
    } finally {
      writeFileSync(go, "");
    }
    expect((await kernel.result(queued)).reply.status).toBe("ok");
    expect(ended(blocking)).toBe(true);
    rmSync(go);
    await remove(subshell);
  });

  it("that are deleted abort what waits; the cell that runs comes to its end", async () => {
    const subshell = await create();
    const running = await send("await gate(); console.log('to the end')", subshell);
    await begun(running);
    const waiting = await send("'never'", subshell);
    // The kernel has it once it has answered what was sent after it.
    await kernel.request("history_request", { hist_access_type: "tail", n: 1 });
    await remove(subshell);
    expect((await kernel.reply(waiting)).content).toMatchObject({ status: "aborted" });
    await run("open = true");
    expect((await kernel.result(running)).stdout).toBe("to the end\n");
    const late = await send("1", subshell);
    expect((await kernel.reply(late)).content).toMatchObject({ status: "error", ename: "UnknownSubshell" });
  });

  it("count the cells of all shells together, and share the history", async () => {
    const subshell = await create();
    const first = Number((await run("'one'")).reply.execution_count);
    expect((await run("'two'", subshell)).reply.execution_count).toBe(first + 1);
    const { history } = await kernel.request("history_request", { hist_access_type: "tail", n: 2 });
    expect(history).toEqual([
      [1, first, "'one'"],
      [1, first + 1, "'two'"],
    ]);
    await remove(subshell);
  });
});
