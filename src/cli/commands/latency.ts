import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { ConfigError, readJson, writeAtomic, writeJson } from "../../core";
import {
  LATENCY_FOLDER,
  type LatencyTable,
  latencyTemplate,
  layersToMeasure,
  missingKeys,
  readLatencyTable,
  unsteadyWords,
} from "../../cost";
// Not the room's index: that loads an engine.
import { PLACE_NAMES } from "../../deploy/places";
import {
  type Architecture,
  architectureNames,
  architecturePreset,
  isArchitecturePreset,
  parseArchitecture,
  type SearchSpace,
  spaceNames,
  spacePreset,
} from "../../space";
// Not the room's index: that loads an engine.
import { recordedTeacher } from "../../teacher/recorded-teacher";
import { latencyText } from "../latency-text";
import { Output, type OutputOptions, withOutput } from "../output";
import { checkOutput, writing } from "../output-file";
import { readRun } from "../report/recorded-run";
import { threadCount, wholeNumber } from "../whole-number";
import { measureElsewhere, placesOf } from "./latency-elsewhere";

interface LatencyOptions extends OutputOptions {
  readonly batch: number;
  readonly rounds?: number;
  readonly networks?: number;
  readonly threads?: number;
  readonly browser?: string | true;
  readonly template?: string;
  readonly from?: string;
  readonly out?: string;
}

/** Runs of each layer unless told otherwise: on this project's engine, and elsewhere, where calls vary more. */
const ROUNDS = { engine: 15, elsewhere: 30 };

/** `blockwise latency <network or space>`: how long each layer takes on this machine and engine. */
export function registerLatency(program: Command): void {
  withOutput(program.command("latency"))
    .description(
      "how long each layer takes on this machine and engine: medians with their spread; a cost for the search",
    )
    .argument(
      "<subject>",
      "search space, network preset, architecture file, experiment or run, e.g. dna, dna-a, found.json, runs/quickstart",
    )
    .option("--batch <count>", "images at once", (text) => wholeNumber("--batch", text, 1, 65_536), 1)
    .option(
      "--rounds <count>",
      `runs of each layer; ${ROUNDS.engine}, with --browser ${ROUNDS.elsewhere} by default`,
      (text) => wholeNumber("--rounds", text, 1, 100_000),
    )
    .option("--threads <count>", "of the engine; the physical cores by default", threadCount)
    .option(
      "--browser [places]",
      `measure in Chromium and in onnxruntime instead, one table a place; all that are there unless named: ${PLACE_NAMES.join(",")}`,
    )
    .option(
      "--networks <count>",
      "with --browser: time so many random networks of the space whole in the same rounds, and say how near the sums of their layers come",
      (text) => wholeNumber("--networks", text, 1, 10_000),
    )
    .option("--template <file>", "measure nothing; write a CSV with a row a layer, to be filled in on another device")
    .option(
      "--from <file>",
      "measure nothing; take times from elsewhere, CSV or JSON, and list all layers that it lacks",
    )
    .option(
      "--out <file>",
      `write the table as JSON; with --browser also a folder, ${LATENCY_FOLDER} by default; an experiment takes it as search.latencyTable`,
    )
    .action(async (text: string, options: LatencyOptions) => {
      const output = new Output(options);
      checkTogether(options);
      const { out, template, from, browser } = options;
      if (out === "" || (out !== undefined && browser === undefined)) checkOutput("latency --out", out);
      if (template !== undefined) checkOutput("latency --template", template);
      const subject = await resolveSubject(text);
      if (template !== undefined) return writeTemplate(subject, template, output);
      if (browser !== undefined) {
        process.exitCode = await measureElsewhere({ ...subject, ...options, places: placesOf(browser) }, output);
        return;
      }
      const table = from !== undefined ? importedTable(subject, from) : await measured(subject, options, output);
      if (out !== undefined) writing("latency --out", out, () => writeJson(out, table));
      output.result(table, () => latencyText(subject, table));
      const unsteady = unsteadyWords(table);
      if (unsteady) output.warn(unsteady);
      if (out !== undefined) output.remark(`written to ${out}`);
    });
}

/** Ways to a table of which one must be chosen, with what does not go with them. */
const WAYS = {
  browser: ["threads"],
  template: ["threads", "rounds", "batch", "networks", "out"],
  from: ["threads", "rounds", "networks"],
} as const;

