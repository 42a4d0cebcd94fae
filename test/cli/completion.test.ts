import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blockwise } from "./blockwise";

const folder = mkdtempSync(join(tmpdir(), "completion-"));
const script = join(folder, "blockwise.bash");
const cli = join(__dirname, "../../dist/src/cli/main.js");

beforeAll(async () => {
  writeFileSync(script, (await blockwise("completion", "bash")).out);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash itself, without its package bash-completion, would offer for a line whose last word is being typed. */
function offered(...words: string[]): string[] {
  const typed = ["blockwise", ...words].map((word) => `'${word}'`).join(" ");
  const lines = [
    `blockwise() { '${process.execPath}' '${cli}' "$@"; }`,
    // Twice, as a terminal that reads its profile again does.
    `source '${script}'`,
    `source '${script}'`,
    `COMP_WORDS=(${typed}); COMP_CWORD=${words.length}`,
    // The words of "complete -F <function> blockwise".
    "registered=($(complete -p blockwise))",
    // Outside of a terminal bash has no options of a completion to set.
    "compopt() { :; }",
    `"\${registered[2]}"`,
    `printf "%s\\n" "\${COMPREPLY[@]}"`,
  ];
  const { stdout, stderr, status } = spawnSync("bash", ["--noprofile", "--norc", "-c", lines.join("\n")], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter((line) => line !== "");
}

test("bash completes commands, subcommands and options", () => {
  expect(offered("sta")).toEqual(["status"]);
  expect(offered("kernel", "")).toContain("doctor");
  expect(offered("run", "x.json", "--fo")).toEqual(["--force"]);
});
