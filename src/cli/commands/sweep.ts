import { basename, extname, join } from "node:path";
import type { Command } from "commander";
import { ConfigError, formatCount, percent, shown } from "../../core";
import type { MeanOverSeeds, SweepSummary } from "../../retrain";
import { readExperiment } from "../experiment-file";
import { resumable } from "../interrupt";
import { Output, type OutputOptions, withOutput } from "../output";
import { textTable } from "../table";
import { threadCount, wholeNumber } from "../whole-number";

interface SweepOptions extends OutputOptions {
  readonly seeds: string;
  readonly parameter: readonly string[];
  readonly name?: string;
  readonly runsDir: string;
  readonly threads?: string;
}

/** `blockwise sweep <experiment>`: every combination of seeds and settings, with means and spread. */
export function registerSweep(program: Command): void {
  withOutput(program.command("sweep"))
    .description(
      "run an experiment for every combination of seeds and settings; means and standard errors as table, CSV and figure; the same command again resumes",
    )
    .argument("<experiment>", "JSON file, e.g. experiments/quickstart.json")
    .option("--seeds <list>", "seeds, e.g. 1..5 or 1,3,7", "1..3")
    .option(
      "-p, --parameter <key=values>",
      'values of one key of the experiment, e.g. split=2,3,4,6 or distill.epochs=1,2 or \'search.macs=["40%", "50%"]\'; may be given again',
      (text: string, before: readonly string[]) => [...before, text],
      [] as readonly string[],
    )
    .option("--name <name>", "the sweep's folder; the experiment's name and -sweep when left out")
    .option("--runs-dir <folder>", "where it is kept", "runs")
    .option("--threads <count>", "of the engine; the physical cores by default")
    .action(async (file: string, options: SweepOptions) => {
      process.exitCode = await sweep(file, options);
    });
}

async function sweep(file: string, options: SweepOptions): Promise<number> {
  const output = new Output(options);
  const written = readExperiment(file, "sweep");
  if (written.system !== undefined) {
    throw new ConfigError(
      `sweep: sweeps block-wise experiments, and ${file} is one of the system ${shown(written.system)}; start it with blockwise run, once a setting, each with its --name`,
      { system: written.system },
    );
  }
  const seeds = readSeeds(options.seeds);
  const settings = readSettings(options.parameter);
  const threads = options.threads === undefined ? undefined : threadCount(options.threads);
  // Loaded here: commands without tensors start without an engine.
  const { engine } = await import("../../engine/index.js");
  const { runSweep } = await import("../../systems/dna/index.js");
  engine.use("auto", { threads });
  const base =
    options.name ?? `${typeof written.name === "string" ? written.name : basename(file, extname(file))}-sweep`;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(base)) {
    throw new ConfigError(
      `sweep: the folder's name must be letters, digits, dots, dashes and underscores, got ${JSON.stringify(base)}; give one with --name`,
    );
  }
  const directory = join(options.runsDir, base);
  let summary: SweepSummary | undefined;
  const code = await resumable(directory, output, async (context) => {
    const onRun = ({ name }: { name: string }, i: number, total: number) =>
      output.remark(`${name} (${i + 1} of ${total})`);
    const onNote = (text: string) => output.remark(text);
    ({ summary } = await runSweep(written, { seeds, settings }, { directory, onRun }, { ...context, onNote }));
  });
  if (!summary) return code;
  const swept = summary;
  const { writeSweepPage } = await import("../report/sweep-page.js");
  const page = await writeSweepPage(directory, swept);
  output.result({ directory, ...swept }, () => describeSweep(swept));
  output.remark(`Table: ${directory}/sweep.csv, every run: ${directory}/runs.csv, figure: ${page}`);
  return code;
}

/** "1..5" or "1,3,7". @throws ConfigError */
function readSeeds(text: string): number[] {
  const [from, to, more] = text.split("..");
  if (to === undefined) return text.split(",").map((part) => wholeNumber("--seeds", part.trim()));
  const [first, last] = [wholeNumber("--seeds", from), wholeNumber("--seeds", to)];
  if (more !== undefined || first > last || last - first >= MOST_RUNS) {
    throw new ConfigError(
      `--seeds: must be rising, from..to, at most ${MOST_RUNS} of them, e.g. 1..5, got ${JSON.stringify(text)}`,
    );
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const MOST_RUNS = 1000;

/** "split=2,3,4": numbers and words, a list of JSON where it begins with a bracket. @throws ConfigError */
function readSettings(given: readonly string[]): Record<string, unknown[]> {
  const settings: Record<string, unknown[]> = {};
  for (const text of given) {
    const [, key, values] = /^([A-Za-z][\w.]*)=(.+)$/s.exec(text) ?? [];
    if (key === undefined) {
      throw new ConfigError(`-p: must be key=values, e.g. split=2,3,4, got ${JSON.stringify(text)}`);
    }
    if (Object.hasOwn(settings, key)) throw new ConfigError(`-p ${key}: must be given once, with all its values`);
    settings[key] = readValues(key, values);
  }
  return settings;
}

function readValues(key: string, text: string): unknown[] {
  if (text.startsWith("[")) {
    try {
      return JSON.parse(text) as unknown[];
    } catch {
      throw new ConfigError(`-p ${key}: must be values with commas between them or a list in JSON, got ${text}`);
    }
  }
  return text.split(",").map((part) => {
    const value = part.trim();
    if (value === "") throw new ConfigError(`-p ${key}: each value must be a number or text, got nothing in ${text}`);
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return value;
    }
  });
}

function describeSweep({ keys, rows }: SweepSummary): string {
  const share = (value: MeanOverSeeds | undefined) =>
    value === undefined
      ? ""
      : `${percent(value.mean)}${value.standardError === undefined ? "" : ` ± ${(100 * value.standardError).toFixed(2)}`}`;
  const table = textTable(
    [...keys, "seeds", "found", "random", "gain", "shrunk", "gain over shrunk", "teacher", "MACs"],
    rows.map(({ settings, seeds, figures }) => [
      ...keys.map((key) => JSON.stringify(settings[key])),
      String(seeds.length),
      share(figures.found),
      share(figures.random),
      share(figures.gain),
      share(figures.shrunk),
      share(figures.gainOverShrunk),
      share(figures.teacher),
      formatCount(figures.macs?.mean ?? Number.NaN),
    ]),
  );
  return `${table}\n\nTest accuracies, means over seeds ± one standard error${rows.every(({ seeds }) => seeds.length < 2) ? " (unknown of one seed)" : ""}; gain: found less the mean of the random networks; shrunk: the most accurate teacher shrunk to the same MACs.`;
}
