import type { Command } from "commander";
import { ConfigError, engineLabel, formatCount, formatDuration, shown } from "../../core";
import type { QueueExecutor } from "../../queue";
import type { MeasuredFront } from "../../retrain";
import { type AskedRun, type AskedRunOptions, askedRun, folderOf, overridden, withAskedRun } from "../asked-run";
import { EXIT } from "../exit-codes";
import { readExperiment } from "../experiment-file";
import { resumable, stoppable } from "../interrupt";
import { NETWORK_COLUMNS, networkRow } from "../network-rows";
import { Output, type OutputOptions, withOutput } from "../output";
import { bytesOf, foresee, type RoomOptions, withRoom } from "../plan/foresee";
import { type QueuePlaceOptions, queuePlace, withQueuePlace } from "../queue-options";
import { textTable } from "../table";
import { runTrialExperiment } from "./run-trials";

type Words = typeof import("../report/front-words");

interface RunOptions extends OutputOptions, QueuePlaceOptions, AskedRunOptions, RoomOptions {
  readonly from?: string;
  readonly force?: boolean;
  readonly queue?: string;
  readonly dryRun?: boolean;
  readonly smoke?: boolean;
}

/** `blockwise run <experiment.json>`: the whole way, in a run directory that can be resumed. */
export function registerRun(program: Command): void {
  withOutput(withRoom(withQueuePlace(withAskedRun(program.command("run")))))
    .description(
      "from images to a front of measured accuracies; the same command again resumes a stopped run, a changed experiment does again what reads the change",
    )
    .option(
      "--from <run>",
      "start a new folder from what another run did: only what the configuration changes is done again",
    )
    .option(
      "--queue <url>",
      "have workers (blockwise worker) distil, rate and retrain: redis://host:port, or rediss://host:port with TLS; the password is taken from BLOCKWISE_REDIS_PASSWORD",
    )
    .option("--dry-run", "say what it takes and begin nothing, as blockwise plan")
    .option("--smoke", "first the same study from end to end at a tiny scale, in a folder that is gone afterwards")
    .option("--force", "delete what a run left in the folder, and nothing else, and start anew")
    .action(async (file: string, options: RunOptions) => {
      process.exitCode = await run(file, options);
    });
}

async function run(file: string, options: RunOptions): Promise<number> {
  const output = new Output(options);
  const written = readExperiment(file, "run");
  if (written.system !== undefined) return runSystem(file, written, options, output);
  const asked = await askedRun(file, written, options, "run");
  if (options.dryRun) return foresee(asked, options, output);
  checkDryAlone(options);
  const memory = options.memory === undefined ? undefined : bytesOf("--memory", options.memory);
  const { path, config, prepared, note } = asked;
  const { engine } = await import("../../engine/index.js");
  const { compare } = await import("../../retrain/index.js");
  const { runExperiment } = await import("../../systems/dna/index.js");
  const words = await import("../report/front-words.js");
  const { copyRun, RunDirectory } = await import("../../study/index.js");
  if (options.smoke) {
    const code = await smoke(asked, output);
    if (code !== EXIT.done) return code;
  }
  if (memory !== undefined) {
    const code = await bounded(asked, memory, output);
    if (code !== EXIT.done) return code;
  }
  const queue = await queueOf(options, output);
  if (options.from !== undefined) copyRun(options.from, path);
  const directory = RunDirectory.open(path, config, { force: options.force, mayChange: true });
  try {
    await queue?.open();
    if (note) output.remark(note);
    const resumed = directory.records.length;
    output.remark(
      `${path}: ${resumed > 0 ? `resuming after ${resumed} complete step${resumed === 1 ? "" : "s"}` : "a new run"}, ${describe(engine.info())}`,
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

/** Options that experiments of other systems than DNA do not know. */
const BLOCKWISE_OPTIONS = ["from", "queue", "store", "ca", "dry-run", "smoke", "disk", "memory"] as const;
const attribute = (option: (typeof BLOCKWISE_OPTIONS)[number]) => (option === "dry-run" ? "dryRun" : option);

/** An experiment of a system that has another way than DNA's. */
async function runSystem(
  file: string,
  written: Readonly<Record<string, unknown>>,
  options: RunOptions,
  output: Output,
): Promise<number> {
  const unused = BLOCKWISE_OPTIONS.find((option) => options[attribute(option)] !== undefined);
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
    const place = folderOf(file, written, { name: experiment.name, seed: 1 }, options, "run");
    return runPocketNetExperiment(experiment, { ...options, ...place }, output);
  }
  const { parseTrialConfig } = await import("../../systems/trials/index.js");
  const config = parseTrialConfig(asked, file);
  const place = folderOf(file, written, config, options, "run");
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

/** Room on the disk is what a plan is compared with. @throws ConfigError */
function checkDryAlone({ disk }: RunOptions): void {
  if (disk === undefined) return;
  throw new ConfigError("run: --disk is of a plan; give it with --dry-run, or to blockwise plan");
}

/** Has the run keep to so many bytes of memory. @returns the exit code. @throws StudyError where they are too few. */
function bounded({ path, config, prepared }: AskedRun, memory: number, output: Output): Promise<number> {
  return stoppable("Nothing was begun", output, async (context) => {
    const { loadDataset } = await import("../../data/index.js");
    const { limitMemory } = await import("../../systems/dna/index.js");
    const { name, ...division } = config.data;
    const data = await loadDataset(name, { ...division, seed: config.seed }, context);
    const { least, features } = await limitMemory(memory, config, prepared, data, context);
    output.remark(
      `${path}: at most ${formatCount(memory)}B of memory: ${formatCount(least)}B are needed by a probe, ${formatCount(features)}B may be feature maps, the rest of those is on the disk`,
    );
  });
}

/** The same study from end to end at a tiny scale, before the real one. @returns the exit code. */
function smoke({ config }: AskedRun, output: Output): Promise<number> {
  return stoppable("Nothing was begun", output, async (context) => {
    const { loadDataset } = await import("../../data/index.js");
    const { smokeExperiment } = await import("../../systems/dna/index.js");
    const { name, ...division } = config.data;
    const data = await loadDataset(name, { ...division, seed: config.seed }, context);
    const { ms } = await smokeExperiment(config, data, context);
    output.remark(`the same study at a tiny scale came to its end in ${formatDuration(ms)}`);
  });
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
