import * as ts from "@tslab/typescript-for-tslab";
import { describe, expect, it } from "vitest";
import { spellShorthand } from "../../kernel/language/shorthand";

describe("spellShorthand", () => {
  const spelled: [string, string][] = [
    ['lab.teacher("b0", { data, epochs: 1 })', 'lab.teacher("b0", { data: data, epochs: 1 })'],
    ["const o = { a, b: { c } };\no", "const o = { a: a, b: { c: c } };\no"],
    ["({ x = 1 } = y);", "({ x: x = 1 } = y);"],
    ["const { x } = y;", "const { x } = y;"],
    ["import { lab } from 'blockwise';", "import { lab } from 'blockwise';"],
    ["x + 1", "x + 1"],
  ];
  it.each(spelled)("%s", (code, expected) => {
    expect(spellShorthand(ts, code)).toBe(expected);
  });
});
