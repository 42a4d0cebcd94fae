import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BlockwiseError } from "../../src/core";
import { engine } from "../../src/engine";
import type { MeasuredFront } from "../../src/retrain";
import { RunDirectory } from "../../src/study";
import { parseExperiment, runExperiment } from "../../src/systems/dna";
import { tinyExperiment } from "./tiny-experiment";

/** Every damage to every file, in every phase: many minutes. Without it each file has one of them, in turn. */
const ALL = process.env.BLOCKWISE_ALL_DAMAGE === "1";

const root = mkdtempSync(join(tmpdir(), "damaged-"));
const config = parseExperiment({
  ...tinyExperiment,
  teacher: { ...tinyExperiment.teacher, epochs: 1 },
  distill: { images: 64, epochs: 1, batchSize: 16 },
  rate: { images: 32, calibrationImages: 16, batchSize: 16 },
  // From the supernets' states: they are read again after the search.
  retrain: { epochs: 1, batchSize: 64, alongFront: 1, random: 1, tolerance: 0.3, warmStart: true },
});

/** How far the run is when it is stopped, by a step that is complete. */
const PHASES = ["teacher", "rate/block0", "retrain/random 1", "front"] as const;

const flip = (share: number) => (path: string) => {
  const bytes = readFileSync(path);
  bytes[Math.min(bytes.length - 2, Math.floor(share * bytes.length))] ^= 2;
  writeFileSync(path, bytes);
};
const DAMAGE: readonly [string, (path: string) => void][] = [
  ["a bit at the start", flip(0.02)],
  ["a bit in the middle", flip(0.5)],
  ["half of it", (path) => writeFileSync(path, readFileSync(path).subarray(0, statSync(path).size >> 1))],
  ["a bit at the end", flip(1)],
  ["emptied", (path) => writeFileSync(path, "")],
  ["deleted", (path) => rmSync(path)],
  ["binary", (path) => writeFileSync(path, Buffer.from([0, 1, 2, 250, 10]))],
];

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** What must be the same at the end. */
function results(folder: string): Record<string, string> {
  const files = filesOf(folder).filter((file) => /^(ratings\/|found\/|front\.json)/.test(file));
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "hex")]));
}

async function run(
  folder: string,
  onStep: (step: string) => void = () => {},
): Promise<{ front: MeasuredFront; said: string[] }> {
  const said: string[] = [];
  const directory = RunDirectory.open(folder, config, { mayChange: true });
  let known = directory.records.length;
  const look = () => {
    const { records } = directory;
    for (; known < records.length; known++) onStep(records[known].step);
  };
  try {
    const context = {
      onProgress: look,
      onWarning: (text: string) => said.push(text),
      onNote: (text: string) => said.push(text),
    };
    const front = await runExperiment(config, directory, context);
    look();
    return { front, said };
  } finally {
    directory.close();
  }
}

let front: MeasuredFront;
let wanted: Record<string, string>;
const phase = (step: string) => join(root, `phase-${step.replace(/\W/g, "-")}`);

beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  const whole = join(root, "whole");
  ({ front } = await run(whole, (step) => {
    if (!(PHASES as readonly string[]).includes(step)) return;
    cpSync(whole, phase(step), { recursive: true });
    for (const file of filesOf(phase(step))) if (/lock(\.json)?$/.test(file)) rmSync(join(phase(step), file));
  }));
  wanted = results(whole);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe.each(PHASES)("a run that was stopped after %s", (step) => {
  test("goes on to the same result, or says which file is damaged, whatever file is damaged and how", async () => {
    expect(filesOf(phase(step))).toContain("journal.jsonl");
    let turn = PHASES.indexOf(step);
    for (const file of filesOf(phase(step))) {
      const tried = ALL ? DAMAGE : [DAMAGE[turn % DAMAGE.length]];
      turn++;
      for (const [name, damage] of tried) {
        const copy = join(root, "copy");
        rmSync(copy, { recursive: true, force: true });
        cpSync(phase(step), copy, { recursive: true });
        damage(join(copy, file));
        const what = `${file}: ${name}`;
        if (process.env.BLOCKWISE_ALL_DAMAGE !== undefined) console.log(step, what);
        try {
          const again = await run(copy);
          expect(again.front, what).toEqual(front);
          expect(results(copy), what).toEqual(wanted);
        } catch (error) {
          if (!(error instanceof BlockwiseError)) throw new Error(what, { cause: error });
          expect(error.message, what).toContain(file);
        }
      }
    }
  });
});
