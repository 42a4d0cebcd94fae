import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Message } from "../../kernel/wire/message";
import { type Executed, KernelUnderTest } from "./jupyter-client";

/**
 * What the public matrix of kernel tests asks of every Jupyter kernel, over the real wire: one check each, and those of
 * protocol 5.5. Each part is looked at more closely in a file of its own.
 */

let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start();
});

afterAll(() => kernel?.close());

const HOST = '(globalThis as any)[Symbol.for("blockwise.notebook")]';
const AWAITS = "console.log('on'); await new Promise((r) => ((globalThis as any).go = r));";

function types({ messages }: Executed): string[] {
  return messages.map((m) => m.header.msg_type);
}

function plain({ messages }: Executed): unknown {
  const shown = messages.find((m) => m.header.msg_type === "execute_result");
  return Object(shown?.content.data)["text/plain"];
}

/** Runs a cell that awaits until what is asked meanwhile was answered. */
async function whileRunning<T>(ask: () => Promise<T>): Promise<T> {
  const id = await kernel.send("execute_request", { code: AWAITS });
  await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
  try {
    const answer = await ask();
    expect(kernel.of(id).some((m) => m.header.msg_type === "execute_reply")).toBe(false);
    return answer;
  } finally {
    // Else every test after one that fails would wait for that cell.
    await kernel.interrupt();
    await kernel.result(id);
  }
}

describe("shell", () => {
  it("beats", async () => expect(await kernel.beat()).toBe("ping"));

  it("describes itself, with the version of the protocol", async () => {
    expect(await kernel.request("kernel_info_request")).toMatchObject({
      status: "ok",
      protocol_version: "5.5",
      supported_features: ["kernel subshells"],
      language_info: { name: "typescript", file_extension: ".ts", mimetype: "text/typescript" },
    });
  });

  it("answers on control too", async () => {
    expect(await kernel.request("kernel_info_request", {}, "control")).toMatchObject({ status: "ok" });
  });

  it("sends busy, input, output, reply and idle", async () => {
    const id = await kernel.send("execute_request", { code: "console.log('hi')" });
    const { stdout } = await kernel.result(id);
    expect(stdout).toBe("hi\n");
    const states = kernel.of(id).flatMap((m) => (m.header.msg_type === "status" ? [m.content.execution_state] : []));
    expect(states).toEqual(["busy", "idle"]);
  });

  it("tells standard output from errors", async () => {
    const cell = await kernel.execute("console.log('out'); console.error('err');");
    expect([cell.stdout, cell.stderr]).toEqual(["out\n", "err\n"]);
  });

  it("shows a result, with its count", async () => {
    const cell = await kernel.execute("6 * 7");
    expect(plain(cell)).toBe("42");
    const shown = cell.messages.find((m) => m.header.msg_type === "execute_result");
    expect(shown?.content.execution_count).toBe(cell.reply.execution_count);
  });

  it("shows what is displayed, updates it and clears it", async () => {
    const cell = await kernel.execute(
      `const h = ${HOST}; h.display({ "text/plain": "1" }, "d"); h.update("d", { "text/plain": "2" }); h.clearOutput(true);`,
    );
    expect(types(cell)).toEqual(["execute_input", "display_data", "update_display_data", "clear_output"]);
  });

  it("reports an error as message and as reply", async () => {
    const cell = await kernel.execute("throw new RangeError('far')");
    expect(cell.reply).toMatchObject({ status: "error", ename: "RangeError", evalue: "far" });
    expect(cell.messages.at(-1)!.content).toMatchObject({ ename: "RangeError", evalue: "far" });
  });

  it("aborts what waits behind an error, and only with stop_on_error", async () => {
    for (const [stop_on_error, status] of [
      [true, "aborted"],
      [false, "ok"],
    ]) {
      const failing = await kernel.send("execute_request", { code: "throw 1", stop_on_error });
      const waiting = await kernel.send("execute_request", { code: "1" });
      await kernel.result(failing);
      expect((await kernel.result(waiting)).reply.status).toBe(status);
    }
  });

  it("keeps silent, and counts nothing, when asked", async () => {
    const { reply } = await kernel.execute("0");
    expect(types(await kernel.execute("console.log(1); 2", undefined, { silent: true }))).toEqual([]);
    await kernel.execute("3", undefined, { store_history: false });
    expect((await kernel.execute("0")).reply.execution_count).toBe(Number(reply.execution_count) + 1);
  });

  it("evaluates the user's expressions, each with its status", async () => {
    const { reply } = await kernel.execute("const seven = 7;", undefined, {
      user_expressions: { good: "seven + 1", bad: "throw 1" },
    });
    expect(reply.user_expressions).toMatchObject({
      good: { status: "ok", data: { "text/plain": "8" } },
      bad: { status: "error" },
    });
  });

  it("completes, counts positions in characters, and replaces the right span", async () => {
    const code = '"😀".toUp';
    const { matches, cursor_start, cursor_end } = await kernel.request("complete_request", { code, cursor_pos: 9 - 1 });
    expect(matches).toContain("toUpperCase");
    expect([cursor_start, cursor_end]).toEqual([4, 8]);
  });

  it("inspects", async () => {
    const { found, data } = await kernel.request("inspect_request", { code: "twice(2)", cursor_pos: 3 });
    expect(found).toBe(true);
    expect(Object(data)["text/plain"]).toContain("Doubles a number");
  });

  it("knows complete, incomplete and invalid code", async () => {
    const judge = async (code: string) => (await kernel.request("is_complete_request", { code })).status;
    expect([await judge("1 + 1"), await judge("if (1) {"), await judge("const = 1")]).toEqual([
      "complete",
      "incomplete",
      "invalid",
    ]);
  });

  it("remembers: tail, range and search", async () => {
    await kernel.execute("'needle'");
    const ask = async (content: Record<string, unknown>) => (await kernel.request("history_request", content)).history;
    expect(await ask({ hist_access_type: "tail", n: 1 })).toEqual([[1, expect.any(Number), "'needle'"]]);
    expect(await ask({ hist_access_type: "search", pattern: "*needle*", n: 5 })).toHaveLength(1);
    expect(await ask({ hist_access_type: "range", session: 0, start: 1, stop: 3 })).toHaveLength(2);
  });
});

