import { ConfigError } from "../../core";
import {
  compareResults,
  parseTolerance,
  readNotebook,
  recordsOf,
  type Tolerance,
  type Tolerances,
  type ValueComparison,
} from "../../notebook";
import { EXIT } from "../exit-codes";
import { Output, type OutputOptions } from "../output";
import { checkOutput } from "../output-file";
import { textTable } from "../table";
import { beside, type RunCellsOptions, runCells, writeExecuted } from "./run-cells";

export interface CheckOptions extends RunCellsOptions, OutputOptions {
  readonly tolerance: readonly string[];
  readonly output?: string;
}

/**
 * Executes a notebook again, as it is stored, and prints how its results differ from the stored ones.
 * @returns The exit code: 0 when all agree, 1 when some do not, those of a run that fails otherwise.
 * @throws ConfigError when the notebook holds no results.
 */
export async function checkNotebook(path: string, options: CheckOptions): Promise<number> {
  const tolerances = parseTolerances(options.tolerance);
  if (options.output !== undefined) checkOutput("notebook check --output", options.output);
  const stored = readNotebook(path);
  const records = recordsOf(stored);
  if (records.length === 0) {
    throw new ConfigError(
      `notebook check: ${path} must hold results to compare with, and has none; show them with await lab.record(name, values), then run it with --in-place`,
    );
  }
  const output = new Output(options);
  const executed = await runCells(path, stored, {}, beside(options.output ?? path, "partial"), output, options);
  if (typeof executed === "number") return executed;
  if (options.output !== undefined) writeExecuted(options.output, executed, output);
  const comparisons = compareResults(records, recordsOf(executed), tolerances);
  const different = comparisons.filter(({ agrees }) => !agrees).length;
  const verdict =
    different === 0
      ? `${comparisons.length} values agree with the stored ones`
      : `${different} of ${comparisons.length} values differ from the stored ones by more than their tolerance`;
  output.result({ agrees: different === 0, comparisons }, () => `${comparisonTable(comparisons)}\n${verdict}`);
  return different === 0 ? EXIT.done : EXIT.failed;
}

/** The values as columns of text. */
export function comparisonTable(comparisons: readonly ValueComparison[]): string {
  const text = (value: unknown) => (value === undefined ? "absent" : JSON.stringify(value));
  return textTable(
    ["result", "value", "stored", "now", "difference", "tolerance", ""],
    comparisons.map(({ result, value, stored, now, difference, tolerance, agrees }) => [
      result,
      value,
      text(stored),
      text(now),
      difference === undefined ? "" : String(Number(difference.toPrecision(3))),
      String(tolerance),
      agrees ? "ok" : "DIFFERS",
    ]),
  );
}

/** Each is a tolerance for all, or `name=tolerance` for a value; names may have spaces. */
function parseTolerances(given: readonly string[]): Tolerances {
  let byDefault: Tolerance | undefined;
  const byName: Record<string, Tolerance> = {};
  for (const text of given) {
    const at = text.lastIndexOf("=");
    const tolerance = parseTolerance(text.slice(at + 1));
    if (tolerance === undefined) {
      throw new ConfigError(`--tolerance: must be a number, a share such as 5%, or any; got ${JSON.stringify(text)}`);
    }
    if (at < 0) byDefault = tolerance;
    else byName[text.slice(0, at)] = tolerance;
  }
  return { byDefault, byName };
}
