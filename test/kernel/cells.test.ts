import { join } from "node:path";
import vm from "node:vm";
import * as ts from "@tslab/typescript-for-tslab";
import { describe, expect, it } from "vitest";
import { LineMap } from "../../kernel/cells/line-map";
import { PrintBuffer } from "../../kernel/cells/print-buffer";
import { withCellTimers } from "../../kernel/cells/run-guard";
import { runtimeError } from "../../kernel/cells/traceback";
import { fromCodePoints, toCodePoints } from "../../kernel/cursor";
import { exportedNames } from "../../kernel/language/exported-names";
import { declaredNames, keptDeclarations, withoutReset } from "../../kernel/language/kept-declarations";
import { ENTER_RUN, guardLoops, LOOP_GUARD } from "../../kernel/language/loop-guard";
import { packageNameOf } from "../../kernel/language/package";
import { bindPrelude, preludeImport, withoutImportOf } from "../../kernel/language/prelude";
import { annotateUnnameable } from "../../kernel/language/unnameable-types";
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
    await vm.runInThisContext(`(async () => { ${guardLoops(ts, code, 1)}\n})()`);
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
    const text = guardLoops(ts, "async function f() { 'use strict'; await g(); }", 4);
    expect(text).toMatch(/^async function f\(\) \{ 'use strict'; const __blockwiseRun = .*\(4\); /);
  });

  it("is left alone when nothing awaits", async () => {
    expect(guardLoops(ts, "for (;;) { const f = async () => await null; }", 1)).not.toContain("loop-guard");
    expect(guardLoops(ts, "while (true) {}", 1)).toBe("while (true) {}");
  });

  it("keeps its line numbers", () => {
    const code = "while (true) {\n  await null;\n}\nfor (;;)\n  await 1;\n";
    expect(guardLoops(ts, code, 1).split("\n")).toHaveLength(code.split("\n").length);
  });

  it("gives the cell timers of its own, unless it declares the name", () => {
    expect(withCellTimers("setTimeout(f, 1)", 3)).toMatch(/^const \{ setTimeout \} = .*\(3\); setTimeout/);
    for (const code of ["a.setTimeout(f)", 'const { setTimeout } = require("timers/promises"); setTimeout(1)', "1"]) {
      expect(withCellTimers(code, 3)).toBe(code);
    }
  });
});

describe("a cell that ended early", () => {
  const compiled =
    'Object.defineProperty(exports, "__esModule", { value: true });\nexports.b = exports.a = void 0;\nconst a = 1;\nexports.a = a;';

  it("does not take the values of its names away before it runs", () => {
    const lines = withoutReset(compiled).split("\n");
    expect(lines[1]).toBe("");
    expect(lines).toHaveLength(4);
  });

  it("keeps the declarations of what ran, and all types", () => {
    const declared =
      "declare const a: number, b: string;\ninterface T { x: number }\ndeclare let old: number;\ndeclare class C {}";
    const own = new Set(["a", "b", "T", "C"]);
    const code = `${compiled} const b = f(); exports.b = b; class C {} exports.C = C;`;
    expect(keptDeclarations(ts, declared, own, code, new Set(["a"]))).toBe(
      "declare const a: number;\ninterface T { x: number }",
    );
  });

  it("knows the names it declares", () => {
    const code =
      'import d, { x as y } from "m"; import * as ns from "n"; const { a, b: [c] } = f(); function g() {} class C {} type T = 1;';
    expect([...declaredNames(ts, code)]).toEqual(["d", "y", "ns", "a", "c", "g", "C", "T"]);
  });
});

describe("the line map", () => {
  it("finds lines although types vanished above them and annotations within them", () => {
    const source = "interface A { x: number }\n\nconst a: A = { x: 1 };\ntype B = A;\nthrow new Error('b');";
    const compiled = ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget.ES2022 } }).outputText;
    const lines = compiled.split("\n");
    const map = new LineMap(source, compiled);
    expect(map.sourceLine(lines.findIndex((l) => l.includes("throw")) + 1)).toBe(5);
    expect(map.sourceLine(lines.findIndex((l) => l.includes("x: 1")) + 1)).toBe(3);
    expect(map.sourceLine(99)).toBeUndefined();
  });
});

describe("a traceback", () => {
  it("names the cell's functions and lines, also behind guards, and not how the cell was called", async () => {
    const error = new RangeError("empty");
    error.stack = [
      "RangeError: empty",
      "    at Proxy.get (cell-3.ts:2:5)",
      "    at async cell-3.ts:5:9",
      "    at cell-3.ts:9:3",
      "    at Module._compile (node:internal/modules/cjs/loader:1:1)",
    ].join("\n");
    const located = runtimeError(error, (cell, line) => (line < 9 ? `cell [${cell}] line ${line}` : undefined));
    expect(located.traceback.slice(1)).toEqual(["    at get (cell [3] line 2)", "    at async cell [3] line 5"]);
    const source = "const a: number = 1;\n\nawait f(a);";
    const compiled = guardLoops(ts, "const a = 1;\nexports.a = a;\nexports.tsLastExpr = await f(a);", 7);
    expect(new LineMap(source, compiled).sourceLine(3)).toBe(3);
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
    expect(preludeImport("blockwise", ["a", "b"])).toBe('import "blockwise";\nimport { a, b } from "blockwise";\n');
    expect(preludeImport("blockwise", [])).toBe('import "blockwise";\n');
  });

  it("is not among the declarations that cells leave behind, what they import themselves is", () => {
    const declared = 'declare const x: number;\nimport { a, b } from "blockwise";\nimport { a as c } from "blockwise";';
    expect(withoutImportOf(ts, declared, "blockwise", new Set(["a", "b"]))).toBe(
      'declare const x: number;\nimport { a as c } from "blockwise";',
    );
  });

  it("loads nothing until a name is used, and gives way to a variable of the same name", () => {
    let loaded = 0;
    const scope: Record<string, unknown> = {};
    bindPrelude(scope, ["a", "b"], () => {
      loaded += 1;
      return { a: 1, b: 2 };
    });
    expect(loaded).toBe(0);
    expect(scope.a).toBe(1);
    scope.b = "mine";
    expect([scope.b, Object.keys(scope)]).toEqual(["mine", ["b"]]);
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

  it("annotate only what has a type that cannot be named", () => {
    const annotated = (source: string, at: number[], code = 4023): string | undefined => {
      const place = (offset: number) => ({ offset, line: 0, character: offset });
      return annotateUnnameable(
        ts,
        source,
        at.map((offset) => ({ start: place(offset), end: place(offset + 1), messageText: "", category: 1, code })),
      );
    };
    expect(annotated("const a = f(), b = g()", [6, 15])).toBe("const a: any = f(), b: any = g()");
    expect(annotated("const { a, b: [c] } = f()", [8, 15])).toBe("const { a, b: [c] }: any = f()");
    expect(annotated("const [a] = f()", [7])).toBe("const [a]: any = f()");
    expect(annotated("function f() { return g(); }", [9], 4060)).toBe("function f(): any { return g(); }");
    expect(annotated("class A { p = f(); m() { return f(); } }", [10, 19], 4031)).toBe(
      "class A { p: any = f(); m(): any { return f(); } }",
    );
    expect(annotated('const m = await import("fs")', [6])).toBe(
      'const m: typeof import("fs") & { default: typeof import("fs") } = await import("fs")',
    );
    expect(annotated("const a = f()", [6], 2322)).toBeUndefined();
    expect(annotated("const a: T = f()", [6])).toBeUndefined();
  });
});
