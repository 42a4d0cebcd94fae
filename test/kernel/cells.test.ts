import { join } from "node:path";
import vm from "node:vm";
import * as ts from "@tslab/typescript-for-tslab";
import type { Diagnostic } from "tslab/dist/converter";
import { describe, expect, it } from "vitest";
import { LineMap } from "../../kernel/cells/line-map";
import { PrintBuffer } from "../../kernel/cells/print-buffer";
import { fromCodePoints, toCodePoints } from "../../kernel/cursor";
import { exportedNames } from "../../kernel/language/exported-names";
import { guardLoops, LOOP_GUARD } from "../../kernel/language/loop-guard";
import { packageNameOf } from "../../kernel/language/package";
import { bindPrelude, preludeImport } from "../../kernel/language/prelude";
import { annotateUnnameable } from "../../kernel/language/unnameable-types";
import { PRELUDE } from "./jupyter-client";

describe("guarded loops", () => {
  async function turns(code: string): Promise<number> {
    let calls = 0;
    Object.defineProperty(globalThis, LOOP_GUARD, { value: () => calls++, configurable: true });
    await vm.runInThisContext(`(async () => { ${guardLoops(ts, code, 1)}\n})()`);
    return calls;
  }

  it("call the guard once a turn when they await, whatever their form", async () => {
    expect(await turns("for (let i = 0; i < 3; i++) await null;")).toBe(3);
    expect(await turns("let i = 0; while (i++ < 3) { await null; }")).toBe(3);
    expect(await turns("let i = 0; do await null; while (++i < 3)")).toBe(3);
    expect(await turns("for (const x of [1, 2]) { if (x) await null; }")).toBe(2);
    expect(await turns("for await (const x of [1, 2]) x;")).toBe(2);
    expect(await turns("for (let i = 0; i < 2; i++) for (const k in { a: 1 }) await null;")).toBe(4);
  });

  it("are left alone when only a function inside awaits", async () => {
    expect(guardLoops(ts, "for (;;) { const f = async () => { await null; }; }", 1)).not.toContain("loop-guard");
    expect(guardLoops(ts, "while (true) {}", 1)).toBe("while (true) {}");
  });

  it("keep their line numbers", () => {
    const code = "while (true) {\n  await null;\n}\nfor (;;)\n  await 1;\n";
    expect(guardLoops(ts, code, 1).split("\n")).toHaveLength(code.split("\n").length);
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

describe("the print buffer", () => {
  it("passes the first lines at once and loses nothing in a flood", () => {
    const out: string[] = [];
    const buffer = new PrintBuffer(({ text }) => out.push(text));
    buffer.print({ name: "stdout", cell: 1, text: "first\n" });
    expect(out).toEqual(["first\n"]);
    for (let i = 0; i < 20_000; i++) buffer.print({ name: "stdout", cell: 1, text: `${i}\n` });
    buffer.flush();
    expect(out.join("")).toBe(`first\n${Array.from({ length: 20_000 }, (_, i) => `${i}\n`).join("")}`);
    expect(out.length).toBeLessThan(10_000);
  });
});

describe("the prelude", () => {
  it("takes the names from the declarations, through files re-exported", () => {
    const names = exportedNames(ts, join(PRELUDE, "index.d.ts"));
    expect(names).toEqual(["Shape", "Shown", "generator", "hidden", "lab", "loads", "twice", "work"]);
    expect(preludeImport("blockwise", ["a", "b"])).toBe('import { a, b } from "blockwise";');
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

  it("annotate only variables whose type cannot be named", () => {
    const at = (offset: number, code = 2742): Diagnostic => {
      const place = { offset, line: 0, character: offset };
      return { start: { ...place, offset: offset - 1 }, end: place, messageText: "", category: 1, code };
    };
    expect(annotateUnnameable("const a = f(), b = g()", [at(7), at(16)])).toBe("const a: any = f(), b: any = g()");
    expect(annotateUnnameable("const a = f()", [at(7), at(7, 2322)])).toBeUndefined();
    expect(annotateUnnameable("const [a] = f()", [at(8)])).toBeUndefined();
  });
});
