import type { Command } from "commander";
import { formatCount, MOST, percent } from "../../core";
import type { RetrainedFile } from "../../study";
// Not the room's index: that loads an engine.
import { networkOf } from "../../study/rated-run";
import { resumable } from "../interrupt";
import { Output, type OutputOptions, withOutput } from "../output";
import { textTable } from "../table";
import { threadCount, wholeNumber } from "../whole-number";
import { bestNetworks, networkCount, type SearchOptions, searched, withSearch } from "./search-options";

interface Options extends SearchOptions, OutputOptions {
  readonly k: string;
  readonly epochs?: string;
  readonly seed?: string;
  readonly threads?: string;
}

/** `blockwise retrain <run> [network...]`: trains what `blockwise search` finds, beside the run's own networks. */
export function registerRetrain(program: Command): void {
  withSearch(withOutput(program.command("retrain")))
    .description(
      "train networks that blockwise search finds in a run's ratings, as the run trains its own, and measure them; resumes",
    )
    .argument("<run>", "a run's directory whose blocks are rated, e.g. runs/quickstart")
    .argument("[networks...]", "ids as search prints them, e.g. c0.1_c1.0-0; the best within the limits when left out")
    .option("-k <count>", "without ids, so many of the best", "1")
    .option("--epochs <count>", "instead of the run's")
    .option("--seed <number>", "of the training, instead of the run's")
    .option("--threads <count>", "of the engine; those of the run by default")
    .action(async (path: string, ids: readonly string[], options: Options) => {
      process.exitCode = await retrain(path, ids, options);
    });
}

async function retrain(path: string, ids: readonly string[], options: Options): Promise<number> {
  const output = new Output(options);
  const k = networkCount(options.k);
  const recipe = {
    ...(options.epochs !== undefined && { epochs: wholeNumber("--epochs", options.epochs, 1, MOST.epochs) }),
    ...(options.seed !== undefined && { seed: wholeNumber("--seed", options.seed) }),
  };
  const threads = options.threads === undefined ? undefined : threadCount(options.threads);
  const run = searched(path, options, "retrain");
  const { table, limits, rated } = run;
  const networks = ids.length > 0 ? ids.map((id) => networkOf(table, id)) : await bestNetworks(run, { k });
  // Loaded here: what is wrong with the command line is said without an engine.
  const { retrainFound } = await import("../../systems/dna/retrain-found.js");
  let trained: readonly RetrainedFile[] = [];
  const code = await resumable(path, output, async (context) => {
    const onNote = (text: string) => output.remark(`${path}: ${text}`);
    trained = await retrainFound(path, networks, { ...recipe, threads, limits, rated }, { ...context, onNote });
  });
  if (trained.length > 0) output.result({ networks: trained }, () => describe(trained));
  return code;
}

function describe(trained: readonly RetrainedFile[]): string {
  const rows = trained.map(({ id, macs, params, accuracy, validationAccuracy, score, file }) => [
    id,
    formatCount(macs),
    formatCount(params),
    percent(accuracy),
    percent(validationAccuracy),
    score.toFixed(4),
    file,
  ]);
  return textTable(["network", "MACs", "params", "test", "validation", "rating", "file"], rows);
}
