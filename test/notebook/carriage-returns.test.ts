import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lastState } from "../../src/notebook/carriage-returns";
import type { Notebook } from "../../src/notebook/notebook-file";
import { stripVolatile } from "../../src/notebook/strip-volatile";

describe("printed text with carriage returns", () => {
  it("is what a terminal shows in the end", () => {
    for (const [text, shown] of [
      ["\r0 of 9\r1 of 9\r9 of 9\n", "9 of 9\n"],
      ["abc\rX\n", "Xbc\n"],
      ["abc\r", "abc"],
      ["one\r\ntwo\r\r\n", "one\ntwo\n"],
      ["\u001b[31mred\u001b[0m\r\u001b[32mok\u001b[0m\n", "\u001b[32mok\u001b[0m\n"],
      ["a\rb\nc\rd", "b\nd"],
    ] as const) {
      expect(lastState(text)).toBe(shown);
    }
  });

  it("without any is as it was, and what is shown stays when it is shown again", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const plain = text.replaceAll("\r", "");
        expect(lastState(plain)).toBe(plain);
        expect(lastState(lastState(text))).toBe(lastState(text));
      }),
    );
  });

  it("is stored so, also where the bar came in many messages", () => {
    const stream = (text: string) => ({ output_type: "stream" as const, name: "stdout", text });
    const outputs = Array.from({ length: 2001 }, (_, i) => stream(`\r${i} of 2000`)).concat(stream("\n"));
    const notebook = {
      metadata: {},
      nbformat: 4,
      nbformat_minor: 5,
      cells: [{ cell_type: "code", id: "a", metadata: {}, source: "", outputs }],
    };
    const [cell] = stripVolatile(notebook as unknown as Notebook).cells;
    expect(cell.outputs).toEqual([stream("2000 of 2000\n")]);
  });
});
