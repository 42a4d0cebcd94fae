import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { ConfigError, readJson, writeJson } from "../../core";
import { isArchitecture, type LatencyTable, networkLatencyRange, rangeWords, unsteadyWords } from "../../cost";
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
import { Output, type OutputOptions, withOutput } from "../output";
import { checkOutput } from "../output-file";
import { readRun } from "../report/recorded-run";
import { textTable } from "../table";
import { threadCount, wholeNumber } from "../whole-number";

interface LatencyOptions extends OutputOptions {
  readonly batch: number;
  readonly rounds: number;
  readonly threads?: number;
  readonly out?: string;
}

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
    .option("--rounds <count>", "runs of each layer", (text) => wholeNumber("--rounds", text, 1, 100_000), 15)
    .option("--threads <count>", "of the engine; the physical cores by default", threadCount)
    .option("--out <file>", "write the table as JSON; an experiment takes it as search.latencyTable")
    .action(async (text: string, options: LatencyOptions) => {
      const output = new Output(options);
      if (options.out) checkOutput("latency --out", options.out);
      const subject = await resolveSubject(text);
      const table = await measured(subject, options, output);
      if (options.out) writeJson(options.out, table);
      output.result(table, () => tableText(subject, table));
      const unsteady = unsteadyWords(table);
      if (unsteady) output.warn(unsteady);
      if (options.out) output.remark(`written to ${options.out}`);
    });
}

/** What is measured: a network, or a space with the teacher that its networks are found for. */
interface Subject {
  readonly subject: Architecture | SearchSpace;
  readonly teacher?: Architecture;
}

async function measured({ subject, teacher }: Subject, options: LatencyOptions, output: Output): Promise<LatencyTable> {
  const { batch, rounds } = options;
  // Loaded here: what is wrong with the subject is said without an engine.
  const { engine } = await import("../../engine/index.js");
  const { latencyTable } = await import("../../systems/dna/index.js");
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
  const { architecture, space } = prepareSpace(parseExperiment(value, file));
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

function tableText({ subject: measured, teacher }: Subject, table: LatencyTable): string {
  const { batch, cpu, engine, entries, subject } = table;
  const ms = (value: number) => value.toFixed(3);
  const rows = entries.map(({ key, medianMs, lowMs, highMs, runs }) => [
    key,
    ms(medianMs),
    lowMs === undefined || highMs === undefined ? "not given" : `${ms(lowMs)} - ${ms(highMs)}`,
    runs ?? "not given",
  ]);
  return [
    textTable(["layer @ what enters", "median, ms", "10 - 90 %", "runs"], rows),
    `\n${subject}: ${entries.length} distinct layers, ${batch} image${batch > 1 ? "s" : ""} at once, on ${cpu}, engine ${engine.backend} with ${engine.threads} thread${engine.threads > 1 ? "s" : ""}`,
    ...(isArchitecture(measured)
      ? [`sum over the network's layers ${rangeWords(networkLatencyRange(table, measured))}`]
      : []),
    ...(teacher
      ? [`the teacher's layers, measured with them, take ${rangeWords(networkLatencyRange(table, teacher))} in all`]
      : []),
  ].join("\n");
}
