import { readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { codeVersion, engineLabel, packageRoot } from "../core";
import type { Execution } from "./execute-notebook";
import type { Notebook } from "./notebook-file";
import { declaredParameters, type Parameters } from "./parameters";

const engineSchema = z.object({
  backend: z.string().optional(),
  device: z.string(),
  threads: z.number(),
  isa: z.string().optional(),
  versions: z.record(z.string(), z.string()),
});

/** Where a notebook's outputs come from; in its metadata under `blockwise`. */
const provenanceSchema = z.object({
  /** Of the package. */
  version: z.string(),
  /** Of the package's repository; null where it is none. */
  commit: z.string().nullable(),
  /** Whether the code differed from the commit. */
  modified: z.boolean(),
  /** When the execution began, ISO 8601. */
  date: z.string(),
  durationSeconds: z.number(),
  /** Null when the notebook used none. */
  engine: engineSchema.nullable(),
  machine: z.object({
    cpu: z.string(),
    cores: z.number(),
    memoryGiB: z.number(),
    platform: z.string(),
    node: z.string(),
  }),
  /** The parameter `seed`; null when the notebook has none. */
  seed: z.number().nullable(),
  /** Values of all parameters, the notebook's defaults included. */
  parameters: z.record(z.string(), z.unknown()),
  /** By id of the cell, or its index where it has none; tells the next run how long it will take. */
  cellSeconds: z.record(z.string(), z.number()),
});
export type NotebookProvenance = z.output<typeof provenanceSchema>;

/** The provenance of a notebook's outputs, undefined when it was not executed by `blockwise notebook run`. */
export function notebookProvenance({ metadata }: Notebook): NotebookProvenance | undefined {
  return provenanceSchema.safeParse(metadata.blockwise).data;
}

/** What to ask the kernel once the notebook has run, see {@link provenance}. */
export function provenanceQuestions(notebook: Notebook, injected: Parameters): Record<string, string> {
  const names = new Set([...declaredParameters(notebook).keys(), ...Object.keys(injected)]);
  return {
    parameters: `console.log(JSON.stringify({ ${[...names].join(", ")} }))`,
    engine: "console.log(JSON.stringify(engine.info()))",
    uncaught: 'console.log(JSON.stringify((globalThis as any)[Symbol.for("blockwise.notebook")].uncaught ?? []))',
  };
}

/** What is known of an execution that began at `started`. */
export function provenance(
  { notebook, seconds, answers }: Execution,
  started: Date,
  durationMs: number,
): NotebookProvenance {
  const parameters = z
    .record(z.string(), z.unknown())
    .catch({})
    .parse(answered(answers.get("parameters")));
  const engine = engineSchema
    .nullable()
    .catch(null)
    .parse(answered(answers.get("engine")));
  const { commit, modified } = codeVersion(packageRoot());
  return {
    version: JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")).version,
    commit,
    modified,
    date: started.toISOString().replace(/\.\d+Z$/, "Z"),
    durationSeconds: round(durationMs / 1000),
    engine: engine?.backend === undefined ? null : engine,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? "unknown",
      cores: cpus().length,
      memoryGiB: round(totalmem() / 2 ** 30),
      platform: `${platform()} ${release()} ${arch()}`,
      node: process.version,
    },
    seed: typeof parameters.seed === "number" ? parameters.seed : null,
    parameters,
    cellSeconds: Object.fromEntries(
      [...seconds].map(([index, value]) => [notebook.cells[index].id ?? String(index), round(value)]),
    ),
  };
}

/** NotebookProvenance in a line. */
export function provenanceLine({
  version,
  commit,
  modified,
  date,
  durationSeconds,
  engine,
  machine,
  seed,
}: NotebookProvenance): string {
  const code = commit === null ? "" : ` (commit ${commit.slice(0, 10)}${modified ? ", modified" : ""})`;
  const by =
    engine === null
      ? "no engine"
      : `engine ${engineLabel(engine)}, ${engine.threads} thread${engine.threads === 1 ? "" : "s"}`;
  return [
    `Executed ${date.slice(0, 16).replace("T", " ")} UTC by Blockwise ${version}${code} in ${durationSeconds} s`,
    by,
    ...(seed === null ? [] : [`seed ${seed}`]),
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`,
  ].join(" · ");
}

function answered(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
