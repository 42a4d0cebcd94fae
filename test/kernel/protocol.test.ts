import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Executed, KernelUnderTest } from "./jupyter-client";

let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start({
    "helper.ts": "export const factor: number = 6;\n",
    "node_modules/esm-only/package.json": JSON.stringify({
      name: "esm-only",
      version: "1.0.0",
      type: "module",
      exports: { ".": { types: "./index.d.ts", import: "./index.js" } },
    }),
    "node_modules/esm-only/index.js": "export const answer = 42;\n",
    "node_modules/esm-only/index.d.ts": "export declare const answer: number;\n",
  });
});

afterAll(() => kernel.close());

function resultOf({ messages }: Executed): Record<string, unknown> | undefined {
  return messages.find((m) => m.header.msg_type === "execute_result")?.content.data as Record<string, unknown>;
}

function typesOf({ messages }: Executed): string[] {
  return messages.map((m) => m.header.msg_type);
}

describe("the prelude in the first cell", () => {
  it("completes a name that was never imported", async () => {
    const reply = await kernel.request("complete_request", { code: "twi", cursor_pos: 3 });
    expect(reply).toMatchObject({ status: "ok", cursor_start: 0, cursor_end: 3 });
    expect(reply.matches).toContain("twice");
  });

  it("inspects its type and documentation", async () => {
    const reply = await kernel.request("inspect_request", { code: "twice(3)", cursor_pos: 2, detail_level: 0 });
    const text = (reply.data as Record<string, string>)["text/plain"];
    expect(text).toContain("twice(value: number): number");
    expect(text).toContain("Doubles a number.");
  });

  it("completes members after a character outside the basic plane", async () => {
    const code = 'const s = "🙂"; lab.da';
    const reply = await kernel.request("complete_request", { code, cursor_pos: Array.from(code).length });
    expect(reply.matches).toEqual(["data"]);
    expect(reply.cursor_start).toBe(Array.from(code).length - 2);
  });

  it("loads the package only at the first use", async () => {
    expect(resultOf(await kernel.execute("(globalThis as any).preludeLoads ?? 'not loaded'"))).toEqual({
      "text/plain": "'not loaded'",
    });
    expect(resultOf(await kernel.execute("twice(21)"))).toEqual({ "text/plain": "42" });
    expect(resultOf(await kernel.execute("const shape: Shape = await lab.data('x'); [shape.width, loads]"))).toEqual({
      "text/plain": "[ 28, 1 ]",
    });
  });

  it("names types of the package's own dependencies from any folder", async () => {
    const cell = await kernel.execute("const random = generator(1);");
    expect(cell.reply).toMatchObject({ status: "ok" });
    expect(resultOf(await kernel.execute("typeof random.next()"))).toEqual({ "text/plain": "'number'" });
  });

  it("runs a cell whose variable has a type that cannot be named", async () => {
    expect(resultOf(await kernel.execute("const a = 1, secret = hidden(); secret.depth + a"))).toEqual({
      "text/plain": "4",
    });
    expect(resultOf(await kernel.execute("secret.depth"))).toEqual({ "text/plain": "3" });
  });

  it("can be hidden by a variable of the notebook", async () => {
    await kernel.execute("const twice = (text: string) => text + text;");
    expect(resultOf(await kernel.execute('twice("a")'))).toEqual({ "text/plain": "'aa'" });
  });

  it("can be imported by name too", async () => {
    expect(resultOf(await kernel.execute('import { loads as count } from "blockwise"; count'))).toEqual({
      "text/plain": "1",
    });
  });
});

