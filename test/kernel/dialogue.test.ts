import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Executed, KernelUnderTest } from "./jupyter-client";

// What goes both ways: input, comms, history, expressions, several clients, output that comes late or large.
let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start();
});

afterAll(() => kernel.close());

function ofType(cell: Executed, type: string): Record<string, unknown>[] {
  return cell.messages.filter((m) => m.header.msg_type === type).map((m) => m.content);
}

describe("asking the user", () => {
  const asking = (content: Record<string, unknown>, answer?: (id: string) => Promise<void>): Promise<Executed> =>
    kernel.execute("const told = await input('Name? ', { password: true }); told", answer, content);
  const question = (id: string) =>
    kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "input_request");

  it("sends the question to the client of the cell and goes on with its answer", async () => {
    const cell = await asking({ allow_stdin: true }, async (id) => {
      const asked = await question(id);
      expect(asked.content).toEqual({ prompt: "Name? ", password: true });
      await kernel.answer(asked, "Ada\u{1F642}");
    });
    expect(ofType(cell, "execute_result")[0]?.data).toEqual({ "text/plain": "'Ada\u{1F642}'" });
  });

  it("fails with what to do where the client takes no input", async () => {
    const cell = await asking({ allow_stdin: false });
    expect(cell.reply).toMatchObject({ status: "error", ename: "ConfigError" });
    expect(cell.reply.evalue).toContain("allow_stdin");
  });

  it("is ended by an interrupt, and a late answer goes to nobody", async () => {
    let asked: Awaited<ReturnType<typeof question>>;
    const cell = await asking({ allow_stdin: true }, async (id) => {
      asked = await question(id);
      await kernel.interrupt();
    });
    expect(cell.reply).toMatchObject({ status: "error", ename: "InterruptedError" });
    const next = await asking({ allow_stdin: true }, async (id) => {
      const again = await question(id);
      await kernel.answer(asked, "late");
      await kernel.answer(again, "in time");
    });
    expect(ofType(next, "execute_result")[0]?.data).toEqual({ "text/plain": "'in time'" });
  });
});

describe("comms", () => {
  it("carry messages and bytes both ways, and their listeners print under the message", async () => {
    await kernel.execute(
      `let counted = 0;
       comms.onOpen("counter", (comm, { data }) => {
         comm.onMessage(({ data, buffers }) => {
           counted += data.step;
           console.log("counted", counted);
           comm.send({ counted }, [new Uint8Array(buffers[0]).reverse()]);
         });
         comm.onClose(() => { counted = -1; });
         comm.send({ welcome: data.name });
       });`,
    );
    const opened = await kernel.send("comm_open", { comm_id: "c1", target_name: "counter", data: { name: "front" } });
    const first = await kernel.waitFor((m) => m.parent.msg_id === opened && m.header.msg_type === "comm_msg");
    expect(first.content).toEqual({ comm_id: "c1", data: { welcome: "front" } });
    expect((await kernel.request("comm_info_request", { target_name: "counter" })).comms).toEqual({
      c1: { target_name: "counter" },
    });
    expect((await kernel.request("comm_info_request", { target_name: "other" })).comms).toEqual({});

    const bytes = [new Uint8Array([1, 2, 3])];
    const sent = await kernel.send("comm_msg", { comm_id: "c1", data: { step: 2 } }, "shell", bytes);
    const back = await kernel.waitFor((m) => m.parent.msg_id === sent && m.header.msg_type === "comm_msg");
    expect([back.content.data, [...back.buffers[0]!]]).toEqual([{ counted: 2 }, [3, 2, 1]]);
    await kernel.waitFor((m) => m.parent.msg_id === sent && m.content.text === "counted 2\n");

    await kernel.send("comm_close", { comm_id: "c1", data: {} });
    const after = await kernel.execute("counted");
    expect(ofType(after, "execute_result")[0]?.data).toEqual({ "text/plain": "-1" });
    expect((await kernel.request("comm_info_request")).comms).toEqual({});
  });

  it("are opened by cells too", async () => {
    const cell = await kernel.execute('const mine = comms.open("view", { a: 1 }); mine.send(5); mine.close(); mine.id');
    const types = ["comm_open", "comm_msg", "comm_close"];
    expect(cell.messages.map((m) => m.header.msg_type).filter((type) => types.includes(type))).toEqual(types);
    expect(ofType(cell, "comm_open")[0]).toMatchObject({ target_name: "view", data: { a: 1 } });
    expect((await kernel.execute("mine.send(6)")).reply.evalue).toContain("comm view: it must be open");
  });

  it("that a cell opened print below that cell, also opened later by its timers and listeners", async () => {
    const code = `function open(word: string): string {
        const comm = comms.open("view");
        comm.onMessage(({ data }) => console.log(word, data.name, data.name === "more" ? open("third") : ""));
        return comm.id;
      }
      const early = open("first");
      setTimeout(() => console.log("both", early, open("second")), 1);
      "shown";`;
    let id = "";
    const opened = await kernel.execute(code, async (request) => {
      id = request;
    });
    expect(opened.reply.evalue).toBeUndefined();
    const below = (text: string) =>
      kernel.waitFor((m) => m.parent.msg_id === id && `${m.content.text}`.startsWith(text));
    const [, first, second] = String((await below("both")).content.text)
      .trim()
      .split(" ");
    await kernel.execute("'another cell'");
    await kernel.send("comm_msg", { comm_id: second, data: { name: "two" } });
    await below("second two");
    await kernel.send("comm_msg", { comm_id: first, data: { name: "more" } });
    const [, third] = String((await below("first more")).content.text)
      .trim()
      .split(" ")
      .slice(1);
    await kernel.send("comm_msg", { comm_id: third, data: { name: "three" } });
    await below("third three");
  });

  it("nobody waits for are closed at once", async () => {
    const id = await kernel.send("comm_open", { comm_id: "c9", target_name: "none", data: {} });
    const closed = await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "comm_close");
    expect(closed.content.comm_id).toBe("c9");
  });
});

