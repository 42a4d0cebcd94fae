import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { KernelUnderTest } from "./jupyter-client";

// What is answered while a cell blocks the main thread: it ends only when the answers are there.
let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start({ "helper.ts": "export const factor: number = 6;\n" });
  await kernel.execute(`
    import { execSync } from "node:child_process";
    import { existsSync } from "node:fs";
    import { factor } from "./helper";
    interface Reading { celsius: number; place: string }
    const readings: Reading[] = [{ celsius: 21, place: "hall" }];
    function warmest(all: Reading[]) { return all[0]; }
    const gauge = comms.open("gauge");
    let moved = 0;
    gauge.onMessage(({ data }) => { moved += data.step; });`);
});

afterEach(() => rmSync(join(kernel.folder, "go"), { force: true }));
afterAll(() => kernel?.close());

const BLOCKS = {
  "a loop": 'console.log("here"); while (!existsSync("go")) {}',
  "a synchronous child": 'console.log("here"); execSync("while [ ! -e go ]; do sleep 0.02; done");',
  "a cell that waits for another thread":
    'console.log("here"); const word = new Int32Array(new SharedArrayBuffer(4)); while (!existsSync("go")) Atomics.wait(word, 0, 0, 20);',
};

/** Runs the questions while the cell blocks, then lets it end. */
async function whileBlocked(code: string, questions: () => Promise<void>) {
  return kernel.execute(code, async (id) => {
    await kernel.waitFor((m) => m.parent.msg_id === id && m.content.text === "here\n");
    try {
      await questions();
      expect(kernel.of(id).some((m) => m.header.msg_type === "execute_reply")).toBe(false);
    } finally {
      writeFileSync(join(kernel.folder, "go"), "");
      await kernel.reply(id);
    }
  });
}

async function complete(code: string): Promise<unknown> {
  return (await kernel.request("complete_request", { code, cursor_pos: code.length })).matches;
}

async function inspect(code: string, cursor_pos: number): Promise<string> {
  const { data } = await kernel.request("inspect_request", { code, cursor_pos, detail_level: 0 });
  return Object(data)["text/plain"];
}

describe.each(Object.entries(BLOCKS))("while %s blocks the kernel", (_, code) => {
  it("code is completed, inspected and judged by what earlier cells declared", async () => {
    const { reply } = await whileBlocked(code, async () => {
      expect(await complete("readings[0].")).toEqual(["celsius", "place"]);
      expect(await complete("warm")).toEqual(["warmest"]);
      expect(await complete("factor.toFi")).toEqual(["toFixed"]);
      expect(await complete("twi")).toContain("twice");
      expect(await complete('import {} from "./hel')).toContain("helper");
      expect(await inspect("warmest(readings)", 3)).toBe("warmest(all: Reading[]): Reading");
      expect(await inspect("twice(", 6)).toContain("twice(value: number): number");
      expect(await kernel.request("is_complete_request", { code: "if (x) {" })).toMatchObject({ status: "incomplete" });
    });
    expect(reply).toMatchObject({ status: "ok" });
  });

  it("the history, the open comms and what the kernel is are told", async () => {
    await whileBlocked(code, async () => {
      const { history } = await kernel.request("history_request", { hist_access_type: "search", pattern: "*warmest*" });
      expect(history).toHaveLength(1);
      const { comms } = await kernel.request("comm_info_request", { target_name: "gauge" });
      expect(Object.values(comms as object)).toEqual([{ target_name: "gauge" }]);
      expect(await kernel.request("kernel_info_request")).toMatchObject({ implementation: "blockwise" });
    });
  });

  it("messages of widgets are kept, and taken in order when the cell has ended", async () => {
    const { comms } = await kernel.request("comm_info_request", { target_name: "gauge" });
    const [comm_id] = Object.keys(comms as object);
    const before = await kernel.execute("moved = 0");
    expect(before.reply.status).toBe("ok");
    await whileBlocked(code, async () => {
      for (const step of [1, 2]) await kernel.send("comm_msg", { comm_id, data: { step } });
      // What was sent after them is answered all the same.
      expect(await complete("readings[0].cel")).toEqual(["celsius"]);
    });
    expect((await kernel.execute("console.log(moved)")).stdout).toBe("3\n");
  });
});

it("knows the names of a cell as soon as that has ended, however fast the next one blocks", async () => {
  await kernel.send("execute_request", { code: "const brandNew = { inside: 1 };" });
  await whileBlocked(BLOCKS["a loop"], async () => {
    expect(await complete("brandNew.")).toEqual(["inside"]);
  });
});

it("completes what the cell that runs will have declared, which is the cell before the one that is written", async () => {
  const code = `const soon = { warmth: 1 }; ${BLOCKS["a loop"]} const after = { length: soon.warmth };`;
  await whileBlocked(code, async () => {
    expect(await complete("soon.")).toEqual(["warmth"]);
    expect(await complete("after.len")).toEqual(["length"]);
    expect(await inspect("after", 3)).toContain("length: number");
  });
  // One that fails has declared what it came to.
  await kernel.execute("const reached = 1; throw new Error('no'); const missed = 2;");
  expect(await complete("reache")).toEqual(["reached"]);
  expect(await complete("misse")).toEqual([]);
});

it("asks after code that the compiler cannot answer, and answers the next", async () => {
  const deep = "(".repeat(20_000);
  await whileBlocked(BLOCKS["a loop"], async () => {
    for (const type of ["complete_request", "inspect_request", "is_complete_request"]) {
      await kernel.request(type, { code: deep, cursor_pos: 5 });
    }
    expect(await complete("readings[0].pl")).toEqual(["place"]);
  });
  expect((await kernel.execute("readings.length")).reply.status).toBe("ok");
});
