import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, Option } from "commander";
import { afterAll, describe, expect, test } from "vitest";
import { createProgram } from "../../src/cli/main";
import { blockwise } from "./blockwise";

/** Every command with a wrong value for each of its arguments and options: a sentence each time, never a stack. */
const folder = mkdtempSync(join(tmpdir(), "blockwise-mistakes-"));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (name: string) => join(folder, name);
mkdirSync(place("folder"));
writeFileSync(place("empty.json"), "");
writeFileSync(place("binary.json"), Buffer.from(Array.from({ length: 400 }, (_, i) => (i * 37) % 256)));
writeFileSync(place("cut.json"), '{ "name": ');
for (const [name, value] of Object.entries({ null: null, object: {}, list: [], number: 3, text: "x" })) {
  writeFileSync(place(`${name}.json`), JSON.stringify(value));
}
const WRONG_PLACES = [
  "missing.json",
  "folder",
  "empty.json",
  "binary.json",
  "cut.json",
  "null.json",
  "object.json",
  "list.json",
  "number.json",
  "text.json",
];
const WRONG_NUMBERS = ["", "x", "-1", "0", "1.5", "NaN", "Infinity", "1e99", "99999999999999999999", "0x10"];
const WRONG_PLACES_TO_WRITE = ["/dev/null/below", "/proc/blockwise/below", place("folder")];

/** What each argument or option takes; whoever adds one says so here. */
const KINDS: Record<string, "place" | "number" | "seed" | "write" | "below" | "text"> = {
  "<found>": "place",
  "<images...>": "place",
  "<run>": "place",
  "<runs...>": "place",
  "[runs...]": "place",
  "<experiment>": "place",
  "<notebook>": "place",
  "<text>": "place",
  "--arch": "text",
  "--to": "text",
  "<study...>": "place",
  "<subject>": "place",
  "[network]": "place",
  "<preset>": "place",
  "<name>": "text",
  "[networks...]": "text",
  "--activation": "number",
  "--weights": "number",
  "--join": "number",
  "--epochs": "number",
  "--from": "place",
  "--input": "number",
  "--batch": "number",
  "--rounds": "number",
  "--threads": "number",
  "--seed": "seed",
  "--seeds": "seed",
  "--top": "number",
  "-k": "number",
  "--difference": "number",
  "--macs": "number",
  "--params": "number",
  "--latency": "number",
  "--latency-table": "place",
  "--browser": "text",
  "--networks": "number",
  "--template": "write",
  "--truth": "place",
  "--images": "place",
  "--timeout": "number",
  "--cell-timeout": "number",
  "--tolerance": "number",
  // A folder to install below: made where it is not there.
  "--prefix": "text",
  "--out": "write",
  "--output": "write",
  "--html": "write",
  "--csv": "write",
  "--runs-dir": "below",
  "--store": "text",
  "--ca": "text",
  "--queue": "text",
  "--redis": "text",
  "--tasks": "number",
  "--port": "number",
  "--disk": "number",
  "--memory": "number",
  "--drain": "seed",
  "--lock": "number",
  "--cwd": "place",
  "--kernel": "text",
  "--name": "text",
  "--variant": "text",
  "--parameter": "text",
};

/** Values with which the other arguments of a command are right enough to get to the one that is wrong. */
const RIGHT: Record<string, string> = {
  "<experiment>": join(__dirname, "../../experiments/fast.json"),
  "<preset>": "dna-mini",
  "[network]": "dna-a",
  "<subject>": "efficientnet-tiny@28px",
};

interface Leaf {
  readonly words: readonly string[];
  readonly command: Command;
}

function leaves(command: Command = createProgram(), words: readonly string[] = []): Leaf[] {
  return command.commands.flatMap((sub) => {
    const path = [...words, sub.name()];
    return sub.commands.length > 0 ? leaves(sub, path) : [{ words: path, command: sub }];
  });
}

