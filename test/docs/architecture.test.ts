import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(__dirname, "../..");
const { forbidden } = require(join(root, ".dependency-cruiser.cjs")) as {
  forbidden: readonly { readonly name: string; readonly comment?: string }[];
};
/** What the checked rules allow, by room. */
const rules = new Map(
  forbidden
    .filter(({ name }) => name.startsWith("room-"))
    .map(({ name, comment = "" }) => [name.slice("room-".length), comment.split("may import: ")[1].split(", ")]),
);
const rows = new Map(
  [...readFileSync(join(root, "docs/architecture.md"), "utf8").matchAll(/^\| `([a-z-]+)` \|.*\| ([^|]+) \|$/gm)].map(
    ([, room, allowed]) => [room, allowed.trim()],
  ),
);
const floors = ["systems", "lab", "cli"];

describe("docs/architecture.md", () => {
  test("has a row for each room that there is or that rules know", () => {
    const there = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect([...rows.keys()].sort()).toEqual([...rules.keys()].sort());
    for (const { name } of there) expect(rows.has(name), name).toBe(true);
  });

  test.each([...rows].filter(([room]) => !floors.includes(room)))(
    "says what %s may import as the rules do",
    (room, allowed) => {
      const named = allowed === "-" ? ["nothing of ours"] : allowed.split(", ");
      expect([...named].sort()).toEqual([...rules.get(room)!].sort());
    },
  );
});