describe("executing cells", () => {
  it("sends input, result and reply with one execution count", async () => {
    const cell = await kernel.execute("1 + 1");
    expect(typesOf(cell)).toEqual(["execute_input", "execute_result"]);
    const [input, result] = cell.messages;
    expect(input!.content.code).toBe("1 + 1");
    expect(result!.content.data).toEqual({ "text/plain": "2" });
    expect(cell.reply).toMatchObject({ status: "ok", execution_count: input!.content.execution_count });
  });

  it("keeps variables, functions and types from cell to cell", async () => {
    await kernel.execute(
      "let total = 40; interface Pair { a: number; b: number }\nfunction sum(p: Pair) { return p.a + p.b; }",
    );
    expect(resultOf(await kernel.execute("total += sum({ a: 1, b: 1 }); total"))).toEqual({ "text/plain": "42" });
  });

  it("allows a const to be declared again", async () => {
    await kernel.execute("const again = 1;");
    expect(resultOf(await kernel.execute("const again = 'two'; again"))).toEqual({ "text/plain": "'two'" });
  });

  it("awaits at the top level", async () => {
    const cell = await kernel.execute(
      "const later = await new Promise<number>((r) => setTimeout(() => r(7), 20)); later",
    );
    expect(resultOf(cell)).toEqual({ "text/plain": "7" });
  });

  it("fails with the position when types are wrong, and does not run the cell", async () => {
    const cell = await kernel.execute('console.log("ran");\nconst n: number = "text";');
    expect(cell.stdout).toBe("");
    expect(cell.reply).toMatchObject({ status: "error", ename: "TS2322" });
    expect(cell.reply.evalue).toMatch(/^2:7 - Type 'string' is not assignable/);
    expect(typesOf(cell)).toEqual(["execute_input", "error"]);
  });

  it("reports a thrown error with name, message and the cell's line, as message and reply", async () => {
    const cell = await kernel.execute(
      "interface Unused { a: number }\n\nfunction fail(): never {\n  throw new RangeError('too far');\n}\nfail();",
    );
    const error = cell.messages.find((m) => m.header.msg_type === "error")!.content;
    expect(error).toMatchObject({ ename: "RangeError", evalue: "too far" });
    expect((error.traceback as string[]).join("\n")).toMatch(/cell \[\d+\] line 4/);
    expect(cell.reply).toMatchObject({ status: "error", ename: "RangeError", evalue: "too far" });
  });

  it("does not run what was sent behind a failing cell", async () => {
    const failing = await kernel.send("execute_request", { code: "throw new Error('first')", stop_on_error: true });
    const behind = await kernel.send("execute_request", { code: "console.log('never')" });
    expect((await kernel.result(failing)).reply.status).toBe("error");
    const aborted = await kernel.result(behind);
    expect(aborted.reply.status).toBe("aborted");
    expect(aborted.stdout).toBe("");
    expect((await kernel.execute("1")).reply.status).toBe("ok");
  });

  it("runs on when the client asks not to stop on errors", async () => {
    const failing = await kernel.send("execute_request", { code: "throw new Error('first')", stop_on_error: false });
    const behind = await kernel.send("execute_request", { code: "console.log('still')" });
    expect((await kernel.result(failing)).reply.status).toBe("error");
    expect((await kernel.result(behind)).stdout).toBe("still\n");
  });

  it("leaves the execution count alone in silence, and shows no value", async () => {
    const before = (await kernel.execute("0")).reply.execution_count;
    const silent = await kernel.execute("123", undefined, { silent: true });
    expect(typesOf(silent)).toEqual([]);
    expect((await kernel.execute("0")).reply.execution_count).toBe(Number(before) + 1);
  });

  it("delivers all of 5,000 printed lines in order, then idle", async () => {
    const cell = await kernel.execute("for (let i = 0; i < 5000; i++) console.log('line ' + i);");
    expect(cell.stdout).toBe(Array.from({ length: 5000 }, (_, i) => `line ${i}\n`).join(""));
    expect(cell.messages.length).toBeLessThan(1000);
  });

  it("keeps printed text, displays and errors in order", async () => {
    const cell = await kernel.execute(
      'const host = (globalThis as any)[Symbol.for("blockwise.notebook")]; console.log("a"); host.display({ "text/plain": "b" }); console.error("c"); throw new Error("d");',
    );
    expect(typesOf(cell)).toEqual(["execute_input", "stream", "display_data", "stream", "error"]);
  });

  it("imports a local file and a package that has only an import export", async () => {
    expect(resultOf(await kernel.execute('import { factor } from "./helper"; factor * 7'))).toEqual({
      "text/plain": "42",
    });
    expect(resultOf(await kernel.execute('import { answer } from "esm-only"; answer'))).toEqual({ "text/plain": "42" });
  });

  it("lives on after an unhandled rejection and an exception in a timer, and shows both", async () => {
    const cell = await kernel.execute(
      'void Promise.reject(new Error("lost promise")); setTimeout(() => { throw new Error("late timer"); }, 5); await new Promise((r) => setTimeout(r, 200)); "alive"',
    );
    expect(cell.stderr).toContain("lost promise");
    expect(cell.stderr).toContain("late timer");
    expect(resultOf(cell)).toEqual({ "text/plain": "'alive'" });
  });
});

