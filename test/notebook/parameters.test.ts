import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core";
import { declaredParameters, readParameters, withParameters } from "../../src/notebook";
import { notebookOf } from "./notebooks";

/** A notebook whose parameters are declared by this code. */
function declaring(code: string) {
  return notebookOf([{ code, tags: ["parameters"] }]);
}

/** The value of a parameter `x` whose declaration goes on as given: `= 1`, `: number[] = []`. */
function read(declaration: string, value: string): unknown {
  return readParameters([`x=${value}`], declaring(`let x${declaration};`)).x;
}

function refusal(declaration: string, value: string): string {
  try {
    return `taken as ${JSON.stringify(read(declaration, value))}`;
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
}

describe("readParameters", () => {
  it("leaves text text where the default is one, whatever it looks like", () => {
    for (const text of [
      "1.10",
      "007",
      "1e5",
      "12345678901234567890",
      "null",
      "true",
      "NaN",
      "[1",
      '"open',
      "a=b",
      "",
    ]) {
      for (const declaration of [' = "1.9"', ": string = ''", " = `a`", ' = process.env.ID ?? ""', ' = "a" + 1']) {
        expect(read(declaration, text)).toBe(text);
      }
    }
    expect(read(' = "1.9"', '"1.10"')).toBe("1.10");
    for (const type of ["string | number", "string | number | null", "boolean | string", "any", "Release"]) {
      expect(read(`: ${type} = "1.9"`, "1.10")).toBe("1.10");
    }
    expect(read(': string | number | null = "1.9"', "null")).toBeNull();
  });

  it("takes back whatever number, list or object JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        fc.pre(!Number.isInteger(value) || Number.isSafeInteger(value));
        expect(read(" = 1", JSON.stringify(value))).toBe(JSON.parse(JSON.stringify(value)));
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.string()), (value) => {
        expect(read(": readonly string[] = []", JSON.stringify(value))).toEqual(value);
      }),
    );
    expect([read(" = 1", "+3"), read(" = 1", "4_000_000"), read(" = -0.5", "1e-3")]).toEqual([3, 4e6, 1e-3]);
  });

  it("refuses what is no number where the default is one, saying what was expected", () => {
    for (const declaration of [" = 1", ": number = 1", " = 1 / 3", " = Math.round(2.5)", " = Number(process.env.N)"]) {
      for (const text of [
        "NaN",
        "Infinity",
        "-Infinity",
        "three",
        "",
        "true",
        "null",
        "1e999",
        "0x10",
        "4M",
        '"3"',
        "01",
        "1_",
        "1__0",
        "0b1",
        "1n",
      ]) {
        expect(refusal(declaration, text)).toMatch(/^-p x: must be a number, got /);
      }
    }
    expect(refusal(" = 1", "12345678901234567890")).toContain("to stay exact");
  });

  it("takes true and false alone where the default is one of them", () => {
    for (const declaration of [" = false", ": boolean = true", " = !0", ' = process.env.BLOCKWISE_FAST === "1"']) {
      expect([read(declaration, "true"), read(declaration, "false")]).toEqual([true, false]);
      for (const text of ["True", "yes", "1", "0", "", "null", '"true"']) {
        expect(refusal(declaration, text)).toMatch(/^-p x: must be true or false, got /);
      }
    }
  });

  it("checks lists and objects item by item", () => {
    expect(read(" = [3, 5]", "[7]")).toEqual([7]);
    expect(refusal(" = [3, 5]", '["7"]')).toContain('item 1 must be a number, not "7"');
    expect(refusal(": number[][] = []", "[[1], [null]]")).toContain("item 1 must be a number, not null");
    expect(refusal(" = [3, 5]", "7")).toContain("must be a list");
    expect(refusal(" = [3, 5]", "[7,")).toContain("quote it for the shell");
    expect(refusal(" = [3, 5]", "[NaN]")).toContain("must be a list");
    expect(refusal(" = [3, 5]", "[1e999]")).toContain("to stay exact");
    expect(refusal(" = [3, 5]", "[12345678901234567890]")).toContain("to stay exact");
    expect(read(' = ["a"]', '["12345678901234567890"]')).toEqual(["12345678901234567890"]);
    expect(read(' = { macs: "4M", share: 0.5 }', '{"macs":"2M","share":1}')).toEqual({ macs: "2M", share: 1 });
    expect(refusal(' = { macs: "4M" }', '{"mac":"2M"}')).toContain("did you mean macs?");
    expect(refusal(' = { macs: "4M", share: 1 }', '{"macs":"2M"}')).toContain("must have share too");
    expect(refusal(' = { macs: "4M" }', '{"macs":2}')).toContain("macs must be text, not 2");
    expect(refusal(": Record<string, number> = {}", '{"a":"b"}')).toContain('a must be a number, not "b"');
  });

  it("takes one of the choices that a type names", () => {
    const sampler = ': "fair" | "uniform" = "fair"';
    expect(read(sampler, "uniform")).toBe("uniform");
    expect(refusal(sampler, "unifrom")).toContain("did you mean uniform?");
    expect(read(": number | undefined = undefined", "3")).toBe(3);
    expect(read(": number | null = 1", "null")).toBeNull();
    expect(refusal(": number | null = 1", "NaN")).toContain("must be a number or null");
    expect(read(": string | number = 1", "1.10")).toBe(1.1);
    expect(read(": string | null = null", "1.10")).toBe("1.10");
  });

  it("asks for quotes where a number and a text are allowed and the value is written like neither", () => {
    for (const text of ["NaN", "True", "0x10", "007", "null", ""]) {
      expect(refusal(": number | string = 1", text)).toContain(`if text is meant, quote it: 'x="${text}"'`);
      expect(read(": number | string = 1", `"${text}"`)).toBe(text);
      expect(read(': number | string = "a"', text)).toBe(text);
    }
    expect([read(": number | string = 1", "1.10"), read(": number | string = 1", "a")]).toEqual([1.1, "a"]);
  });

  it("takes JSON as such, and the rest as text, where the default does not tell its type", () => {
    const unknown = " = load()";
    for (const [text, value] of [
      ["3", 3],
      ["true", true],
      ["null", null],
      ['{"a":[1]}', { a: [1] }],
      ["my images", "my images"],
      ['"3"', "3"],
    ] as const) {
      expect(read(unknown, text)).toEqual(value);
    }
    for (const text of [
      ...["NaN", "True", "FALSE", "undefined", "None", "-Infinity", "-inf", "[1", "{a: 1}", '"open', ""],
      ...["12345678901234567890", "0x10", "01", "007.5", "+3", ".5", "5.", "1_000", "1e999", "5n"],
    ]) {
      expect(refusal(unknown, text)).toMatch(/^-p x: /);
    }
    for (const text of ["1.10.2", "2026-11-29", "v1", "1e3x", "-", "n", "no"]) expect(read(unknown, text)).toBe(text);
    expect([read(unknown, "1e3"), read(unknown, "1.10"), read(unknown, '""')]).toEqual([1000, 1.1, ""]);
  });

  it("refuses a parameter whose default neither JSON nor text can replace", () => {
    for (const code of ["5n", "-5n", "new Date(0)", "() => 1", "/a/"]) {
      expect(refusal(` = ${code}`, "7")).toContain(`and its default is ${code}; declare one of these instead`);
    }
  });

  it("refuses a name that the notebook does not declare, and proposes the nearest", () => {
    const notebook = declaring("let seed = 1;\nlet blockCounts: number[] = [2];");
    expect(() => readParameters(["sede=2"], notebook)).toThrow(/seed, blockCounts; did you mean seed\?/);
    expect(() => readParameters(["blockcount=2"], notebook)).toThrow(/did you mean blockCounts\?/);
    expect(() => readParameters(["banana=2"], notebook)).toThrow(/must be a parameter of the notebook: seed, block/);
    expect(() => readParameters(["seed=1"], notebookOf([{ code: "1" }]))).toThrow(/a cell tagged `parameters`/);
    for (const given of ["seed", "=3", "my-seed=3"]) {
      expect(() => readParameters([given], notebook)).toThrow(/must be name=value/);
    }
  });
});

