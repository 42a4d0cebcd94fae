import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Executed, KernelUnderTest, ROOT } from "./jupyter-client";

let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start();
  await kernel.execute(`
    let kept = 0;
    const odd = (key: string, property: PropertyDescriptor): Error => Object.defineProperty(new Error("told"), key, property);
    const no = (): never => { throw new TypeError("not yours"); };
    const trap = new Proxy(new Error("told"), { get: no, has: no, getPrototypeOf: no, ownKeys: no, getOwnPropertyDescriptor: no });
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();`);
});

afterAll(() => kernel?.close());

function textOf({ messages }: Executed): string | undefined {
  const result = messages.find((m) => m.header.msg_type === "execute_result");
  return result && Object(result.content.data)["text/plain"];
}

/** The lines of the traceback, without colours. */
function traceback({ reply }: Executed): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  return (reply.traceback as string[]).join("\n").replace(/\x1b\[\d+m/g, "");
}

const THROWN: Record<string, string> = {
  "an error whose stack is a number": 'odd("stack", { value: 5 })',
  "an error whose stack throws": 'odd("stack", { get: no })',
  "an error whose cause throws": 'odd("cause", { get: no })',
  "an error whose message throws": 'odd("message", { get: no })',
  "an error whose message is no text": 'odd("message", { value: { a: 1 } })',
  "an error whose name throws": 'odd("name", { get: no })',
  "an error whose inner errors throw": 'odd("errors", { get: no })',
  "an error whose code throws": 'odd("code", { get: no, enumerable: true })',
  "a Proxy whose traps throw": "trap",
  "a revoked Proxy": "revoked",
  "an object whose inspection throws": '({ [Symbol.for("nodejs.util.inspect.custom")]: no })',
  "an object without a prototype": "Object.create(null)",
  "a symbol": 'Symbol("s")',
  null: "null",
  undefined: "undefined",
  "a number": "5",
};

describe("what a cell throws", () => {
  for (const [what, value] of Object.entries(THROWN)) {
    it(`is shown and hurts nothing: ${what}`, async () => {
      const cell = await kernel.execute(`throw ${value}`);
      expect(cell.reply.status).toBe("error");
      expect(cell.messages.at(-1)!.header.msg_type).toBe("error");
      const late = await kernel.execute(
        `setTimeout(() => { throw ${value}; }, 1); await new Promise((r) => setTimeout(r, 20));`,
      );
      expect(late.reply.status).toBe("ok");
      expect(late.stderr).toMatch(/^uncaught: /);
      const rejected = await kernel.execute(
        `void Promise.reject(${value}); await new Promise((r) => setTimeout(r, 20));`,
      );
      expect(rejected.stderr).toMatch(/^uncaught: /);
    });
  }

  it("shows the errors in an AggregateError, causes of causes, and what an error has of its own", async () => {
    const all = traceback(
      await kernel.execute('await Promise.any([Promise.reject(new RangeError("one")), Promise.reject("two")])'),
    );
    expect(all).toMatch(
      /AggregateError: All promises were rejected.*error 1 of 2: RangeError: one.*error 2 of 2: 'two'/s,
    );
    const deep = traceback(
      await kernel.execute('throw new Error("a", { cause: new Error("b", { cause: new TypeError("c") }) })'),
    );
    expect(deep).toMatch(/Error: a.*caused by Error: b.*caused by TypeError: c/s);
    const plain = traceback(
      await kernel.execute('throw Object.assign(new Error("h"), { status: 404, body: { id: 1 } })'),
    );
    expect(plain).toContain("{ status: 404, body: { id: 1 } }");
  });
});

