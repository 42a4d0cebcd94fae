import { rmSync } from "node:fs";
import { join } from "node:path";
import { writeJson } from "../../core";
import type { PocketNetExperiment, PocketNetRuns } from "../../systems/pocketnet";
import { resumable } from "../interrupt";
import type { Output } from "../output";
import type { SystemPlace } from "./run-trials";
import { pocketNetText } from "./study-pocketnet";

/** `blockwise run` of an experiment of PocketNet: cells by gradient descent, teacher, students; resumes. */
export async function runPocketNetExperiment(
  { settings, threads: wanted }: PocketNetExperiment,
  { runsDir, name, force }: SystemPlace,
  output: Output,
): Promise<number> {
  const { engine } = await import("../../engine/index.js");
  const { RunDirectory, tellingProgress } = await import("../../study/index.js");
  const words = await import("../../systems/pocketnet/index.js");
  const path = join(runsDir, name);
  const { threads } = engine.use("auto", { threads: wanted });
  const directory = RunDirectory.open(path, { system: "pocketnet", name, threads, ...settings }, { force });
  const states = directory.file("checkpoints", "pocketnet");
  try {
    if (force) rmSync(states, { recursive: true, force: true });
    output.remark(`${path}: ${directory.records.length > 0 ? "resuming" : "a new run"}`);
    let runs: PocketNetRuns | undefined;
    const code = await resumable(path, output, async (context) => {
      // From the first record on the directory is a run that is resumed, whatever ends this process.
      await directory.step("space", () => ({ system: "pocketnet" }));
      runs = await tellingProgress(directory, context, (telling) => words.runPocketNet(settings, states, telling));
      writeJson(directory.file("result.json"), { settings, ...runs });
    });
    if (!runs) return code;
    const found = { settings, ...runs };
    output.result({ run: path, ...found }, () => pocketNetText(found, words));
    output.remark(`Result: ${path}/result.json`);
    return code;
  } finally {
    directory.close();
  }
}
