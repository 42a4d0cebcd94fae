import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Command } from "commander";
import { ConfigError, formatCount, formatDuration, parseCount, StudyError } from "../../core";
import type { ExperimentPlan } from "../../systems/dna";
import type { AskedRun } from "../asked-run";
import { stoppable } from "../interrupt";
import type { Output } from "../output";
import { textTable } from "../table";

/** How much room there is, on the command line. */
export interface RoomOptions {
  readonly disk?: string;
  readonly memory?: string;
}

/** Bytes that a run may take. */
export interface Room {
  readonly disk: number;
  readonly memory: number;
}

/** Adds the options that say how much room there is. */
export function withRoom(command: Command): Command {
  return command
    .option("--disk <bytes>", "that the run may take, e.g. 20G; what is free when left out")
    .option("--memory <bytes>", "likewise, e.g. 4G; feature maps beyond it stay on the disk");
}

/**
 * Says what a run takes, or refuses it where there is no room.
 * @returns the exit code.
 * @throws StudyError naming what is needed and what there is, before the probe where that is known without.
 */
export async function foresee(asked: AskedRun, options: RoomOptions, output: Output): Promise<number> {
  const { path, config, prepared, note } = asked;
  const room = roomOf(path, options);
  if (note !== undefined) output.remark(note);
  const { loadDataset } = await import("../../data/index.js");
  const { isRun } = await import("../../study/index.js");
  const { readRunState } = await import("../../study/run-state.js");
  const { planExperiment, plannedFeatureBytes } = await import("../../systems/dna/index.js");
  return stoppable("Nothing was begun", output, async (context) => {
    const { name, ...division } = config.data;
    const data = await loadDataset(name, { ...division, seed: config.seed }, context);
    checkRoom(path, { features: plannedFeatureBytes(config, prepared, data) }, 0, room);
    const done = isRun(path) ? readRunState(path, "plan").records : undefined;
    const plan = await planExperiment(config, prepared, data, done, context);
    checkRoom(path, plan.disk, plan.memoryBytes, room);
    output.result({ run: path, ...plan, room }, () => describe(path, plan, room));
  });
}

/** @throws ConfigError for a limit that is no count. */
function roomOf(path: string, { disk, memory }: RoomOptions): Room {
  return {
    disk: disk === undefined ? freeBytes(path) : bytesOf("--disk", disk),
    memory: memory === undefined ? process.availableMemory() + process.memoryUsage().rss : bytesOf("--memory", memory),
  };
}

/** @throws ConfigError for text that is no number of bytes. */
export function bytesOf(option: string, text: string): number {
  const bytes = /^\s*[\d.]/.test(text) ? parseOr(text) : undefined;
  if (bytes !== undefined && bytes > 0 && Number.isSafeInteger(bytes)) return bytes;
  throw new ConfigError(`${option}: must be a number of bytes such as "4G" or "500M", got ${JSON.stringify(text)}`);
}

function parseOr(text: string): number | undefined {
  try {
    return parseCount(text);
  } catch {
    return undefined;
  }
}

/** Of the disk that a place will be on. @throws ConfigError when no folder can be made there. */
function freeBytes(path: string): number {
  let place = resolve(path);
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  if (!statSync(place).isDirectory()) {
    throw new ConfigError(`plan: ${path} must be in a folder, and ${place} is a file; choose another --runs-dir`, {
      path,
    });
  }
  const { bavail, bsize } = statfsSync(place);
  return bavail * bsize;
}

/** @throws StudyError when there is less than is needed. */
function checkRoom(path: string, disk: Readonly<Record<string, number>>, memoryBytes: number, room: Room): void {
  const bytes = Object.values(disk).reduce((sum, each) => sum + each, 0);
  if (bytes > room.disk) {
    const parts = Object.entries(disk).map(([what, each]) => `${formatCount(each)}B of ${what}`);
    throw new StudyError(
      `plan: the disk below ${path} must have room for ${parts.join(", ")}, and has ${formatCount(room.disk)}B; free space, choose another --runs-dir, or take fewer images (distill.images)`,
      { path, needed: bytes, free: room.disk },
    );
  }
  if (memoryBytes > room.memory) {
    throw new StudyError(
      `plan: the run needs ${formatCount(memoryBytes)}B of memory, and there are ${formatCount(room.memory)}B; take fewer images (data.trainCount), smaller batches, or fewer --threads`,
      { path, needed: memoryBytes, free: room.memory },
    );
  }
}

const STATES = { reused: "done", again: "again", open: "to do" } as const;

function describe(path: string, { steps, ms, probeMs, disk, memoryBytes }: ExperimentPlan, room: Room): string {
  const rows = steps.map((step) => [
    step.name,
    STATES[step.state],
    `${step.tasks} ${step.unit}`,
    step.state === "reused" ? "-" : formatDuration(step.ms),
  ]);
  const { features, checkpoints, results } = disk;
  return [
    textTable(["step", "state", "tasks", "time"], rows),
    "",
    `${path} will take about ${formatDuration(ms)}, by a probe of ${formatDuration(probeMs)} on this machine as busy as it is now.`,
    `Disk: ${formatCount(features)}B of features, ${formatCount(checkpoints)}B of checkpoints and networks, ${formatCount(results)}B of results; ${formatCount(room.disk)}B are free.`,
    `Memory: ${formatCount(memoryBytes)}B at the peak; there are ${formatCount(room.memory)}B.`,
  ].join("\n");
}
