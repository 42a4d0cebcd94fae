import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import { ConfigError, formatCount, readJson } from "../../core";
import type { ExperimentConfig, MeasuredFront } from "../../systems/dna";
import { resumable } from "../interrupt";
import { Output } from "../output";
import { textTable } from "../table";
import { wholeNumber } from "../whole-number";

interface RunOptions {
  readonly name?: string;
  readonly runsDir: string;
  readonly seed?: string;
  readonly threads?: string;
  readonly force?: boolean;
}

/** `blockwise run <experiment.json>`: the whole way, in a run directory that can be resumed. */
export function registerRun(program: Command): void {
  program
    .command("run")
    .description("from images to a front of measured accuracies; the same command again resumes a stopped run")
    .argument("<experiment>", "JSON file, e.g. experiments/quickstart.json; what it leaves out has a default")
    .option("--name <name>", "the run's folder; the experiment's name when left out")
    .option("--runs-dir <folder>", "where runs are kept", "runs")
    .option("--seed <number>", "instead of the experiment's")
    .option("--threads <count>", "of the engine, instead of the experiment's; the physical cores by default")
    .option("--force", "discard what the run's folder holds and start anew")
    .action(async (file: string, options: RunOptions) => {
      process.exitCode = await run(file, options);
    });
}

async function run(file: string, options: RunOptions): Promise<number> {
  // Loaded here: commands without tensors start without an engine.
  const { engine } = require("../../engine") as typeof import("../../engine");
  const { parseExperiment, runExperiment } = require("../../systems/dna") as typeof import("../../systems/dna");
  const { RunDirectory } = require("../../study") as typeof import("../../study");
  const given = parseExperiment(overridden(file, options), file);
  const { threads } = engine.use("auto", { threads: given.threads });
  const name = given.name ?? basename(file, extname(file));
  const config: ExperimentConfig = { ...given, name, threads };
  const path = join(options.runsDir, name);
  const directory = RunDirectory.open(path, config, { force: options.force });
  const resumed = directory.records.length;
  console.log(
    `${path}: ${resumed > 0 ? `resuming after ${resumed} complete steps` : "a new run"}, ${describe(engine.info())}`,
  );
  try {
    let front: MeasuredFront | undefined;
    const code = await resumable(path, new Output({}), async (context) => {
      front = await runExperiment(config, directory, context);
    });
    if (front) printResult(front, path);
    return code;
  } finally {
    directory.close();
  }
}

/** The experiment's file with the command line's values in place of its own. */
function overridden(file: string, { name, seed, threads }: RunOptions): unknown {
  const value = readJson(file);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError(`run: ${file} must hold a JSON object, got ${JSON.stringify(value)?.slice(0, 40)}`);
  }
  return {
    ...value,
    ...(name !== undefined && { name }),
    ...(seed !== undefined && { seed: wholeNumber("--seed", seed) }),
    ...(threads !== undefined && { threads: wholeNumber("--threads", threads, 1) }),
  };
}

function describe({
  backend,
  device,
  threads,
  warning,
}: {
  backend?: string;
  device: string;
  threads: number;
  warning?: string;
}) {
  return `engine ${backend} on ${device}, ${threads} thread${threads === 1 ? "" : "s"}${warning ? `\n${warning}` : ""}`;
}

function printResult(front: MeasuredFront, path: string): void {
  const { compare } = require("../../systems/dna") as typeof import("../../systems/dna");
  const { best, teacher, macsShare, toTeacher, toRandom, beaten, randoms } = compare(front);
  const rows = front.measured.map(({ label, macs, params, accuracy, validationAccuracy, score }) => [
    label,
    formatCount(macs),
    formatCount(params),
    percent(accuracy),
    percent(validationAccuracy),
    score === undefined ? "" : score.toFixed(4),
  ]);
  console.log(textTable(["network", "MACs", "params", "test", "validation", "rating"], rows));
  console.log(
    `\n${best.label}, the best rated within the budget, has ${percent(macsShare)} of the teacher's MACs and ${percent(best.accuracy)} test accuracy, ${points(toTeacher)} the teacher (${percent(teacher.accuracy)}).`,
  );
  if (toRandom !== undefined) {
    console.log(
      `It lies ${points(toRandom)} random networks of equal MACs on average and beats ${beaten} of ${randoms}.`,
    );
  }
  console.log(`Result: ${path}/front.json; networks: ${path}/found/; figures: npx blockwise report ${path}`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function points(difference: number): string {
  return `${Math.abs(100 * difference).toFixed(2)} points ${difference < 0 ? "below" : "above"}`;
}
