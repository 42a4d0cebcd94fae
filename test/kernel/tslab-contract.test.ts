import { readFileSync } from "node:fs";
import { createConverter, isCompleteCode } from "tslab/dist/converter";
import { createExecutor } from "tslab/dist/executor";
import * as jupyter from "tslab/dist/jupyter";
import { afterAll, describe, expect, it } from "vitest";

// The kernel builds on private parts of tslab: what it relies on is written down here.
const logged: unknown[] = [];
const errors: unknown[][] = [];
const converter = createConverter();
const converted: ReturnType<typeof converter.convert>[] = [];
const node = {
  ...converter,
  convert: (previous: string, source: string) => {
    const result = converter.convert(previous, source);
    converted.push(result);
    return result;
  },
};
const executor = createExecutor(
  process.cwd(),
  { node, browser: converter, close() {} },
  { log: (value) => logged.push(value), error: (...args) => errors.push(args) },
);

afterAll(() => converter.close());

describe("tslab's private parts", () => {
  it("are those of 1.0.22", () => {
    expect(JSON.parse(readFileSync(require.resolve("tslab/package.json"), "utf8")).version).toBe("1.0.22");
  });

  it("call a converter that was replaced, and log only the last expression", async () => {
    expect(await executor.execute("const x: number = 20; x; x + 1")).toBe(true);
    expect(converted.at(-1)).toMatchObject({ diagnostics: [], lastExpressionVar: "tsLastExpr" });
    expect(logged).toEqual([21]);
  });

  it("skip running, but keep the declarations, when the converter yields no output", async () => {
    const original = node.convert;
    node.convert = (previous, source) => ({ ...original(previous, source), output: undefined });
    const run = executor.execute("let never = 1;");
    node.convert = original;
    expect(await run).toBe(true);
    expect(executor.locals.never).toBeUndefined();
    expect(executor.complete("nev", 3).candidates).toContain("never");
  });

  it("look variables up through the prototype of the locals", async () => {
    Object.setPrototypeOf(executor.locals, { never: 7 });
    expect(await executor.execute("never")).toBe(true);
    expect(logged.at(-1)).toBe(7);
  });

  it("pass one argument to error for a thrown value, five for a problem of types", async () => {
    errors.length = 0;
    expect(await executor.execute("throw new RangeError('r')")).toBe(false);
    expect(errors).toHaveLength(1);
    expect(errors[0]![0]).toBeInstanceOf(RangeError);
    errors.length = 0;
    expect(await executor.execute("const n: number = ''")).toBe(false);
    expect(errors[0]).toHaveLength(5);
    expect(converted.at(-1)!.diagnostics[0]).toMatchObject({ code: 2322, start: { line: 0, character: 6, offset: 6 } });
  });

  it("give up an awaiting cell on interrupt", async () => {
    const run = executor.execute("await new Promise(() => {})");
    executor.interrupt();
    expect(await run).toBe(false);
  });

  it("take property names in patterns for variables of earlier cells, which hidePatternNames prevents", () => {
    const earlier = "declare const rows: { name: string }[];";
    expect(converter.convert(earlier, "rows.map(({ name: n }) => n)").output).toContain("{ exports, name: n }");
  });

  it("inspect, complete and judge completeness", () => {
    const parts = executor.inspect("x", 1)?.displayParts ?? [];
    expect(parts.map(({ text }) => text).join("")).toBe("const x: number");
    expect(isCompleteCode("if (x) {").completed).toBe(false);
    expect("lastWriteDisplayData" in jupyter).toBe(true);
  });
});