describe("showing values", () => {
  it("uses the bundle of a value that shows itself, bytes as base64", async () => {
    expect(resultOf(await kernel.execute('new Shown("hello")'))).toEqual({
      "text/html": "<b>hello</b>",
      "text/plain": "hello",
      "image/png": "AQID",
    });
  });

  it("makes an error in showing the error of the cell", async () => {
    const cell = await kernel.execute('new Shown("broken")');
    expect(cell.reply).toMatchObject({ status: "error", ename: "RangeError", evalue: "cannot be shown" });
  });

  it("updates a display in place by its id", async () => {
    const cell = await kernel.execute("await work(2)");
    const displays = cell.messages.filter((m) => m.header.msg_type.endsWith("display_data"));
    expect(displays.map((m) => [m.header.msg_type, (m.content.data as Record<string, string>)["text/plain"]])).toEqual([
      ["display_data", "0"],
      ["update_display_data", "1"],
      ["update_display_data", "2"],
    ]);
    for (const { content } of displays) expect(content.transient).toEqual({ display_id: "bar" });
  });

  it("offers display to notebooks written for tslab", async () => {
    const cell = await kernel.execute('import * as tslab from "tslab"; tslab.display.html("<i>x</i>");');
    const display = cell.messages.find((m) => m.header.msg_type === "display_data");
    expect(display?.content.data).toEqual({ "text/html": "<i>x</i>" });
  });
});

describe("the rest of the protocol", () => {
  it("describes itself", async () => {
    const info = await kernel.request("kernel_info_request");
    expect(info).toMatchObject({ status: "ok", protocol_version: "5.5", implementation: "blockwise" });
    expect(info.language_info).toMatchObject({ name: "typescript", file_extension: ".ts" });
  });

  it("knows complete from incomplete code", async () => {
    expect(await kernel.request("is_complete_request", { code: "const a = 1;" })).toMatchObject({ status: "complete" });
    expect(await kernel.request("is_complete_request", { code: "function f() {" })).toMatchObject({
      status: "incomplete",
    });
    expect(await kernel.request("is_complete_request", { code: "`open" })).toMatchObject({ status: "incomplete" });
    expect(await kernel.request("is_complete_request", { code: "const = 1" })).toMatchObject({ status: "invalid" });
  });

  it("answers the ports when asked", async () => {
    expect(await kernel.request("connect_request")).toMatchObject({ status: "ok", shell_port: expect.any(Number) });
  });

  it("answers a message type it does not know with an error", async () => {
    expect(await kernel.request("teleport_request")).toMatchObject({ status: "error", ename: "NotSupported" });
    expect(await kernel.request("toString_request")).toMatchObject({ status: "error" });
    expect(await kernel.request("debug_request", {}, "control")).toMatchObject({ status: "error" });
    const nameless = await kernel.send("teleport", {});
    await kernel.waitFor((m) => m.parent.msg_id === nameless && m.content.execution_state === "idle");
  });

  it("refuses a message with a wrong signature or no header, and lives on", async () => {
    const forged = await kernel.sendSigned("execute_request", "another key", { content: { code: "forged = 1" } });
    const empty = await kernel.sendSigned("execute_request", kernel.key, { header: {} });
    const odd = await kernel.sendSigned("execute_request", kernel.key, { content: [] });
    await kernel.result(odd);
    expect((await kernel.execute("'alive'")).reply.status).toBe("ok");
    expect([...kernel.of(forged), ...kernel.of(empty)]).toEqual([]);
  });

  it("beats while a cell blocks the main thread", async () => {
    const beaten = join(kernel.folder, "beaten");
    // It blocks until the beat was answered.
    const code = `import { existsSync } from "node:fs"; while (!existsSync(${JSON.stringify(beaten)})) {}`;
    const cell = await kernel.execute(code, async () => {
      expect(await kernel.beat()).toBe("ping");
      writeFileSync(beaten, "");
    });
    expect(cell.reply.status).toBe("ok");
  });

  it("replies to shutdown and ends", async () => {
    expect(existsSync(kernel.folder)).toBe(true);
    expect(await kernel.request("shutdown_request", { restart: false }, "control")).toMatchObject({ restart: false });
    expect(await kernel.exited()).toBe(0);
  });
});
