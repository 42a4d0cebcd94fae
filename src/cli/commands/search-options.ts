import type { Command } from "commander";

import { ConfigError, MOST, parseCountOf } from "../../core";
import { readLatencyTable } from "../../cost";
import type { RatedSpace } from "../../rate";
import { type Limit, type Limits, withLatency } from "../../search";

import type { SearchSpace } from "../../space";
// Not the room's index: that loads an engine.
import { type Joining, joinedTable, type RatedRun, readRatedRun } from "../../systems/dna/rated-run";

/** Options of the commands that search a run's ratings. */
export interface SearchOptions {
  readonly macs?: string;
  readonly params?: string;
  readonly activation?: string;
  readonly latency?: string;
  readonly latencyTable?: string;
  readonly weights?: string;
  readonly join?: string;
}

/** Adds them to a command. */
export function withSearch(command: Command): Command {
  return command
    .option(
      "--macs <limit>",
      'at most so many multiply-adds, e.g. 2.5M, 45% of the teacher\'s, or an interval "2M..2.5M"',
    )
    .option("--params <limit>", "parameters, likewise")
    .option("--activation <limit>", "bytes of all activations, likewise")
    .option("--latency <limit>", "milliseconds, likewise but in numbers; needs --latency-table")
    .option("--latency-table <file>", "what blockwise latency --out wrote for the run's space")
    .option("--weights <list>", "what each block's rating counts, e.g. 0.35,0.45,0.2; the run's own when left out")
    .option("--join <how>", "sum or product of the blocks' ratings; the run's own when left out");
}

/** A run's ratings as a command line wants them searched. */
export interface Searched {
  readonly run: RatedRun;
  readonly space: SearchSpace;
  readonly table: RatedSpace;
  readonly limits: Limits;
  readonly joining: Joining;
}

/** Reads a run's ratings and joins them. @throws ConfigError naming the option, StudyError when it is no run. */
export function searched(path: string, options: SearchOptions, where: string): Searched {
  const run = readRatedRun(path, where);
  const joining = joiningOf(options, run, where);
  const joined = joinedTable(run.rated, joining);
  const { latencyTable: latencies } = options;
  const table = latencies ? withLatency(joined, run.space, readLatencyTable(latencies)) : joined;
  return { run, space: run.space, table, limits: limitsOf(options, run, where), joining };
}

function joiningOf({ weights, join }: SearchOptions, run: RatedRun, where: string): Joining {
  if (join !== undefined && join !== "sum" && join !== "product") {
    throw new ConfigError(`${where}: --join must be sum or product, got ${JSON.stringify(join)}`);
  }
  return {
    join: join ?? run.joining.join,
    weights: weights === undefined ? run.joining.weights : weightsOf(weights, run.space.blocks.length, where),
  };
}

function weightsOf(text: string, blocks: number, where: string): number[] {
  const weights = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const valid =
    weights.every((weight) => weight >= 0 && Number.isFinite(weight)) && weights.some((weight) => weight > 0);
  if (valid && weights.length === blocks) return weights;
  throw new ConfigError(
    `${where}: --weights must be one number from 0 for each of the ${blocks} blocks, one of them above 0, e.g. ${new Array(blocks).fill(1).join(",")}, got ${JSON.stringify(text)}`,
    { blocks },
  );
}

function limitsOf(
  { macs, params, activation, latency, latencyTable }: SearchOptions,
  { teacher }: RatedRun,
  where: string,
): Limits {
  if (latency !== undefined && latencyTable === undefined) {
    throw new ConfigError(`${where}: --latency needs --latency-table, the file of blockwise latency --out`);
  }
  const given = {
    macs: { option: "--macs", text: macs, whole: teacher.macs },
    params: { option: "--params", text: params, whole: teacher.params },
    activationBytes: { option: "--activation", text: activation, whole: teacher.activationBytes },
    latencyMs: { option: "--latency", text: latency, whole: undefined },
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, { option, text, whole }]): [string, Limit][] =>
      text === undefined ? [] : [[name, parseLimit(`${where}: ${option}`, text, whole)]],
    ),
  );
}

/** "2.5M" or "45%" as an upper limit, "2M..2.5M" as an interval. */
function parseLimit(where: string, text: string, whole: number | undefined): Limit {
  const parts = text.split("..");
  if (parts.length > 2) throw new ConfigError(`${where} must be a limit or low..high, got ${JSON.stringify(text)}`);
  const [low, high] = parts.map((part) => {
    try {
      return parseCountOf(part, whole);
    } catch (error) {
      throw new ConfigError(
        `${where} must be a count such as 2.5M, a share such as 45% or low..high, got ${JSON.stringify(text)}: ${(error as Error).message}`,
      );
    }
  });
  if (high === undefined) return low;
  if (low <= high) return [low, high];
  throw new ConfigError(`${where} must rise, low..high, got ${JSON.stringify(text)}`);
}

/** `-k`: networks to give. */
export function networkCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST.networks) return count;
  throw new ConfigError(`-k: k must be a whole number from 1 to ${MOST.networks}, got ${JSON.stringify(text)}`);
}