function argumentName({ registeredArguments }: Command, i: number): string {
  const argument = registeredArguments[i];
  const inner = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${inner}>` : `[${inner}]`;
}

function optionName({ long, short }: Option): string {
  return long ?? short ?? "";
}

const takesValue = (option: Option) => option.required || option.optional;

/** An experiment may leave everything out. */
const NO_MISTAKES: Record<string, readonly string[]> = { "<experiment>": ["object.json"] };

function wrongValues(name: string): readonly string[] {
  const kind = KINDS[name];
  if (kind === "place") return WRONG_PLACES.filter((wrong) => !NO_MISTAKES[name]?.includes(wrong)).map(place);
  if (kind === "number") return WRONG_NUMBERS;
  if (kind === "seed") return WRONG_NUMBERS.filter((text) => text !== "0");
  if (kind === "below") return ["/dev/null/below", "/proc/blockwise/below", place("empty.json")];
  if (kind === "write") return WRONG_PLACES_TO_WRITE;
  return [];
}

/** Files that no user writes: a wrong one is damage, not a mistake in it. */
const MADE_BY_BLOCKWISE = ["<found>", "--images", "<images...>"];

/** What the user writes, a number or a file, is the user's to mend; so is a path to nothing. */
function exitCodeOf(name: string, value: string): number | undefined {
  const kind = KINDS[name];
  if (kind === "number" || kind === "seed") return 2;
  if (kind !== "place") return undefined;
  return MADE_BY_BLOCKWISE.includes(name) && value !== "missing.json" ? undefined : 2;
}

async function expectSentence(args: readonly string[], exit?: number): Promise<void> {
  const { code, err } = await blockwise(...args);
  const said = `blockwise ${args.join(" ")}\n-> exit ${code}\n${err}`;
  if (exit === undefined) expect(code, said).toBeGreaterThan(0);
  else expect(code, said).toBe(exit);
  expect(err, said).toMatch(/\S/);
  expect(err, said).not.toMatch(/\n\s+at \S/);
  expect(err, said).not.toMatch(/\b(TypeError|RangeError|SyntaxError)\b|(?<!received )\bundefined\b|\[object Object\]/);
}

describe("what came is said in words, with what mends it", () => {
  const found = place("object.json");
  test.each([
    [["cost", found], 2, /must be a network: an architecture \{ name, input, .*got \{\}, which has none of these keys/],
    [["latency", found], 2, /must be a network: .*"preset": "resnet18"/],
    [["export", found, "--to", "onnx"], 1, /\(key "format" is missing, .*\); blockwise retrain and .*found\/\*\.json/],
    [["export", place("folder"), "--to", "onnx"], 1, /and is a folder; name a file in it\n/],
    [["space"], 2, /'preset'\n.*\(blockwise space --help tells more\)\n+presets: dna, .*darts/s],
    [
      ["study"],
      2,
      /\(blockwise study --help tells more\)\n+studies: .*ranking.*, improve, improve-proxy, compare, eeea, eeea-trained, pnas, pnas-table, econas, econas-table, csnas, pocketnet, systems\n/s,
    ],
    [["notebook", "run"], 2, /\(blockwise notebook run --help tells more\)/],
    [
      ["study", "ranking", "--truth", place("binary.json"), "--summary"],
      2,
      /must hold JSON, plain or gzipped, and does not/,
    ],
    [["study", "ranking", "--truth", found, "--summary"], 2, /must have the network \d+, and lacks it; leave it out/],
  ] as const)("%j", async (args, exit, message) => {
    const { code, err } = await blockwise(...args);
    expect(err).toMatch(message);
    expect(code).toBe(exit);
  });
});

describe.each(leaves().map((leaf) => [leaf.words.join(" "), leaf] as const))(
  "blockwise %s",
  (_, { words, command }) => {
    const names = command.registeredArguments.map((_argument, i) => argumentName(command, i));
    const options = command.options.filter(takesValue).map(optionName);

    test("each argument and option says here what it takes", () => {
      expect([...names, ...options].filter((name) => KINDS[name] === undefined)).toEqual([]);
    });

    const right = names.map((name) => RIGHT[name] ?? place("missing.json"));
    const mistakes = names.flatMap((name, i) =>
      wrongValues(name).map(
        (value) =>
          [
            name,
            value.replace(`${folder}/`, ""),
            [...words, ...right.map((one, at) => (at === i ? value : one))],
          ] as const,
      ),
    );
    if (mistakes.length > 0)
      test.each(mistakes)("%s: %s", (name, value, args) => expectSentence(args, exitCodeOf(name, value)));

    const optionMistakes = options.flatMap((name) =>
      wrongValues(name).map(
        (value) =>
          [
            name,
            value.replace(`${folder}/`, ""),
            [...words, ...right, `${name}${name.startsWith("--") ? "=" : ""}${value}`],
          ] as const,
      ),
    );
    if (optionMistakes.length > 0)
      test.each(optionMistakes)("%s %s", (name, value, args) => expectSentence(args, exitCodeOf(name, value)));
  },
);
