import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Command } from "commander";
import { formatDuration } from "../../core";
// Not the room's index: that loads an engine.
import { type RunState, readRunState, runsAt } from "../../study/run-state";
import { Output, type OutputOptions, withOutput } from "../output";
import { textTable } from "../table";

/** `blockwise status [runs...]`: what becomes of runs, from their directories alone. */
export function registerStatus(program: Command): void {
  withOutput(program.command("status"))
    .description(
      "what runs are at: state, step, progress, time left, who holds the lock; reads their directories alone",
    )
    .argument("[runs...]", "run directories, or folders of some; runs/ when left out")
    .action((paths: readonly string[], options: OutputOptions) => {
      const runs = runsAt(paths.length > 0 ? paths : ["runs"], "status").map(
        (path) => readRunState(path, "status").state,
      );
      new Output(options).result({ runs }, () => describe(runs));
    });
}

const HEADER = ["run", "state", "steps", "at", "progress", "left", "held by"];

function describe(runs: readonly RunState[]): string {
  return [textTable(HEADER, runs.map(row)), ...runs.flatMap(remarks)].join("\n");
}

function row({ path, state, done, total, step, task, remainingMs, holder }: RunState): string[] {
  return [
    path,
    state,
    total === undefined ? `${done}` : `${done}/${total}`,
    task?.task ?? step ?? "-",
    task ? `${task.done}/${task.total} ${task.unit}` : "-",
    remainingMs === undefined ? "-" : formatDuration(remainingMs),
    holder ? `process ${holder.pid} on ${holder.host}${holder.isAlive === false ? ", which ended" : ""}` : "-",
  ];
}

/** The run's own configuration is an experiment with every default filled in. */
function resumeCommand(path: string): string {
  const [folder, name] = [dirname(path), basename(path)];
  // Of a search trial by trial the configuration leaves out how many evaluations were asked for.
  const asked = join(path, "experiment.json");
  return `npx blockwise run ${existsSync(asked) ? asked : join(path, "config.json")} --name ${name}${folder === "runs" ? "" : ` --runs-dir ${folder}`}`;
}

/** What a table has no room for: what went wrong, and how to go on. */
function remarks({ path, state, message, resumable, damage }: RunState): string[] {
  const what = message === undefined ? state : `${state}: ${message}`;
  return [
    ...(resumable ? [`${path}: ${what}; it goes on by ${resumeCommand(path)}`] : []),
    ...damage.map((each) => `${path}: ${each}`),
  ];
}
