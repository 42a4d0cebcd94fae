import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { Rng } from "../../src/core";

/** Kills of each test; CI has 40 (`.ci/run`): BLOCKWISE_RANDOM_KILLS=40. */
export const KILLS = Number(process.env.BLOCKWISE_RANDOM_KILLS ?? 2);
export const KILL_SEED = Number(process.env.FC_SEED ?? 7);
/** Longest time between an operation of files and the kill that is counted from it, in ms. */
export const LONGEST_MS = 200;
/** So many kills are to meet every phase. */
const FULL_KILLS = 40;
export const IN_FULL = KILLS >= FULL_KILLS;
/** How many times as many there may be. */
const MOST = 4;

const root = join(__dirname, "../..");

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** A command of the compiled library that is killed at its so many-th operation of files, see `kill-at.cjs`. */
export function killableCommand(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const preload = ["--require", join(__dirname, "kill-at.cjs"), join(root, "dist/src/cli/main.js")];
  // States within epochs, too, which these trainings are too short for.
  const often = { BLOCKWISE_STATE_SECONDS: "0.1" };
  const child = spawn(process.execPath, [...preload, ...args], {
    cwd: root,
    env: { ...process.env, ...often, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const ended = new Promise<Ended>((resolve) => child.on("close", (code, signal) => resolve({ code, signal, output })));
  return { child, ended };
}

/** Where a process is killed: at one of so many operations of files, or somewhat later. */
export function drawnKill(rng: Rng, operations: number): Record<string, string> {
  const at = 1 + rng.int(operations);
  const after = rng.uniform() < 0.5 ? 0 : 1 + rng.int(LONGEST_MS);
  return { KILL_AT: `${at}`, KILL_AFTER_MS: `${after}` };
}

/** Files whose bytes must not depend on how often a command was killed, by their paths: without dates and durations. */
export function resultsIn(folder: string, isResult: RegExp): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    files
      .map((file) => [file.slice(folder.length), file] as const)
      .filter(([path]) => isResult.test(path))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, file]) => [
        path,
        withoutTimes(readFileSync(file, file.endsWith(".safetensors") ? "base64" : "utf8")),
      ]),
  );
}

function withoutTimes(text: string): string {
  return text.replace(/"(date|createdAt|finished|durationMs|imagesPerSecond|seconds|sha256)": ?[^,}\n]+/g, "");
}

/** The last step in a journal, "start" where there is none. */
export function lastStepIn(journal: string): string {
  if (!existsSync(journal)) return "start";
  const lines = readFileSync(journal, "utf8").trim().split("\n");
  try {
    return (JSON.parse(lines[lines.length - 1]) as { step: string }).step;
  } catch {
    return "start";
  }
}

/** A command that is killed and begun again until it ends. */
export interface Killed {
  /** Its folders: one a try. */
  readonly folder: string;
  args(name: string): readonly string[];
  /** By the paths of files. */
  results(name: string): Record<string, string>;
  /** After what a killed one was killed. */
  lastStep(name: string): string;
  /** In full there is a kill in each. */
  readonly phases: readonly RegExp[];
  /** How far a sitting gets at most, as a share of the operations of files; a half when left out: a few kills a run. */
  readonly reach?: number;
}

/** Has a command killed at random points; each time, the same command ends with the bytes of one that was never stopped. */
export async function killAgainAndAgain({ folder, args, results, lastStep, phases, reach = 0.5 }: Killed) {
  const count = join(folder, "count");
  const run = (name: string, env: Readonly<Record<string, string>>) => killableCommand(args(name), env).ended;
  const whole = await run("whole", { COUNT_FILE: count });
  expect(whole.code, whole.output).toBe(0);
  const expected = results("whole");
  expect(Object.keys(expected).length).toBeGreaterThan(0);
  const operations = Number(readFileSync(count, "utf8"));
  const rng = new Rng(KILL_SEED);
  const killedAfter: string[] = [];
  const met = (step: RegExp) => killedAfter.some((after) => step.test(after));
  // In full it goes on until every phase was met: which ones are, chance decides.
  const wanted = () =>
    killedAfter.length < KILLS || (IN_FULL && killedAfter.length < MOST * KILLS && !phases.every(met));
  let runs = 0;
  for (; wanted(); runs++) {
    const name = `killed${runs}`;
    for (;;) {
      const kill = drawnKill(rng, Math.ceil(reach * operations));
      const ended = await run(name, wanted() ? kill : {});
      if (ended.signal === "SIGKILL") {
        killedAfter.push(lastStep(name));
        continue;
      }
      expect(ended.code, ended.output).toBe(0);
      break;
    }
    expect(results(name), `killed after ${killedAfter.join(", ")}`).toEqual(expected);
  }
  console.log(`${killedAfter.length} kills in ${runs} runs, after: ${killedAfter.join(", ")}`);
  if (!IN_FULL) return;
  for (const step of phases) expect(met(step), `${step} among ${killedAfter.join(", ")}`).toBe(true);
}
