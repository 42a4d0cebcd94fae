import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelUnderTest } from "./jupyter-client";

let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start();
});

afterAll(() => kernel.close());

/** What the last of the cells shows as text; fails when one of them does. */
async function shown(...cells: string[]): Promise<string | undefined> {
  let text: string | undefined;
  for (const code of cells) {
    const { reply, messages } = await kernel.execute(code);
    expect(reply, code).toMatchObject({ status: "ok" });
    const result = messages.find((m) => m.header.msg_type === "execute_result");
    text = (result?.content.data as Record<string, string> | undefined)?.["text/plain"];
  }
  return text;
}

async function failure(code: string): Promise<Record<string, unknown>> {
  const { reply } = await kernel.execute(code);
  expect(reply.status, code).toBe("error");
  return reply;
}

describe("a variable is one for all cells", () => {
  const cases: [string, string[], string][] = [
    ["assigned later", ["let count = 0; function bump() { return ++count }", "count = 100; bump()"], "101"],
    ["read after a function wrote it", ["let hits = 0; const hit = () => { hits += 1 };", "hit(); hit()", "hits"], "2"],
    [
      "an object put in another's place",
      ["let box = { n: 1 }; const peek = () => box.n;", "box = { n: 7 }", "peek()"],
      "7",
    ],
    ["declared again", ["const rate = 1; const double = () => rate * 2;", "const rate = 21;", "double()"], "42"],
    [
      "a function declared again",
      [
        "function step() { return 'old' } function walk() { return step() }",
        "function step() { return 'new' }",
        "walk()",
      ],
      "'new'",
    ],
    [
      "a class declared again",
      [
        "class Animal { say() { return 'old' } } const make = () => new Animal().say();",
        "class Animal { say() { return 'new' } }",
        "make()",
      ],
      "'new'",
    ],
    [
      "seen by a timer",
      [
        "let phase = 'early'; const late = new Promise((done) => { const look = setInterval(() => { if (phase === 'early') return; clearInterval(look); done(phase); }, 1); });",
        "phase = 'late'; await late",
      ],
      "'late'",
    ],
    [
      "destructured",
      ["let { p, q: [r] } = { p: 1, q: [2] }; const sum = () => p + r;", "[p, r] = [10, 20]; sum()"],
      "30",
    ],
    ["of the head of a for", ["for (var turn = 0; turn < 3; turn++) {}", "turn"], "3"],
    ["a var within a block", ["if (true) { var inner = 5; } const see = () => inner;", "inner = 6; see()"], "6"],
    [
      "an enum, made anew",
      ["enum Colour { Red, Green = 5 }", "enum Colour { Blue = 9 }", "[Colour.Blue, 'Red' in Colour]"],
      "[ 9, false ]",
    ],
    ["a const enum", ["const enum Level { Low = 3 }", "Level.Low"], "3"],
    [
      "a namespace, two cells later",
      ["namespace N { export const a = 5; export interface T { b: number } }", "1", "const t: N.T = { b: N.a }; t.b"],
      "5",
    ],
    [
      "of the global scope",
      ["declare global { var shared: number } globalThis.shared = 4;", "shared += 1", "globalThis.shared"],
      "5",
    ],
    [
      "exported, as pasted from a module",
      ["export const pasted = 7; export function twicePasted() { return pasted * 2 }", "twicePasted()"],
      "14",
    ],
    ["exported as the default", ["export default class Page { size = 3 }", "new Page().size"], "3"],
    ["imported by require", ["import nodePath = require('path');", "nodePath.basename('/a/b')"], "'b'"],
    [
      "under the name of a global",
      ["let name = 1; const process = { pid: 'mine' };", "name += 1; [name, process.pid]"],
      "[ 2, 'mine' ]",
    ],
    [
      "a generator's",
      ["let limit = 2; function* upTo() { for (let i = 0; i < limit; i++) yield i }", "limit = 4; [...upTo()].length"],
      "4",
    ],
  ];
  it.each(cases)("%s", async (_, cells, result) => {
    expect(await shown(...cells)).toBe(result);
  });

  it("given as a parameter, reaches the functions of the cell that has its default", async () => {
    await shown("let seed = 1; function seeded() { return seed * 2 }", "seed = 10;");
    expect(await shown("seeded()")).toBe("20");
  });

  it("is a constant to the checker where it was declared so", async () => {
    await shown("const fixed = 1;");
    expect(await failure("fixed = 2")).toMatchObject({ ename: "TS2588" });
    expect(await shown("fixed")).toBe("1");
  });
});

