import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import { ConfigError, engineLabel, isDamage, readJson, shown } from "../../core";
import type { QueueExecutor } from "../../queue";
import type { MeasuredFront } from "../../retrain";
import type { ExperimentConfig } from "../../systems/dna";
import { readExperiment } from "../experiment-file";
import { resumable } from "../interrupt";
import { NETWORK_COLUMNS, networkRow } from "../network-rows";
import { Output, type OutputOptions, withOutput } from "../output";
import { type QueuePlaceOptions, queuePlace, withQueuePlace } from "../queue-options";
import { textTable } from "../table";
import { threadCount, wholeNumber } from "../whole-number";
import { runTrialExperiment } from "./run-trials";

type Words = typeof import("../report/front-words");

interface RunOptions extends OutputOptions, QueuePlaceOptions {
  readonly name?: string;
  readonly runsDir: string;
  readonly seed?: string;
  readonly threads?: string;
  readonly from?: string;
  readonly force?: boolean;
  readonly queue?: string;
}

/** `blockwise run <experiment.json>`: the whole way, in a run directory that can be resumed. */
export function registerRun(program: Command): void {
  withOutput(withQueuePlace(program.command("run")))
    .description(
      "from images to a front of measured accuracies; the same command again resumes a stopped run, a changed experiment does again what reads the change",
    )
    .argument("<experiment>", "JSON file, e.g. experiments/quickstart.json; what it leaves out has a default")
    .option("--name <name>", "the run's folder; the experiment's name when left out")
    .option("--runs-dir <folder>", "where runs are kept", "runs")
    .option(
      "--seed <number>",
      "instead of the experiment's; without --name in a folder of its own, <name>-seed<number>",
    )
    .option("--threads <count>", "of the engine, instead of the experiment's; the physical cores by default")
    .option(
      "--from <run>",
      "start a new folder from what another run did: only what the configuration changes is done again",
    )
    .option(
      "--queue <url>",
      "have workers (blockwise worker) distil, rate and retrain: redis://host:port, or rediss://host:port with TLS; the password is taken from BLOCKWISE_REDIS_PASSWORD",
    )
    .option("--force", "delete what a run left in the folder, and nothing else, and start anew")
    .action(async (file: string, options: RunOptions) => {
      process.exitCode = await run(file, options);
    });
}

async function run(file: string, options: RunOptions): Promise<number> {
  const output = new Output(options);
  const written = readExperiment(file, "run");
  if (written.system !== undefined) return runSystem(file, written, options, output);
  const asked = overridden(written, options);
  // Loaded here: commands without tensors start without an engine.
  const { engine } = await import("../../engine/index.js");
  const { compare } = await import("../../retrain/index.js");
  const { parseExperiment, prepareExperiment, runExperiment } = await import("../../systems/dna/index.js");
  const words = await import("../report/front-words.js");
  const { copyRun, RunDirectory } = await import("../../study/index.js");
  const given = parseExperiment(asked, file);
  const { name, note } = folderOf(file, written, given, options);
  const path = join(options.runsDir, name);
  // The same number as before unless another is asked for: with it the bytes stay the same.
  const { threads } = engine.use("auto", { threads: given.threads ?? (await threadsOf(path)) });
  const config: ExperimentConfig = { ...given, name, threads };
  const prepared = await prepareExperiment(config);
  const queue = await queueOf(options, output);
  if (options.from !== undefined) copyRun(options.from, path);
  const directory = RunDirectory.open(path, config, { force: options.force, mayChange: true });
  try {
    await queue?.open();
    if (note) output.remark(note);
    const resumed = directory.records.length;
    output.remark(
      `${path}: ${resumed > 0 ? `resuming after ${resumed} complete steps` : "a new run"}, ${describe(engine.info())}`,
    );
    let front: MeasuredFront | undefined;
    const code = await resumable(path, output, async (context) => {
      const onNote = (text: string) => output.remark(`${path}: ${text}`);
      front = await runExperiment(config, directory, { ...context, onNote, executor: queue }, prepared);
    });
    if (!front) return code;
    const measured = front;
    output.result({ run: path, front: measured, comparison: compare(measured) }, () => describeFront(measured, words));
    output.remark(`Result: ${path}/front.json; networks: ${path}/found/; figures: npx blockwise report ${path}`);
    return code;
  } finally {
    directory.close();
    await queue?.close();
  }
}