describe("history", () => {
  it("has what was stored in this session: the tail, a range, and what a search finds", async () => {
    const first = Number((await kernel.execute("'past' + 1")).reply.execution_count);
    await kernel.execute("'past' + 2");
    await kernel.execute("'not kept'", undefined, { store_history: false });
    await kernel.execute("'not heard'", undefined, { silent: true });
    await kernel.execute("'past' + 1");
    const ask = async (content: Record<string, unknown>) =>
      (await kernel.request("history_request", { raw: true, output: false, ...content })).history;

    expect(await ask({ hist_access_type: "tail", n: 2 })).toEqual([
      [1, first + 1, "'past' + 2"],
      [1, first + 2, "'past' + 1"],
    ]);
    expect(await ask({ hist_access_type: "tail", n: 1, output: true })).toEqual([
      [1, first + 2, ["'past' + 1", "'past1'"]],
    ]);
    expect(await ask({ hist_access_type: "range", session: 0, start: first, stop: first + 1 })).toEqual([
      [1, first, "'past' + 1"],
    ]);
    expect(await ask({ hist_access_type: "range", session: -1, start: 0, stop: 99 })).toEqual([]);
    expect(await ask({ hist_access_type: "search", pattern: "'past' + ?", n: 2 })).toHaveLength(2);
    expect(await ask({ hist_access_type: "search", pattern: "*past*", unique: true })).toEqual([
      [1, first + 1, "'past' + 2"],
      [1, first + 2, "'past' + 1"],
    ]);
    expect(await ask({ hist_access_type: "search", pattern: "past" })).toEqual([]);
  });
});