describe("numbers that a loop counts", () => {
  it("are exact in the loop, behind it and for functions called in it", async () => {
    expect(await shown("let s = 0; for (let i = 0; i < 1e5; i++) s += i", "s")).toBe("4999950000");
    expect(
      await shown(
        "let seenBy = 0; const look = () => seenBy; let saw = 0; for (seenBy = 0; seenBy < 5; seenBy++) saw += look();",
        "saw",
      ),
    ).toBe("10");
    expect(await shown("let down = 9; outer: while (true) { for (;;) { if (--down < 4) break outer; } }", "down")).toBe(
      "3",
    );
    expect(
      await shown(
        "let odd = 0, even = 0; for (const n of [1, 2, 3]) n % 2 ? odd++ : (even = even + n);",
        "[odd, even]",
      ),
    ).toBe("[ 2, 2 ]");
    expect(
      await shown("let i1 = 0; const taken: number[] = []; do taken.push(i1++, i1); while (i1 < 2)", "taken.join()"),
    ).toBe("'0,1,1,2'");
  });

  it("are what they were when the loop threw", async () => {
    await failure("let reached = 0; for (;;) { reached += 2; if (reached > 6) throw new Error('enough'); }");
    expect(await shown("reached")).toBe("8");
  });

  it("are kept when the loop is interrupted, and at each await", async () => {
    await kernel.execute("let endless = 0;\nconsole.log('on');\nwhile (true) endless++;", async (id) => {
      await kernel.waitFor((m) => m.parent.msg_id === id && m.header.msg_type === "stream");
      await kernel.interrupt();
    });
    expect(await shown("endless > 0")).toBe("true");
    expect(
      await shown(
        "let waited = 0; let other = 0; const t = setTimeout(() => { other = waited }, 0); while (!other) { waited++; await new Promise(setImmediate) }",
        "other > 0 && other <= waited",
      ),
    ).toBe("true");
  });

  it("are seen by code that is made of text", async () => {
    expect(
      await shown(
        "let told = 0; const heard: number[] = []; for (let i = 0; i < 3; i++) { told += i; heard.push(new Function('return told')()); }",
        "heard.join()",
      ),
    ).toBe("'0,1,3'");
  });
});

describe("syntax of today", () => {
  const cases: [string, string[], string][] = [
    ["findLast and toSorted", ["[[1, 2, 3].findLast((n) => n < 3), [3, 1].toSorted()[0]]"], "[ 2, 1 ]"],
    ["crypto", ["crypto.randomUUID().length"], "36"],
    [
      "using, in a block",
      ["let log = ''; { using r = { [Symbol.dispose]() { log += 'gone' } }; log += 'in ' } log"],
      "'in gone'",
    ],
    ["using, at the top level", ["using held = { v: 3, [Symbol.dispose]() {} }; held.v"], "3"],
    [
      "decorators of the standard",
      [
        "function tag(value: Function, context: ClassDecoratorContext) { Object.assign(value, { tag: context.name }) }\n@tag class Tagged { declare static tag: string }",
        "Tagged.tag",
      ],
      "'Tagged'",
    ],
    [
      "satisfies and const type parameters",
      ["const pick = <const T extends readonly string[]>(all: T): T[0] => all[0]; pick(['a', 'b'])"],
      "'a'",
    ],
    ["accessor fields", ["class Acc { accessor v = 2 } new Acc().v"], "2"],
    [
      "a cell that is one for await",
      ["async function* gen() { yield 1; yield 2 } let got = 0;", "for await (const g of gen()) got += g", "got"],
      "3",
    ],
    ["a promise, as what it is", ["Promise.resolve(5)"], "Promise { 5 }"],
    ["a promise within an object", ["({ p: Promise.resolve([1]) })"], "{ p: Promise { [ 1 ] } }"],
    ["null", ["null"], "null"],
  ];
  it.each(cases)("%s", async (_, cells, result) => {
    expect(await shown(...cells)).toBe(result);
  });

  it("nested too deeply is an error, and later cells work", async () => {
    for (const code of [
      `${"(".repeat(5000)}1${")".repeat(5000)}`,
      `"a"${".trim()".repeat(3000)}`,
      `const f = ${"() => ".repeat(5000)}1`,
    ]) {
      expect(String((await failure(code)).evalue)).toContain("nested too deeply");
    }
    expect(await shown("[1].map((n) => n + 1)")).toBe("[ 2 ]");
  });
});

describe("a tsconfig.json beside the notebook", () => {
  it("says how strictly cells are checked, by which decorators, and with which library", async () => {
    const compilerOptions = { strict: true, lib: ["es2021"], experimentalDecorators: true };
    const strict = await KernelUnderTest.start({ "tsconfig.json": JSON.stringify({ compilerOptions }) });
    try {
      const nulls = await strict.execute("const n: number = null;");
      expect(nulls.reply).toMatchObject({ status: "error", ename: "TS2322" });
      expect((await strict.execute("[1].findLast((n) => n)")).reply).toMatchObject({ ename: "TS2550" });
      const old = await strict.execute(
        "function old(value: Function) { console.log(arguments.length) }\n@old class Old {}",
      );
      expect(old.stdout).toBe("1\n");
    } finally {
      await strict.close();
    }
  });
});