/** An experiment of a system that has another way than DNA's. */
async function runSystem(
  file: string,
  written: Readonly<Record<string, unknown>>,
  options: RunOptions,
  output: Output,
): Promise<number> {
  const unused = (["from", "queue", "store", "ca"] as const).find((name) => options[name] !== undefined);
  if (unused !== undefined) {
    throw new ConfigError(
      `run: --${unused} is of block-wise experiments, and ${file} is one of the system ${shown(written.system)}; leave it out`,
      { option: unused },
    );
  }
  const asked = overridden(written, options) as Readonly<Record<string, unknown>>;
  if (written.system === "pocketnet") {
    const { parsePocketNet } = await import("../../systems/pocketnet/index.js");
    const { runPocketNetExperiment } = await import("./run-pocketnet.js");
    const experiment = parsePocketNet(asked, file);
    const place = folderOf(file, written, { name: experiment.name, seed: 1 }, options);
    return runPocketNetExperiment(experiment, { ...options, ...place }, output);
  }
  const { parseTrialConfig } = await import("../../systems/trials/index.js");
  const config = parseTrialConfig(asked, file);
  const place = folderOf(file, written, config, options);
  if (place.note) output.remark(place.note);
  return runTrialExperiment(config, { ...options, ...place }, output);
}

/** Undefined where this process's threads do the work. */
async function queueOf(options: RunOptions, output: Output): Promise<QueueExecutor | undefined> {
  if (options.queue === undefined) {
    if (options.store === undefined && options.ca === undefined) return undefined;
    throw new ConfigError("run: --store and --ca are of a queue; give it with --queue redis://host:port");
  }
  const place = await queuePlace(options.queue, "--queue", options);
  const { queueExecutor } = await import("../../queue/index.js");
  return queueExecutor({ ...place, onWarning: (message) => output.warn(`warning: ${message}`) });
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** The run's folder; another seed than the experiment's has one of its own, so that both results stay. */
function folderOf(
  file: string,
  written: Readonly<Record<string, unknown>>,
  { name: named, seed }: Pick<ExperimentConfig, "name" | "seed">,
  options: RunOptions,
): { name: string; note?: string } {
  const base = named ?? basename(file, extname(file));
  if (!NAME.test(base)) {
    throw new ConfigError(
      `run: the run's name must be letters, digits, dots, dashes and underscores, got ${JSON.stringify(base)} from the name of ${file}; give one with --name`,
      { name: base },
    );
  }
  if (options.name !== undefined || options.seed === undefined || seed === (written.seed ?? 1)) return { name: base };
  const name = `${base}-seed${seed}`;
  return {
    name,
    note: `seed ${seed} instead of the experiment's has a folder of its own, ${name}; --name chooses another`,
  };
}

/** Threads of the run that is there; undefined when there is none. */
async function threadsOf(path: string): Promise<number | undefined> {
  const { isRun } = await import("../../study/index.js");
  if (!isRun(path)) return undefined;
  try {
    const { threads } = readJson(join(path, "config.json")) as { threads?: number };
    return Number.isSafeInteger(threads) ? threads : undefined;
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/** The experiment with the command line's values in place of its own. */
function overridden(written: Readonly<Record<string, unknown>>, { name, seed, threads }: RunOptions): unknown {
  return {
    ...written,
    ...(name !== undefined && { name }),
    ...(seed !== undefined && { seed: wholeNumber("--seed", seed) }),
    ...(threads !== undefined && { threads: threadCount(threads) }),
  };
}

function describe({
  device,
  threads,
  warning,
  ...used
}: {
  backend?: string;
  isa?: string;
  device: string;
  threads: number;
  warning?: string;
}) {
  return `engine ${engineLabel(used)} on ${device}, ${threads} thread${threads === 1 ? "" : "s"}${warning ? `\n${warning}` : ""}`;
}

function describeFront(front: MeasuredFront, { frontSentences }: Words): string {
  return [textTable(NETWORK_COLUMNS, front.measured.map(networkRow)), "", ...frontSentences(front)].join("\n");
}
