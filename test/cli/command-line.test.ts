import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { createProgram } from "../../src/cli/main";
import { blockwise } from "./blockwise";

/** All commands that do something, with their words. */
function leaves(
  command: Command = createProgram(),
  words: readonly string[] = [],
): { words: string[]; command: Command }[] {
  return command.commands.flatMap((sub) => {
    const path = [...words, sub.name()];
    return sub.commands.length > 0 ? leaves(sub, path) : [{ words: path, command: sub }];
  });
}

test.each(leaves().map(({ words, command }) => [words.join(" "), command] as const))(
  "%s has --json and --quiet",
  (_, command) => {
    const longs = command.options.map(({ long }) => long);
    expect(longs).toContain("--json");
    expect(longs).toContain("--quiet");
  },
);

test("--version prints the package's version", async () => {
  const { version } = require("../../package.json");
  expect(await blockwise("--version")).toMatchObject({ code: 0, out: `${version}\n` });
});

test("--help ends with 0 and documents the exit codes", async () => {
  const { code, out } = await blockwise("--help");
  expect(code).toBe(0);
  expect(out).toMatch(/Exit codes: 0 done; 1 failed.*2 the command line.*3 no network.*130 stopped/s);
});

test.each([
  [["nosuch"], /unknown command 'nosuch'/],
  [["serch"], /Did you mean search/],
  [["space", "dna", "--jsn"], /Did you mean --json/],
  [["space"], /missing required argument 'preset'/],
  [["cost"], /a network must be named/],
  [["cost", "dna-a", "--input", "x"], /--input: must be a size/],
])("%s is a usage error, exit code 2", async (args, message) => {
  const { code, err } = await blockwise(...args);
  expect(err).toMatch(message);
  expect(code).toBe(2);
});

test("data that an experiment names and that is not there is a usage error; a misspelt preset is told before", async () => {
  const folder = mkdtempSync(join(tmpdir(), "command-line-"));
  const file = join(folder, "mine.json");
  for (const [experiment, message] of [
    [{ data: { name: "no/such/folder" } }, /got "no\/such\/folder", which does not exist/],
    [{ data: { name: "synthetic", validationCount: 9999 } }, /ask for fewer by validationCount, trainCount/],
    [{ data: { name: "own", root: "no-such.zip" } }, /got "no-such.zip", which does not exist/],
    [
      { data: { name: "no/such/folder" }, teacher: { architecture: "resnet81" } },
      /unknown preset "resnet81".*teacher\.architecture/s,
    ],
    [{ data: { name: "no/such/folder" }, teacher: { file: "none.pth", arch: "efficientnet_b9" } }, /teacher\.arch/],
  ] as const) {
    writeFileSync(file, JSON.stringify(experiment));
    const { code, err } = await blockwise("run", file, "--runs-dir", join(folder, "runs"));
    expect(err).toMatch(message);
    expect(code).toBe(2);
  }
});

test("with --json stdout is JSON and nothing else", async () => {
  for (const args of [
    ["space", "dna"],
    ["cost", "dna-a"],
    ["cost", "--published"],
  ]) {
    const { code, out } = await blockwise(...args, "--json");
    expect(code).toBe(0);
    expect(() => JSON.parse(out)).not.toThrow();
  }
});

test.each(["bash", "zsh", "fish", "powershell"])("completion %s is a script that asks blockwise", async (shell) => {
  const { code, out } = await blockwise("completion", shell);
  expect(code).toBe(0);
  expect(out).toContain("blockwise complete");
});

test("the script for bash can be sourced twice: it has no readonly name", async () => {
  const { out } = await blockwise("completion", "bash");
  expect(out).toMatch(/^ShellCompDirectiveError=/m);
  expect(out).not.toMatch(/^\s*readonly /m);
});

test("completion knows commands, subcommands and options", async () => {
  expect((await blockwise("complete", "--", "pre")).out).toMatch(/^predict\t/m);
  expect((await blockwise("complete", "--", "kernel", "")).out).toMatch(/^doctor\t/m);
  expect((await blockwise("complete", "--", "latency", "--")).out).toMatch(/^--rounds\t/m);
});