describe("declaredParameters", () => {
  it("knows the variables at the top of the tagged cell, however they are written", () => {
    const notebook = declaring(
      "// let no = 1;\nlet seed: number = 1, name = 'a'; // why\nconst kernels: readonly number[] = [\n  3,\n];\n{ let inner = 2; }\nlet later: string;",
    );
    expect([...declaredParameters(notebook)].map(([name, { annotation }]) => [name, annotation])).toEqual([
      ["seed", "number"],
      ["name", undefined],
      ["kernels", "readonly number[]"],
      ["later", "string"],
    ]);
  });
});

describe("withParameters", () => {
  const defaults = "let seed: number = 1;\nconst name = 'a';\nlet kernels: readonly number[] = [3];";
  const notebook = notebookOf([{ markdown: "# Words" }, { code: defaults, tags: ["parameters"] }, { code: "seed" }]);

  it("puts a cell behind the defaults, with the types that they declare", () => {
    const { cells } = withParameters(notebook, { seed: 3, name: 'b"', kernels: [5, 7], more: { a: 1 } });
    expect(cells.map(({ id }) => id)).toEqual(["cell-0", "cell-1", "injected-parameters", "cell-2"]);
    expect(cells[2].metadata.tags).toEqual(["injected-parameters"]);
    expect(cells[2].source.split("\n").slice(1)).toEqual([
      "let seed: number = 3;",
      'let name = "b\\"";',
      "let kernels: readonly number[] = [5,7];",
      'let more = {"a":1};',
    ]);
  });

  it("keeps keys that code would take for something else", () => {
    const value = JSON.parse('{"__proto__":{"a":1},"b":"\\"__proto__\\":"}');
    const line = withParameters(notebook, { value }).cells[2].source.split("\n")[1];
    const read = new Function(`${line} return value;`)();
    expect(JSON.stringify(read)).toBe(JSON.stringify(value));
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it("sets a parameter to undefined where its type names that", () => {
    expect(withParameters(notebook, { name: undefined }).cells[2].source).toContain("let name = undefined;");
  });

  it("keeps the sign of a zero", () => {
    const notebook = declaring("let x = 1;");
    expect(withParameters(notebook, readParameters(["x=-0"], notebook)).cells.at(-1)!.source).toContain("let x = -0;");
  });

  it("replaces the cell of an earlier run, and changes nothing without parameters", () => {
    const once = withParameters(notebook, { seed: 3 });
    const twice = withParameters(once, { name: "c" });
    expect(twice.cells).toHaveLength(once.cells.length);
    expect(twice.cells[2].source).not.toContain("seed");
    expect(withParameters(notebook, {})).toBe(notebook);
  });

  it("comes first where no cell is tagged", () => {
    const { cells } = withParameters(notebookOf([{ code: "seed" }]), { seed: 1 });
    expect(cells[0].source).toContain("let seed = 1;");
  });
});