describe("what a cell shows", () => {
  it("is printed where looking at it throws", async () => {
    expect(textOf(await kernel.execute("trap"))).toContain("told");
    expect(textOf(await kernel.execute("revoked"))).toBe("<Revoked Proxy>");
    expect(textOf(await kernel.execute('({ get data() { throw new Error("mine"); } })'))).toBe("{ data: [Getter] }");
  });

  it("is a promise as Node prints it, alone and inside of others, and a timer without the kernel's marks", async () => {
    expect(textOf(await kernel.execute("Promise.resolve(5)"))).toBe("Promise { 5 }");
    expect(textOf(await kernel.execute("({ p: new Promise(() => {}) })"))).toBe("{ p: Promise { <pending> } }");
    expect((await kernel.execute("console.log([Promise.resolve('x')])")).stdout).toBe("[ Promise { 'x' } ]\n");
    expect(textOf(await kernel.execute("setTimeout(() => {}, 1)"))).not.toContain("kResourceStore");
  });

  it("can be saved as UTF-8: halves of characters become the replacement character, whole ones stay", async () => {
    for (const code of [
      'console.log("x" + "😀"[0])',
      'throw new Error("x" + "😀"[0])',
      '"x" + "😀"[1]',
      '({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "x" + "😀"[0] }) })',
    ]) {
      const { messages } = await kernel.execute(code);
      const all = JSON.stringify(messages.map((m) => m.content));
      expect(all, code).not.toMatch(/(?<!\\)(?:\\\\)*\\ud[89a-f]/);
    }
    const { stdout } = await kernel.execute(String.raw`console.log("\\ud83d 😀")`);
    expect(stdout).toBe("\\ud83d 😀\n");
  });

  it("is what its Jupyter.display gives, at once or later, with its text", async () => {
    const show = async (method: string) => {
      const { messages } = await kernel.execute(`({ [Symbol.for("Jupyter.display")]: ${method} })`);
      return messages.find((m) => m.header.msg_type === "execute_result")?.content.data;
    };
    expect(await show('() => ({ "text/html": "<b>7</b>", "text/plain": "7" })')).toEqual({
      "text/html": "<b>7</b>",
      "text/plain": "7",
    });
    expect(await show('async () => ({ "text/html": "<b>7</b>" })')).toMatchObject({ "text/html": "<b>7</b>" });
    expect(await show("() => undefined")).toMatchObject({ "text/plain": expect.stringContaining("Jupyter.display") });
  });

  it("is what its Jupyter.display gives with BigInts in it: as numbers where they are exact, as nodejs-polars has them", async () => {
    const rows = "[{ id: 5n, big: 2n ** 70n, rate: 0.5 }]";
    const { messages } = await kernel.execute(`({ [Symbol.for("Jupyter.display")]: () => ({
      "application/vnd.dataresource+json": { data: ${rows} }, "text/plain": "frame" }) })`);
    expect(messages.find((m) => m.header.msg_type === "execute_result")?.content.data).toEqual({
      "application/vnd.dataresource+json": { data: [{ id: 5, big: "1180591620717411303424", rate: 0.5 }] },
      "text/plain": "frame",
    });
  });

  it("is a table where it is arquero's own", async () => {
    const { messages } = await kernel.execute(`
      const { table } = require("node:module").createRequire(${JSON.stringify(join(ROOT, "package.json"))})("arquero");
      table({ n: [1, 2], name: ["x", null], big: [1n, 2n] })`);
    const data = Object(messages.find((m) => m.header.msg_type === "execute_result")?.content.data);
    expect(data["text/plain"]).toBe("|n|name|big|\n|-:|:-|:-|\n|1|x|1|\n|2|null|2|\n");
    expect(data["text/html"]).toMatch(/^<table>.*<td style="text-align: right;">2<\/td>/s);
  });

  it("is a table where it is one of arquero's, by its own methods", async () => {
    const { messages } = await kernel.execute(`({
      numRows: () => 250, columnNames: () => ["a"],
      toHTML: ({ limit }: any) => "<table>" + limit + "</table>", toMarkdown: () => "|a|" })`);
    expect(messages.find((m) => m.header.msg_type === "execute_result")?.content.data).toEqual({
      "text/html": "<table>100</table><p>100 of 250 rows</p>",
      "text/plain": "|a|\n100 of 250 rows",
    });
  });
});

describe("timers that a test replaces", () => {
  it("are replaced in cells too", async () => {
    const cell = await kernel.execute(`
      const { mock } = require("node:test");
      mock.timers.enable(["setTimeout"]);
      let hits = 0;
      setTimeout(() => hits++, 1e9);
      mock.timers.tick(1e9);
      mock.timers.reset();
      console.log(hits);`);
    expect(cell.stdout).toContain("1\n");
  });
});

describe("console.clear", () => {
  it("removes what the cell has printed", async () => {
    const { messages } = await kernel.execute('console.log("before"); console.clear(); console.log("behind");');
    expect(messages.map((m) => m.header.msg_type)).toEqual(["execute_input", "stream", "clear_output", "stream"]);
    expect(messages.at(-1)!.content.text).toBe("behind\n");
  });
});
