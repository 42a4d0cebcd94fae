import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KernelUnderTest } from "./jupyter-client";

let kernel: KernelUnderTest;

beforeAll(async () => {
  kernel = await KernelUnderTest.start({
    "boom.ts":
      "interface Wide {\n  a: number;\n}\n\nexport function boom(wide: Wide): never {\n  throw new Error('boom ' + wide.a);\n}\n",
    "caller.cts": "type T = 1;\n\nexport = function call(f: () => void) {\n  return f();\n};\n",
  });
});

afterAll(() => kernel.close());

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours
const COLOURS = /\u001b\[\d+m/g;

/** The frames of the error that the cell throws. */
async function frames(code: string): Promise<string[]> {
  const { reply } = await kernel.execute(code);
  expect(reply.status, code).toBe("error");
  const lines = (reply.traceback as string[]).map((line) => line.replace(COLOURS, "").trim());
  return lines.filter((line) => line.startsWith("at ")).map((line) => line.replaceAll(/\[\d+\]/g, "[n]"));
}

describe("a traceback has the lines that were written", () => {
  const cases: [string, string, string[]][] = [
    ["of a throw in an if", "const late = 1;\nif (late)\n  throw new Error('x');", ["at cell [n] line 3"]],
    [
      "of a function, below types and comments",
      "interface Gone {\n  a: number;\n}\n// words\n/* more\n   words */\nfunction inner(g: Gone): never {\n  throw new Error(String(g.a));\n}\n\ninner({ a: 1 });",
      ["at inner (cell [n] line 8)", "at cell [n] line 11"],
    ],
    [
      "of calls spread over lines",
      "function pick(...all: unknown[]): void {}\nfunction fail(): never { throw new Error('x') }\npick(\n  1,\n  fail(),\n);",
      ["at fail (cell [n] line 2)", "at cell [n] line 5"],
    ],
    ["behind an empty catch", "try {\n  null!;\n} catch {\n}\nthrow new Error('x');", ["at cell [n] line 5"]],
    ["behind an enum", "enum E {\n  A,\n  B,\n}\n\nthrow new Error(String(E.A));", ["at cell [n] line 6"]],
    [
      "behind parameters that are properties",
      "class P {\n  constructor(private readonly v: number) {\n    throw new Error(String(v));\n  }\n}\nnew P(1);",
      ["at new P (cell [n] line 3)", "at cell [n] line 6"],
    ],
    [
      "behind a decorator",
      "function d(v: Function, c: ClassDecoratorContext) {}\n@d\nclass D {\n  m(): never {\n    throw new Error('x');\n  }\n}\nnew D().m();",
      ["at D.m (cell [n] line 5)", "at cell [n] line 8"],
    ],
    [
      "after awaits",
      "async function slow(): Promise<void> {\n  await null;\n  throw new Error('x');\n}\n\nawait slow();",
      ["at slow (cell [n] line 3)", "at async cell [n] line 6"],
    ],
    [
      "in a loop that counts",
      "let n = 0;\nfor (let i = 0; i < 3; i++) {\n  n += i;\n  if (n > 2)\n    throw new Error('x');\n}",
      ["at cell [n] line 5"],
    ],
  ];
  it.each(cases)("%s", async (_, code, expected) => {
    expect(await frames(code)).toEqual(expected);
  });

  it("through a local file, by a named import", async () => {
    const [inFile, inCell] = await frames('import { boom } from "./boom";\n\nboom({ a: 1 });');
    expect(inFile).toBe(`at boom (${join(kernel.folder, "boom.ts")}:6:9)`);
    expect(inCell).toBe("at cell [n] line 3");
    const [own, through] = await frames(
      'import call = require("./caller.cjs");\ncall(() => {\n  throw new Error("x");\n});',
    );
    expect(own).toBe("at cell [n] line 3");
    expect(through).toBe(`at call (${join(kernel.folder, "caller.cts")}:4:10)`);
  });

  it("through a function of an earlier cell", async () => {
    await kernel.execute("type Pad = 1;\n\nfunction earlier(): never {\n  throw new Error('x');\n}");
    expect(await frames("interface Pad2 {}\n\nearlier();")).toEqual([
      "at earlier (cell [n] line 4)",
      "at cell [n] line 3",
    ]);
  });
});

describe("a stack that the code itself reads", () => {
  it("has the same lines and nothing of the kernel", async () => {
    const { stdout } = await kernel.execute(
      "type Pad = {\n  a: 1;\n};\nfunction made(): Error {\n  return new Error('x');\n}\nconst error = made();\nconsole.log(error.stack);\nconsole.log(error);",
    );
    const stack = stdout
      .trimEnd()
      .replaceAll(/cell-\d+/g, "cell-n")
      .split("\n");
    const expected = ["Error: x", "    at made (cell-n.ts:5:10)", "    at cell-n.ts:7:15"];
    expect(stack).toEqual([...expected, ...expected]);
  });

  it("of an error without a name, or thrown in a callback of Node, is written too", async () => {
    const { stdout } = await kernel.execute(
      "\nconst holder: { stack?: string } = {};\nError.captureStackTrace(holder);\nconsole.log(holder.stack);\n[1].forEach(() => {\n  console.log(new Error('y').stack);\n});",
    );
    const lines = stdout.replaceAll(/cell-\d+/g, "cell-n");
    expect(lines).toContain("cell-n.ts:3:7");
    expect(lines).toMatch(
      /Error: y\n {4}at cell-n\.ts:6:15\n {4}at Array\.forEach \(<anonymous>\)\n {4}at cell-n\.ts:5:5\n$/,
    );
  });
});
