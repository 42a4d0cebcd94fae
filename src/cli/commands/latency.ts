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
    .argument("<subject>", "search space, network preset, architecture file or run, e.g. dna, dna-a, found.json")
    .option("--batch <count>", "images at once", (text) => wholeNumber("--batch", text, 1, 65_536), 1)
    .option("--rounds <count>", "runs of each layer", (text) => wholeNumber("--rounds", text, 1, 100_000), 15)
    .option("--threads <count>", "of the engine; the physical cores by default", threadCount)
    .option("--out <file>", "write the table as JSON; an experiment takes it as search.latencyTable")
    .action(async (text: string, options: LatencyOptions) => {
      const output = new Output(options);
      if (options.out) checkOutput("latency --out", options.out);
      const table = await measured(text, options, output);
      if (options.out) writeJson(options.out, table);
      output.result(table, () => tableText(text, table));
      const unsteady = unsteadyWords(table);
      if (unsteady) output.warn(`warning: ${unsteady}`);
      if (options.out) output.remark(`written to ${options.out}`);
    });
}

async function measured(text: string, options: LatencyOptions, output: Output): Promise<LatencyTable> {
  const subject = resolveSubject(text);
  const { batch, rounds } = options;
  // Loaded here: what is wrong with the subject is said without an engine.
  const { engine } = await import("../../engine/index.js");
  const { latencyTable } = await import("../../systems/dna/index.js");
  engine.use("auto", { threads: options.threads });
  return output.progressing((context) => latencyTable(subject, { batch, rounds }, context));
}

function resolveSubject(text: string): Architecture | SearchSpace {
  if (spaceNames().includes(text)) return spacePreset(text);
  if (isArchitecturePreset(text)) return architecturePreset(text);
  if (existsSync(join(text, "journal.jsonl"))) return spaceOfRun(text);
  if (existsSync(text)) return parseArchitecture(readJson(text, { what: "an architecture", byUser: true }), text);
  throw new ConfigError(
    `latency: ${JSON.stringify(text)} must be a search space (${spaceNames().join(", ")}), a network preset (${architectureNames().join(", ")}), a file or a run's directory`,
  );
}

function spaceOfRun(path: string): SearchSpace {
  const { space } = readRun(path);
  if (space) return space.space;
  throw new ConfigError(`latency: ${path} must have its search space, and has none yet; blockwise run goes on with it`);
}

function tableText(text: string, table: LatencyTable): string {
  const { batch, cpu, engine, entries, subject } = table;
  const ms = (value: number) => value.toFixed(3);
  const rows = entries.map(({ key, medianMs, lowMs, highMs, runs }) => [
    key,
    ms(medianMs),
    lowMs === undefined || highMs === undefined ? "not given" : `${ms(lowMs)} - ${ms(highMs)}`,
    runs ?? "not given",
  ]);
  const measured = resolveSubject(text);
  return [
    textTable(["layer @ what enters", "median, ms", "10 - 90 %", "runs"], rows),
    `\n${subject}: ${entries.length} distinct layers, ${batch} image${batch > 1 ? "s" : ""} at once, on ${cpu}, engine ${engine.backend} with ${engine.threads} thread${engine.threads > 1 ? "s" : ""}`,
    ...(isArchitecture(measured)
      ? [`sum over the network's layers ${rangeWords(networkLatencyRange(table, measured))}`]
      : []),
  ].join("\n");
}