function checkTogether(options: LatencyOptions): void {
  const ways = (Object.keys(WAYS) as (keyof typeof WAYS)[]).filter((name) => options[name] !== undefined);
  if (ways.length > 1) {
    throw new ConfigError(
      `latency: must have one of ${ways.map((way) => `--${way}`).join(" and ")}, got both; leave one out`,
    );
  }
  if (options.networks !== undefined && options.browser === undefined) {
    throw new ConfigError("latency: --networks needs --browser, where networks are timed whole; give both or neither");
  }
  for (const way of ways) {
    const idle = WAYS[way].find((name) => options[name] !== undefined && !(name === "batch" && options.batch === 1));
    if (idle) throw new ConfigError(`latency: --${idle} does nothing beside --${way}; leave it out`);
  }
}

function writeTemplate({ subject, teacher }: Subject, path: string, output: Output): void {
  const layers = layersToMeasure(subject, ...(teacher ? [teacher] : []));
  writing("latency --template", path, () => writeAtomic(path, latencyTemplate(layers, subject.name)));
  output.result(
    { template: path, layers: layers.length },
    () => `${path}: ${layers.length} distinct layers of ${subject.name}`,
  );
  output.remark(
    `put medianMs, milliseconds, beside each and the device's name at the top; blockwise latency ${subject.name} --from ${path} --out <file> checks it`,
  );
}

/** @throws ConfigError with all layers of the subject that a table from elsewhere lacks. */
function importedTable({ subject }: Subject, path: string): LatencyTable {
  const table = readLatencyTable(path);
  const missing = missingKeys(table, layersToMeasure(subject));
  if (missing.length === 0) return table;
  throw new ConfigError(
    `latency --from: ${path} must have the latency of every layer of ${subject.name}, and lacks ${missing.length}:\n${missing.map((key) => `  ${key}`).join("\n")}\nmeasure them, or fill in their medianMs`,
    { missing },
  );
}

/** What is measured: a network, or a space with the teacher that its networks are found for. */
export interface Subject {
  readonly subject: Architecture | SearchSpace;
  readonly teacher?: Architecture;
}

async function measured({ subject, teacher }: Subject, options: LatencyOptions, output: Output): Promise<LatencyTable> {
  const { batch, rounds = ROUNDS.engine } = options;
  // Loaded here: what is wrong with the subject is said without an engine.
  const { engine } = await import("../../engine/index.js");
  const { latencyTable } = await import("../../deploy/measure-layers.js");
  engine.use("auto", { threads: options.threads });
  return output.progressing((context) => latencyTable(subject, { batch, rounds }, context, teacher));
}

async function resolveSubject(text: string): Promise<Subject> {
  if (spaceNames().includes(text)) return { subject: spacePreset(text) };
  if (isArchitecturePreset(text)) return { subject: architecturePreset(text) };
  if (existsSync(join(text, "journal.jsonl"))) return { subject: spaceOfRun(text), teacher: recordedTeacher(text) };
  if (existsSync(text))
    return subjectOf(readJson(text, { what: "an architecture or an experiment", byUser: true }), text);
  throw new ConfigError(
    `latency: ${JSON.stringify(text)} must be a search space (${spaceNames().join(", ")}), a network preset (${architectureNames().join(", ")}), a file or a run's directory`,
  );
}

async function subjectOf(value: unknown, file: string): Promise<Subject> {
  if (!isExperiment(value)) return { subject: parseArchitecture(value, file) };
  const { parseExperiment, prepareSpace } = await import("../../systems/dna/index.js");
  const { architecture, space } = await prepareSpace(parseExperiment(value, file));
  return { subject: space, teacher: architecture };
}

/** Parts of an experiment that no network has. */
const OF_EXPERIMENTS = ["data", "teacher", "split", "distill", "rate", "improve", "search", "retrain"];

function isExperiment(value: unknown): boolean {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  return !keys.includes("blocks") && !keys.includes("architecture") && keys.some((key) => OF_EXPERIMENTS.includes(key));
}

function spaceOfRun(path: string): SearchSpace {
  const { space } = readRun(path);
  if (space) return space.space;
  throw new ConfigError(`latency: ${path} must have its search space, and has none yet; blockwise run goes on with it`);
}
