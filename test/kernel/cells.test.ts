import { join } from "node:path";
import vm from "node:vm";
import * as ts from "typescript";
import { describe, expect, it } from "vitest";
import { PrintBuffer } from "../../kernel/cells/print-buffer";
import { runtimeError } from "../../kernel/cells/traceback";
import { fromCodePoints, toCodePoints } from "../../kernel/language/cursor";
import { outlineOf } from "../../kernel/language/declared-names";
import { exportedNames } from "../../kernel/language/exported-names";
import { ENTER_RUN, guardLoops, LOOP_GUARD } from "../../kernel/language/loop-guard";
import { packageNameOf } from "../../kernel/language/package";
import { originalColumn, Rank, TextEdits } from "../../kernel/language/text-edits";
import { PRELUDE } from "./jupyter-client";

describe("guarded code", () => {
  async function calls(code: string): Promise<number> {
    let count = 0;
    const guard = (run: number, value: unknown) => {
      expect(run).toBe(1);
      count += 1;
      return value;
    };
    Object.defineProperty(globalThis, LOOP_GUARD, { value: guard, configurable: true });
    Object.defineProperty(globalThis, ENTER_RUN, { value: (run: number) => run, configurable: true });
    await vm.runInThisContext(`(async () => { ${guardLoops(ts, code, 1).text}\n})()`);
    return count;
  }

  it("asks at each turn of a loop that awaits, whatever its form, and after each await", async () => {
    expect(await calls("for (let i = 0; i < 3; i++) await null;")).toBe(6);
    expect(await calls("let i = 0; while (i++ < 3) { await null; }")).toBe(6);
    expect(await calls("let i = 0; do await null; while (++i < 3)")).toBe(6);
    expect(await calls("for (const x of [1, 2]) { if (x) await null; }")).toBe(4);
    expect(await calls("for await (const x of [1, 2]) x;")).toBe(2);
    expect(await calls("for (let i = 0; i < 2; i++) for (const k in { a: 1 }) await null;")).toBe(6);
    expect(await calls("(await (await { then(f) { f([7]); } })[0]);")).toBe(2);
  });

  it("asks in async functions on behalf of the run that calls them, directives first", async () => {
    expect(await calls("const f = async () => { while (true) { await null; break; } }; await f();")).toBe(3);
    expect(await calls("await (async function () { 'use strict'; await null; })();")).toBe(2);
    const text = guardLoops(ts, "async function f() { 'use strict'; await g(); }", 4).text;
    expect(text).toMatch(/^async function f\(\) \{ 'use strict'; const __blockwiseRun = .*\(4\); /);
  });

  it("calls a function at each turn of a loop that calls or multiplies, and leaves plain loops alone", () => {
    const guarded = (code: string) => guardLoops(ts, code, 1).text;
    expect(guarded("for (;;) f();")).toBe("for (;;) {__blockwiseTurn();f();}");
    expect(guarded("while (f());")).toBe("while (f()){__blockwiseTurn();;}");
    expect(guarded("do { f`x`; } while (x)")).toBe("do {__blockwiseTurn(); f`x`; } while (x)");
    expect(guarded("for (;;) for (const x of y) x")).toBe(
      "for (;;) {__blockwiseTurn();for (const x of y) {__blockwiseTurn();x}}",
    );
    expect(guarded("for (;;) { const f = async () => await null; }")).not.toContain("loop-guard");
    for (const plain of ["while (true) {}", "for (let i = 0; i < n; i++) sum += values[i];", "f(); g(1 * 2);"]) {
      expect(guarded(plain)).toBe(plain);
    }
  });

  it("keeps its line numbers", () => {
    const code = "while (true) {\n  await null;\n}\nfor (;;)\n  await 1;\n";
    expect(guardLoops(ts, code, 1).text.split("\n")).toHaveLength(code.split("\n").length);
  });
});

describe("the outline of a cell", () => {
  it("has the names that it declares, with a value or without", () => {
    const code =
      'import d, { x as y } from "m"; import * as ns from "n"; const { a, b: [c] } = f(); function g() {} class C {} type T = 1; declare const o: 1; for (var i = 0; ; ) { var j = 1; let k; }';
    const { values, types } = outlineOf(ts, code);
    expect([...values.keys()]).toEqual(["d", "y", "ns", "a", "c", "g", "C", "i", "j"]);
    expect([...types]).toEqual(["T", "o"]);
  });
});

describe("edits of a text", () => {
  it("know where each place was", () => {
    const edits = new TextEdits();
    edits.insert(2, Rank.open, "+++");
    edits.replace(5, 6, "long", "ab cd\nef");
    const edited = edits.apply("ab cd\nef", ">>");
    expect(edited.text).toBe(">>ab+++ cdlong\nef");
    const places = [0, 3, 5, 8, 9].map((column) => originalColumn(edited, 0, column));
    expect(places).toEqual([0, 1, 2, 3, 4]);
    expect(originalColumn(edited, 1, 1)).toBe(1);
  });
});

describe("a traceback", () => {
  it("names the cell's functions and lines, and not how the cell was called", () => {
    const error = new RangeError("empty");
    error.stack = [
      "RangeError: empty",
      "    at get (cell-3.ts:2:5)",
      "    at async cell-3.ts?7:5:9",
      "    at Module._compile (node:internal/modules/cjs/loader:1:1)",
    ].join("\n");
    const { traceback } = runtimeError(error);
    expect(traceback.slice(1)).toEqual(["    at get (cell [3] line 2)", "    at async cell [3] line 5"]);
  });
});

describe("the print buffer", () => {
  it("passes the first lines at once and loses nothing in a flood", () => {
    const out: string[] = [];
    const buffer = new PrintBuffer(({ text }) => out.push(text));
    buffer.print({ name: "stdout", cell: 1, text: "first\n" });
    expect(out).toEqual(["first\n"]);
    for (let i = 0; i < 20_000; i++) buffer.print({ name: "stdout", cell: 1, text: `${i}\n` });
    buffer.flush();
    expect(out.join("")).toBe(`first\n${Array.from({ length: 20_000 }, (_, i) => `${i}\n`).join("")}`);
    // However long it takes: on a machine in a hurry there are 50 in each window and one that joins the rest.
    expect(out.length).toBeLessThan(20_000);
  });
});

describe("the prelude", () => {
  it("takes the names from the declarations, through files re-exported", () => {
    const names = exportedNames(ts, join(PRELUDE, "index.d.ts"));
    expect(names).toEqual("Shape Shown clearOutput comms generator hidden input lab loads page twice work".split(" "));
  });
});

describe("small things", () => {
  it("convert cursor positions to code points and back", () => {
    const text = "a🙂b";
    expect(fromCodePoints(text, 2)).toBe(3);
    expect(toCodePoints(text, 3)).toBe(2);
  });

  it("know the package of an import", () => {
    expect(["a/b/c", "@s/p/x", "plain"].map(packageNameOf)).toEqual(["a", "@s/p", "plain"]);
  });
});
