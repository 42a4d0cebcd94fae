import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { ConfigError, formatCount, parseCount } from "../../core";
import { readLatencyTable } from "../../cost";
import { readTable } from "../../rate";
import {
  type CostName,
  costNames,
  type FoundNetwork,
  ilpSearch,
  type Limit,
  type Limits,
  type RatingTable,
  withLatency,
} from "../../search";
import { assemble, hasTimmWords, networkId, type SearchSpace, timmStages } from "../../space";
import { readRun } from "../report/recorded-run";
import { textTable } from "../table";

interface SearchOptions {
  readonly macs?: string;
  readonly params?: string;
  readonly activation?: string;
  readonly latency?: string;
  readonly latencyTable?: string;
  readonly k: string;
  readonly difference: string;
  readonly json?: boolean;
}

/** `blockwise search <run>`: other limits on ratings that are there, without training anything. */
export function registerSearch(program: Command): void {
  program
    .command("search")
    .description("the best networks of a run's ratings within several limits at once; trains nothing")
    .argument("<run>", "a run's directory whose blocks are rated, e.g. runs/quickstart")
    .option("--macs <limit>", 'at most so many multiply-adds, e.g. 2.5M, or an interval "2M..2.5M"')
    .option("--params <limit>", "parameters, likewise")
    .option("--activation <limit>", "bytes of all activations, likewise")
    .option("--latency <limit>", "milliseconds, likewise; needs --latency-table")
    .option("--latency-table <file>", "what blockwise latency --out wrote for the run's space")
    .option("-k <count>", "networks to give", "1")
    .option("--difference <share>", "share of the blocks in which any two of them must differ, 0 to 1", "0")
    .option("--json", "print JSON")
    .action(async (path: string, options: SearchOptions) => {
      const { table, space } = ratedBefore(path, options.latencyTable);
      const limits = limitsOf(options);
      const [k, difference] = [Number(options.k), Number(options.difference)];
      const found = await ilpSearch(table, limits, { k, difference });
      if (options.json)
        console.log(JSON.stringify({ limits, networks: found.map((of) => described(space, of)) }, null, 2));
      else print(table, space, found);
    });
}

function ratedBefore(path: string, latencies: string | undefined): { table: RatingTable; space: SearchSpace } {
  const { space: recorded } = readRun(path);
  const file = join(path, "ratings", "table.json");
  if (!recorded || !existsSync(file)) {
    throw new ConfigError(
      `search: ${path} must have all blocks rated (${file}), and has not; blockwise run goes on with it`,
    );
  }
  const table = readTable(join(path, "ratings"));
  const { space } = recorded;
  if (!latencies) return { table, space };
  return { table: withLatency(table, space, readLatencyTable(latencies)), space };
}

function limitsOf({ macs, params, activation, latency, latencyTable }: SearchOptions): Limits {
  if (latency !== undefined && latencyTable === undefined) {
    throw new ConfigError("search: --latency needs --latency-table, the file of blockwise latency --out");
  }
  const given = { macs, params, activationBytes: activation, latencyMs: latency };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, text]) => (text === undefined ? [] : [[name, parseLimit(text)]])),
  );
}

/** "2.5M" as an upper limit, "2M..2.5M" as an interval. */
function parseLimit(text: string): Limit {
  const parts = text.split("..").map((part) => parseCount(part));
  return parts.length === 2 ? [parts[0], parts[1]] : parseCount(text);
}

function described(space: SearchSpace, { choice, score, cost }: FoundNetwork) {
  const architecture = assemble(space, choice);
  return {
    id: networkId(choice),
    score,
    cost,
    timm: hasTimmWords(architecture) ? timmStages(architecture) : undefined,
    architecture,
  };
}

function print(table: RatingTable, space: SearchSpace, found: readonly FoundNetwork[]): void {
  const names = costNames(table);
  const shown = (name: CostName, value: number) => (name === "latencyMs" ? value.toFixed(3) : formatCount(value));
  const rows = found.map(({ choice, score, cost }) => [
    networkId(choice),
    score.toFixed(4),
    ...names.map((name) => shown(name, cost[name]!)),
  ]);
  console.log(textTable(["network", "rating", ...names], rows));
  console.log(
    `\n${found.length} network${found.length > 1 ? "s" : ""} of ${space.name}, best first; --json gives their layers`,
  );
}
