import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as ts from "typescript";
import { describe, expect, it } from "vitest";
import { exportedNames } from "../../kernel/language/exported-names";
import { readPackage } from "../../kernel/language/package";
import { inputsDigest } from "../../scripts/prelude-types";
import { ROOT } from "./jupyter-client";

const { rolledUp, types } = readPackage(ROOT);

/** Of browsers, WebGPU and one package of types: tfjs speaks of them, a notebook has none. */
const ABSENT =
  /'(?:Long|GPU\w+|WebGL\w+|HTML\w+|Image\w+|OffscreenCanvas|Navigator|\w*Audio\w*|Media\w+|RequestI\w+|Response|Request\w*|fetch)'/;

describe("the prelude's types in one file", () => {
  it("are rolled up from the declarations of this build (npm run build)", () => {
    expect(rolledUp && existsSync(rolledUp.types)).toBe(true);
    expect(readFileSync(rolledUp!.types, "utf8").split("\n", 1)[0]).toContain(inputsDigest());
  });

  it("have every public name", () => {
    const missing = exportedNames(ts, types).filter((name) => !rolledUp!.names.includes(name));
    expect(missing).toEqual([]);
  });

  it("have each namespace under its public name", () => {
    const text = readFileSync(rolledUp!.types, "utf8");
    for (const [name, member] of [
      ["tf", "tidy"],
      ["fused", "meanSquaredError"],
      ["ranking", "readTruth"],
    ]) {
      const [, members] = new RegExp(`^declare namespace ${name} \\{\\n  export \\{(.*)\\};$`, "m").exec(text) ?? [];
      expect(
        members?.split(",").some((one) => one.trim().split(" ").at(-1) === member),
        `${name}.${member}`,
      ).toBe(true);
    }
  });

  it("need no other file, and are understood by the kernel's TypeScript", () => {
    const text = readFileSync(rolledUp!.types, "utf8");
    expect(text).not.toMatch(/^(?:import\b|export .* from\b|\/\/\/ <reference)/m);
    const program = ts.createProgram([rolledUp!.types], {
      target: ts.ScriptTarget.ES2022,
      lib: ["lib.es2022.d.ts"],
      types: ["node"],
      typeRoots: [join(ROOT, "node_modules", "@types")],
      skipLibCheck: false,
    });
    const source = program.getSourceFile(rolledUp!.types);
    expect(program.getSyntacticDiagnostics(source)).toEqual([]);
    // Names that cannot be found; packages' own quarrels with newer compilers are theirs.
    const unknown = program
      .getSemanticDiagnostics(source)
      .filter(({ code }) => [2304, 2305, 2307, 2552, 2694, 2315].includes(code))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " "));
    expect([...new Set(unknown)].filter((message) => !ABSENT.test(message))).toEqual([]);
  });
});
