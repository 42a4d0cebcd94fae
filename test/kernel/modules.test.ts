import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelUnderTest } from "./jupyter-client";

let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start({
    "dir/index.ts": 'export const index = "of a folder";\n',
    "view.tsx":
      'const h = (tag: string) => "<" + tag + ">";\nexport const view = (items: string[]) => items.map(h).join("");\n',
    "esm.mts": "export const url = import.meta.url;\nexport const folder = import.meta.dirname;\n",
    "common.cts": "const here = __dirname;\nexport = { here };\n",
    "plain.cjs": "module.exports = { kind: 'cjs', file: __filename };\n",
    "native.mjs": "export default 'mjs';\nexport const two = 2;\n",
    "data.json": JSON.stringify({ rows: [1, 2, 3] }),
    "round-a.ts": 'import { b } from "./round-b";\nexport const a = () => "a" + b();\nexport const base = "base";\n',
    "round-b.ts": 'import { base } from "./round-a";\nexport const b = () => "b" + base;\n',
    "waits.ts": "export const late = await new Promise<string>((done) => setTimeout(() => done('late'), 10));\n",
    "waits-above.ts": 'import { late } from "./waits";\nexport const above = late + " above";\n',
    "outer.ts": 'import { inner } from "./inner";\nexport const outer = () => "outer " + inner;\n',
    "inner.ts": "export const inner = 1;\n",
    "live.ts": "export let count = 0;\nexport const up = () => { count += 1; };\n",
    "bare.ts": 'console.log("ran");\n',
  });
});

afterAll(() => kernel.close());

async function printed(code: string): Promise<string> {
  const { reply, stdout } = await kernel.execute(code);
  expect(reply, code).toMatchObject({ status: "ok" });
  return stdout.trimEnd();
}

function write(name: string, text: string): void {
  const file = join(kernel.folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

describe("local files", () => {
  const cases: [string, string, string | (() => string)][] = [
    ["a folder's index", 'import { index } from "./dir"; console.log(index);', "of a folder"],
    [".tsx", 'import { view } from "./view"; console.log(view(["b"]));', "<b>"],
    [
      ".mts, with import.meta",
      'import { url, folder } from "./esm.mjs"; console.log(url.endsWith("/esm.mts"), folder);',
      () => `true ${kernel.folder}`,
    ],
    [".cts, with __dirname", 'import common = require("./common.cjs"); console.log(common.here);', () => kernel.folder],
    [
      ".cjs",
      'import plain from "./plain.cjs"; console.log(plain.kind, plain.file);',
      () => `cjs ${join(kernel.folder, "plain.cjs")}`,
    ],
    [".mjs", 'import mine, { two } from "./native.mjs"; console.log(mine, two);', "mjs 2"],
    ["JSON", 'import data from "./data.json"; console.log(data.rows.length);', "3"],
    [
      "JSON with its attribute",
      'import rows from "./data.json" with { type: "json" }; console.log(rows.rows[1]);',
      "2",
    ],
    ["JSON by require", 'const read = require("./data.json"); console.log(read.rows[2]);', "3"],
    ["circular ones", 'import { a } from "./round-a"; console.log(a());', "abbase"],
    ["that await at their top level", 'import { above } from "./waits-above"; console.log(above);', "late above"],
    ["by import()", 'const later = await import("./waits"); console.log(later.late);', "late"],
    ["with an extension", 'import { index } from "./dir/index.ts"; console.log(index);', "of a folder"],
    ["live bindings", 'import { count, up } from "./live"; up(); up(); console.log(count);', "2"],
    ["only run", 'import "./bare";', "ran"],
    [
      "import.meta of the cell",
      "console.log(import.meta.dirname === __dirname, import.meta.url.startsWith('file://'));",
      "true true",
    ],
    ["__dirname of the cell", "console.log(__dirname);", () => kernel.folder],
  ];
  it.each(cases)("%s", async (_, code, result) => {
    expect(await printed(code)).toBe(typeof result === "string" ? result : result());
  });

  it("are read again when they or what they import was changed", async () => {
    const use = 'import { outer } from "./outer"; console.log(outer());';
    expect(await printed(use)).toBe("outer 1");
    expect(await printed(use)).toBe("outer 1");
    write("inner.ts", 'export const inner = "two";\n');
    expect(await printed(use)).toBe("outer two");
    write("data.json", JSON.stringify({ rows: [1], more: true }));
    expect(await printed('import data from "./data.json"; console.log(data.more, data.rows.length);')).toBe("true 1");
    write("plain.cjs", "module.exports = { kind: 'changed' };\n");
    expect(await printed('import plain from "./plain.cjs"; console.log(plain.kind);')).toBe("changed");
  });

  it("keep their state while nobody changes them", async () => {
    expect(await printed('import { count } from "./live"; console.log(count);')).toBe("2");
  });

  it("may appear after an import that failed, packages too", async () => {
    const file = 'import { born } from "./born"; console.log(born);';
    expect((await kernel.execute(file)).reply).toMatchObject({ ename: "TS2307" });
    write("born.ts", 'import { grown } from "grown";\nexport const born = grown + 1;\n');
    expect((await kernel.execute(file)).reply).toMatchObject({ ename: "TS2307" });
    write("node_modules/grown/package.json", JSON.stringify({ name: "grown", version: "1.0.0", types: "index.d.ts" }));
    write("node_modules/grown/index.js", "exports.grown = 41;\n");
    write("node_modules/grown/index.d.ts", "export declare const grown: number;\n");
    expect(await printed(file)).toBe("42");
  });

  it("that throw are run anew by the next import", async () => {
    write("fails.ts", 'throw new Error("first");\nexport const fine = 1;\n');
    const use = 'import { fine } from "./fails"; console.log(fine);';
    expect((await kernel.execute(use)).reply).toMatchObject({ ename: "Error", evalue: "first" });
    write("fails.ts", "export const fine = 2;\n");
    expect(await printed(use)).toBe("2");
  });
});
