import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import { ConfigError, isDamage, readJson } from "../core";
import type { ExperimentConfig, PreparedExperiment } from "../systems/dna";
import { threadCount, wholeNumber } from "./whole-number";

/** Which run is meant, on the command line. */
export interface AskedRunOptions {
  readonly name?: string;
  readonly runsDir: string;
  readonly seed?: string;
  readonly threads?: string;
}

/** A run as it is asked for; the engine is in use. */
export interface AskedRun {
  readonly path: string;
  readonly config: ExperimentConfig;
  readonly prepared: PreparedExperiment;
  /** Why its folder is another than the experiment's. */
  readonly note?: string;
}

/** Adds what says which run is meant. */
export function withAskedRun(command: Command): Command {
  return command
    .argument("<experiment>", "JSON file, e.g. experiments/quickstart.json; what it leaves out has a default")
    .option("--name <name>", "the run's folder; the experiment's name when left out")
    .option("--runs-dir <folder>", "where runs are kept", "runs")
    .option(
      "--seed <number>",
      "instead of the experiment's; without --name in a folder of its own, <name>-seed<number>",
    )
    .option("--threads <count>", "of the engine, instead of the experiment's; the physical cores by default");
}

/**
 * Follows an experiment of DNA, as its file was read, as far as it can be without training.
 * @throws As `parseExperiment` and `prepareExperiment`.
 */
export async function askedRun(
  file: string,
  written: Readonly<Record<string, unknown>>,
  options: AskedRunOptions,
  where: string,
): Promise<AskedRun> {
  const asked = overridden(written, options);
  // Loaded here: commands without tensors start without an engine.
  const { engine } = await import("../engine/index.js");
  const { parseExperiment, prepareExperiment } = await import("../systems/dna/index.js");
  const given = parseExperiment(asked, file);
  const { name, note } = folderOf(file, written, given, options, where);
  const path = join(options.runsDir, name);
  // The same number as before unless another is asked for: with it the bytes stay the same.
  const { threads } = engine.use("auto", { threads: given.threads ?? (await threadsOf(path)) });
  const config: ExperimentConfig = { ...given, name, threads };
  return { path, config, prepared: await prepareExperiment(config), ...(note !== undefined && { note }) };
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * The run's folder; another seed than the experiment's has one of its own, so that both results stay.
 * @throws ConfigError for a name that is no folder's.
 */
export function folderOf(
  file: string,
  written: Readonly<Record<string, unknown>>,
  { name: named, seed }: Pick<ExperimentConfig, "name" | "seed">,
  options: AskedRunOptions,
  where: string,
): { name: string; note?: string } {
  const base = named ?? basename(file, extname(file));
  if (!NAME.test(base)) {
    throw new ConfigError(
      `${where}: the run's name must be letters, digits, dots, dashes and underscores, got ${JSON.stringify(base)} from the name of ${file}; give one with --name`,
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
  const { isRun } = await import("../study/index.js");
  if (!isRun(path)) return undefined;
  try {
    const { threads } = readJson(join(path, "config.json")) as { threads?: number };
    return Number.isSafeInteger(threads) ? threads : undefined;
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/** The experiment with the command line's values in place of its own. @throws ConfigError */
export function overridden(
  written: Readonly<Record<string, unknown>>,
  { name, seed, threads }: Omit<AskedRunOptions, "runsDir">,
): unknown {
  return {
    ...written,
    ...(name !== undefined && { name }),
    ...(seed !== undefined && { seed: wholeNumber("--seed", seed) }),
    ...(threads !== undefined && { threads: threadCount(threads) }),
  };
}
