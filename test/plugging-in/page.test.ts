import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/** The examples of the tests beside this one, by name, without their indentation. */
function examples(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of readdirSync(__dirname).filter((name) => name.endsWith(".test.ts") && name !== "page.test.ts")) {
    const text = readFileSync(join(__dirname, file), "utf8");
    for (const [, indent, name, code] of text.matchAll(/^( *)\/\/ docs: (\S+)\n([\s\S]*?)^ *\/\/ end$/gm)) {
      found.set(name, code.replaceAll(new RegExp(`^${indent}`, "gm"), "").trimEnd());
    }
  }
  return found;
}

test("the examples of docs/plugging-in.md are those of the tests, word for word, and all of them", () => {
  const page = readFileSync(join(__dirname, "../../docs/plugging-in.md"), "utf8");
  const shown = new Map(
    [...page.matchAll(/<!-- docs: (\S+) -->\n```ts\n([\s\S]*?)\n```/g)].map(([, name, code]) => [name, code]),
  );
  const tested = examples();
  expect(tested.size).toBeGreaterThan(8);
  expect([...shown.keys()].sort()).toEqual([...tested.keys()].sort());
  for (const [name, code] of tested) expect(shown.get(name), name).toBe(code);
});
