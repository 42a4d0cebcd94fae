import type { Command } from "commander";

import { ConfigError, MOST } from "../../core";
import { knownLatency, type LatencyTable, readLatencyTable } from "../../cost";
import type { RatedSpace } from "../../rate";
import type { RatedBy } from "../../retrain";
import {
  type CostName,
  type FoundNetwork,
  ilpSearch,
  isBudget,
  type Limit,
  type Limits,
  resolveLimit,
  type WholeCosts,
  withLatency,
} from "../../search";
import type { SearchSpace } from "../../space";
import { calibratedTable, ratedBy } from "../../study/evidence-file";
import { type Joining, joinedTable, type RatedRun, readRatedRun } from "../../study/rated-run";
// Not the room's index: that loads an engine.
import { bestExpected, type Calibration } from "../../surrogate";
import { recordedTeacher } from "../../teacher/recorded-teacher";

/** Options of the commands that search a run's ratings. */
export interface SearchOptions {
  readonly macs?: string;
  readonly params?: string;
  readonly activation?: string;
  readonly latency?: string;
  readonly latencyTable?: string;
  readonly weights?: string;
  readonly join?: string;
  readonly uncalibrated?: boolean;
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
    .option("--latency <limit>", "milliseconds, or 45% of the teacher's, likewise; needs --latency-table")
    .option(
      "--latency-table <table>",
      "what blockwise latency <run> --out wrote, a CSV, or a name in latency/, e.g. chromium-wasm",
    )
    .option("--weights <list>", "what each block's rating counts, e.g. 0.35,0.45,0.2; the run's own when left out")
    .option("--join <how>", "sum or product of the blocks' ratings; the run's own when left out")
    .option("--uncalibrated", "by the ratings alone, without what the run's brief trainings say");
}

/** A run's ratings as a command line wants them searched. */
export interface Searched {
  readonly run: RatedRun;
  readonly space: SearchSpace;
  readonly table: RatedSpace;
  readonly limits: Limits;
  readonly joining: Joining;
  /** What the run's brief trainings say, of which the table is. */
  readonly calibration?: Calibration;
  /** What the table's networks are searched by. */
  readonly rated: RatedBy;
}

/** Reads a run's ratings, joins them, and calibrates them by the run's brief trainings where it has some. @throws ConfigError naming the option, StudyError when it is no run. */
export function searched(path: string, options: SearchOptions, where: string): Searched {
  const run = readRatedRun(path, where);
  const joining = joiningOf(options, run, where);
  const joined = joinedTable(run.rated, joining);
  const latencies = options.latencyTable === undefined ? undefined : readLatencyTable(options.latencyTable);
  const priced = latencies ? withLatency(joined, run.space, latencies) : joined;
  const { evidence, score, space } = run;
  const calibrated = evidence && !options.uncalibrated ? calibratedTable(space, priced, evidence) : undefined;
  return {
    run,
    space,
    table: calibrated?.table ?? priced,
    limits: limitsOf(options, run, teacherLatency(path, options, latencies), where),
    joining,
    calibration: calibrated?.calibration,
    rated: ratedBy(score, evidence, calibrated?.calibration),
  };
}

/**
 * The k best networks within the limits, best first, any two different in a share of their blocks; a single one within a plain
 * budget is that of the run itself: with evidence that of greatest expected accuracy.
 */
export async function bestNetworks(
  { table, limits, calibration }: Searched,
  options: { readonly k: number; readonly difference?: number },
): Promise<FoundNetwork[]> {
  if (calibration && options.k === 1 && isBudget(limits)) return [bestExpected(calibration, table, limits)];
  return ilpSearch(table, limits, options);
}

/** Milliseconds of the run's teacher, read only where a limit is relative to them. */
function teacherLatency(
  path: string,
  { latency = "" }: SearchOptions,
  latencies: LatencyTable | undefined,
): number | undefined {
  if (!latencies || !latency.includes("%")) return undefined;
  return knownLatency(latencies, recordedTeacher(path));
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
  teacherMs: number | undefined,
  where: string,
): Limits {
  if (latency !== undefined && latencyTable === undefined) {
    throw new ConfigError(
      `${where}: --latency needs --latency-table, the file of blockwise latency <run> --out <file>, or the name of a table in latency/`,
    );
  }
  const { macs: teacherMacs, params: teacherParams, activationBytes } = teacher;
  const whole = { macs: teacherMacs, params: teacherParams, activationBytes, latencyMs: teacherMs };
  const given: Readonly<Record<CostName, readonly [option: string, text: string | undefined]>> = {
    macs: ["--macs", macs],
    params: ["--params", params],
    activationBytes: ["--activation", activation],
    latencyMs: ["--latency", latency],
  };
  return Object.fromEntries(
    (Object.entries(given) as [CostName, readonly [string, string | undefined]][]).flatMap(
      ([name, [option, text]]): [CostName, Limit][] =>
        text === undefined ? [] : [[name, parseLimit(`${where}: ${option}`, name, text, whole)]],
    ),
  );
}

/** "2.5M" or "45%" as an upper limit, "2M..2.5M" as an interval. */
function parseLimit(where: string, name: CostName, text: string, whole: WholeCosts): Limit {
  const parts = text.split("..");
  if (parts.length > 2) throw new ConfigError(`${where} must be a limit or low..high, got ${JSON.stringify(text)}`);
  const [low, high] = parts;
  return resolveLimit(where, name, high === undefined ? low : [low, high], whole);
}

/** `-k`: networks to give. */
export function networkCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST.networks) return count;
  throw new ConfigError(`-k: k must be a whole number from 1 to ${MOST.networks}, got ${JSON.stringify(text)}`);
}