describe("stdin", () => {
  it("asks, and takes the answer", async () => {
    const cell = await kernel.execute(
      "await input('name? ')",
      async (id) => {
        const question = await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "input_request");
        expect(question.content).toEqual({ prompt: "name? ", password: false });
        await kernel.answer(question, "Ada");
      },
      { allow_stdin: true },
    );
    expect(plain(cell)).toBe("'Ada'");
  });

  it("does not ask a client that takes no input", async () => {
    const cell = await kernel.execute("await input('name? ')", undefined, { allow_stdin: false });
    expect(cell.reply).toMatchObject({ status: "error" });
  });
});

describe("iopub", () => {
  it("welcomes every subscription", async () => {
    const isWelcome = (m: Message) => m.header.msg_type === "iopub_welcome";
    await kernel.waitFor(isWelcome);
    const other = await kernel.join();
    const { content, parent } = await other.waitFor(isWelcome);
    expect([content, parent]).toEqual([{ subscription: "" }, {}]);
    await other.close();
  });
});

describe("comms", () => {
  it("open, speak and close from the kernel's side, with metadata and bytes", async () => {
    const cell = await kernel.execute(`
      const mine = comms.open("jupyter.widget", { state: { value: 3 } }, [new Uint8Array([1, 2])], { version: "2.1.0" });
      mine.send({ method: "update" }, undefined, { about: 1 }); mine.close();`);
    expect(types(cell).slice(1)).toEqual(["comm_open", "comm_msg", "comm_close"]);
    const [opened, spoken] = cell.messages.slice(1);
    expect(opened!.metadata).toEqual({ version: "2.1.0" });
    expect([...opened!.buffers[0]!]).toEqual([1, 2]);
    expect(spoken!.metadata).toEqual({ about: 1 });
  });

  it("are listed, and hear the front end, metadata and bytes included, while a cell runs", async () => {
    const opener = await kernel.send("execute_request", {
      code: `
      const heard = comms.open("heard");
      heard.onMessage(({ data, metadata, buffers }: any) => console.log(JSON.stringify([data, metadata, buffers.map((b: any) => [...b])])));
      ${HOST}.display({ "text/plain": heard.id });`,
    });
    await kernel.result(opener);
    const { comms } = await kernel.request("comm_info_request", { target_name: "heard" });
    const [comm_id] = Object.keys(Object(comms));
    const printed = await whileRunning(async () => {
      const content = { comm_id, data: { a: 1 } };
      await kernel.send("comm_msg", content, "shell", [new Uint8Array([9])], { version: "2.1.0" });
      // Below the cell that opened the comm, where its widget stands.
      return (await kernel.waitFor((m) => m.parent.msg_id === opener && m.header.msg_type === "stream")).content.text;
    });
    expect(printed).toBe('[{"a":1},{"version":"2.1.0"},[[9]]]\n');
  });
});

describe("while a cell awaits", () => {
  for (const [type, content, answer] of [
    ["kernel_info_request", {}, { status: "ok" }],
    ["complete_request", { code: "Math.ma", cursor_pos: 7 }, { matches: ["max"] }],
    ["inspect_request", { code: "twice(2)", cursor_pos: 3 }, { found: true }],
    ["is_complete_request", { code: "1" }, { status: "complete" }],
    ["history_request", { hist_access_type: "tail", n: 0 }, { history: [] }],
    ["comm_info_request", {}, { status: "ok" }],
  ] as const) {
    it(`answers ${type}`, async () => {
      expect(await whileRunning(() => kernel.request(type, { ...content }))).toMatchObject(answer);
    });
  }
});

describe("control", () => {
  it("interrupts code that blocks and code that awaits", async () => {
    for (const code of ["console.log('on'); while (true) {}", AWAITS]) {
      const cell = await kernel.execute(code, async (id) => {
        await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
        expect(await kernel.interrupt()).toMatchObject({ status: "ok" });
      });
      expect(cell.reply).toMatchObject({ status: "error", ename: "InterruptedError" });
    }
  });

  it("shuts down, and says for a restart that it was one", async () => {
    expect(await kernel.request("shutdown_request", { restart: true }, "control")).toMatchObject({ restart: true });
    expect(await kernel.exited()).toBe(0);
  });
});
