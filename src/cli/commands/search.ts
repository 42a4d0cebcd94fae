import type { Command } from "commander";
import { ConfigError, formatCount } from "../../core";
import { ratedWords } from "../../retrain/compare/rated-by";
import { type CostName, costNames, type FoundNetwork, type RatingTable } from "../../search";
import { assemble, hasTimmWords, networkId, type SearchSpace, timmStages } from "../../space";
import { Output, type OutputOptions, withOutput } from "../output";
import { textTable } from "../table";
import { bestNetworks, networkCount, type SearchOptions, searched, withSearch } from "./search-options";

type Options = SearchOptions & OutputOptions & { readonly k: string; readonly difference: string };

/** `blockwise search <run>`: other limits and weights on ratings that are there, without training anything. */
export function registerSearch(program: Command): void {
  withSearch(withOutput(program.command("search")))
    .description("the best networks of a run's ratings within several limits at once; trains nothing")
    .argument("<run>", "a run's directory whose blocks are rated, e.g. runs/quickstart")
    .option("-k <count>", "networks to give", "1")
    .option("--difference <share>", "share of the blocks in which any two of them must differ, 0 to 1", "0")
    .action(async (path: string, options: Options) => {
      const output = new Output(options);
      const [k, difference] = [networkCount(options.k), shareOf(options.difference)];
      const run = searched(path, options, "search");
      const { table, space, limits, joining, rated } = run;
      const found = await bestNetworks(run, { k, difference });
      const latencyOf = table.latencyOf && { latencyOf: table.latencyOf };
      output.result(
        { limits, ...latencyOf, ...joining, ratedBy: rated, networks: found.map((of) => described(space, of)) },
        () => rows(table, found),
      );
      output.remark(`\n${ratedWords(rated)}`);
      output.remark(
        `${found.length} network${found.length > 1 ? "s" : ""} of ${space.name}, best first; --json gives their layers, blockwise retrain ${path} <network> trains one`,
      );
    });
}

function shareOf(text: string): number {
  const share = Number(text);
  if (text.trim() !== "" && share >= 0 && share <= 1) return share;
  throw new ConfigError(`--difference: must be a share of the blocks, 0 to 1, got ${JSON.stringify(text)}`);
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

function rows(table: RatingTable, found: readonly FoundNetwork[]): string {
  const names = costNames(table);
  const head = (name: CostName) => (name === "latencyMs" && table.latencyOf ? `latencyMs (${table.latencyOf})` : name);
  const shown = (name: CostName, value: number) => (name === "latencyMs" ? value.toFixed(3) : formatCount(value));
  const lines = found.map(({ choice, score, cost }) => [
    networkId(choice),
    score.toFixed(4),
    ...names.map((name) => shown(name, cost[name]!)),
  ]);
  return textTable(["network", "rating", ...names.map(head)], lines);
}