describe("what comes with a cell", () => {
  it("answers the expressions asked for, each with its own error", async () => {
    const { reply } = await kernel.execute("const side = 3;", undefined, {
      user_expressions: {
        area: "side ** 2",
        wrong: "side.nothing",
        thrown: "(() => { throw new RangeError('no'); })()",
      },
    });
    expect(reply.user_expressions).toMatchObject({
      area: { status: "ok", data: { "text/plain": "9" }, metadata: {} },
      wrong: { status: "error", ename: "TS2339" },
      thrown: { status: "error", ename: "RangeError", evalue: "no" },
    });
  });

  it("clears outputs, and pages at the end", async () => {
    const cell = await kernel.execute("console.log('a'); clearOutput({ wait: true }); page('long text');");
    expect(cell.messages.map((m) => m.header.msg_type)).toEqual(["execute_input", "stream", "clear_output"]);
    expect(ofType(cell, "clear_output")).toEqual([{ wait: true }]);
    expect(cell.reply.payload).toEqual([{ source: "page", data: { "text/plain": "long text" }, start: 0 }]);
  });

  it("broadcasts nothing in silence, errors included, and goes on behind them", async () => {
    const silent = await kernel.send("execute_request", {
      code: "console.log('x'); throw new Error('y')",
      silent: true,
    });
    const behind = await kernel.send("execute_request", { code: "console.log('z')" });
    const cell = await kernel.result(silent);
    expect([cell.messages, cell.reply.evalue]).toEqual([[], "y"]);
    expect((await kernel.result(behind)).stdout).toBe("z\n");
  });

  it("counts and remembers nothing without store_history, but shows the result", async () => {
    const before = (await kernel.execute("0")).reply.execution_count;
    const cell = await kernel.execute("'shown'", undefined, { store_history: false });
    expect(ofType(cell, "execute_result")[0]).toMatchObject({ execution_count: before });
  });
});

describe("output", () => {
  it("arrives complete and in order: 50,000 lines, then idle", async () => {
    const cell = await kernel.execute("for (let i = 0; i < 50_000; i++) console.log('line ' + i);");
    expect(cell.stdout === Array.from({ length: 50_000 }, (_, i) => `line ${i}\n`).join("")).toBe(true);
    // However slowly it prints, lines are joined.
    expect(cell.messages.length).toBeLessThan(10_000);
  });

  it("may be 10 MB at once, printed and shown", async () => {
    const printed = await kernel.execute("console.log('x'.repeat(10_000_000))");
    expect(printed.stdout.length).toBe(10_000_001);
    const shown = await kernel.execute("new Shown('y'.repeat(10_000_000))");
    const [{ data }] = ofType(shown, "execute_result") as [{ data: Record<string, string> }];
    expect(data["text/plain"]).toHaveLength(10_000_000);
  });

  it("stays with the cell that started it, though it comes from a timer, a promise, a stream or an error", async () => {
    const starts = await kernel.send("execute_request", {
      code: `import { readFile } from "node:fs";
        const say = (text: string) => console.log(text);
        setTimeout(() => say("timer"), 100);
        void (async () => { await new Promise((r) => setTimeout(r, 120)); process.stdout.write("promise\\n"); })();
        readFile("/dev/null", () => say("file"));
        setTimeout(() => { throw new RangeError("thrown late"); }, 140);
        setTimeout(() => void Promise.reject(new RangeError("rejected late")), 160);`,
    });
    await kernel.result(starts);
    const running = await kernel.execute("await new Promise((r) => setTimeout(r, 400)); say('mine');");
    const after = await kernel.execute("1");
    expect([running.stdout, running.stderr, after.stdout]).toEqual(["mine\n", "", ""]);
    const { stdout, stderr } = await kernel.result(starts);
    expect(stdout.trim().split("\n").sort()).toEqual(["file", "promise", "timer"]);
    expect(stderr).toContain("uncaught: \u001b[31mRangeError\u001b[0m: thrown late");
    expect(stderr).toContain("rejected late");
  });
});

describe("two clients", () => {
  it("get their own replies and questions, share the state and see each other's outputs", async () => {
    const second = await kernel.join();
    try {
      const mine = await kernel.send("execute_request", { code: "let shared = 1; console.log('first'); shared" });
      const theirs = await second.send("execute_request", {
        code: "console.log('second'); shared + Number(await input('n'))",
        allow_stdin: true,
      });
      const asked = await second.waitFor((m) => m.parent.msg_id === theirs && m.header.msg_type === "input_request");
      await second.answer(asked, "41");
      expect((await kernel.result(mine)).stdout).toBe("first\n");
      const result = await second.result(theirs);
      expect(ofType(result, "execute_result")[0]?.data).toEqual({ "text/plain": "42" });
      await kernel.waitFor((m) => m.parent.msg_id === theirs && m.content.text === "second\n");
      const toFirst = kernel.of(theirs).map((m) => m.header.msg_type);
      expect(toFirst).not.toContain("execute_reply");
      expect(toFirst).not.toContain("input_request");
    } finally {
      await second.close();
    }
  });
});
