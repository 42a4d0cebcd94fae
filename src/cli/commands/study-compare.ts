import { join } from "node:path";
import type { StepContext } from "../../core";
import { findStudy } from "../../study/ranking/study-files";
import type { StoredComparison } from "../../systems/search-comparison";
import { resumable } from "../interrupt";
import type { Output } from "../output";
import { textTable } from "../table";
import { checkAlone } from "./study-alone";

/** The name by which `blockwise study` compares searchers. */
export const COMPARE = "compare";

interface CompareOptions {
  readonly runsDir: string;
  readonly threads?: number;
  readonly summary?: boolean;
}

/** `blockwise study compare`: searchers on tables of truth; nothing is trained but SMBO's predictor. */
export function runCompareStudy(names: readonly string[], options: CompareOptions, output: Output): Promise<number> {
  const useless = ["images", "truth", "seed", "variant"];
  checkAlone(COMPARE, names, options, useless, "it searches tables that ship with Blockwise");
  return resumable(options.runsDir, output, async (context) => {
    const words = await import("../../systems/search-comparison/index.js");
    const stored = await compared(options, output, context);
    output.result(options.summary ? words.comparisonSummary(stored) : stored, () => compareText(stored, words));
  });
}

async function compared(
  { runsDir, threads, summary }: CompareOptions,
  output: Output,
  context: StepContext,
): Promise<StoredComparison> {
  // Loaded here: commands without tensors start without an engine.
  const { engine } = await import("../../engine/index.js");
  const ranking = await import("../../systems/dna-studies/index.js");
  const comparison = await import("../../systems/search-comparison/index.js");
  const { file, root } = findStudy("ranking");
  const { results: ratings } = ranking.withOwnResults(ranking.readStudy(file, root));
  const figures = join(ratings, "..", "20_compare.json");
  output.remark(`results: ${figures}`);
  if (summary) return comparison.storedComparison(figures);
  engine.use("auto", { threads });
  const place = { ratings, runs: runsDir, file: figures, command: `npx blockwise study ${COMPARE}` };
  return comparison.writeComparison(place, context);
}

/** The comparison as a table for a terminal. */
function compareText(
  stored: StoredComparison,
  { comparisonSummary, METHOD_TITLES, TABLE_TITLES }: typeof import("../../systems/search-comparison"),
): string {
  const rows = comparisonSummary(stored).flatMap(({ table, methods, best }) =>
    methods.map(({ method, runs, area, final }) => [
      TABLE_TITLES[table],
      METHOD_TITLES[method],
      runs,
      area.mean.toFixed(2),
      area.interval ? `${area.interval[0].toFixed(2)} to ${area.interval[1].toFixed(2)}` : "",
      final.mean.toFixed(2),
      best.test.toFixed(2),
    ]),
  );
  return [
    `True test accuracy (percent) of the network that each search would choose by validation, mean over 10 to ${stored.settings.evaluations} evaluations with its 95 % interval.`,
    textTable(["table", "search", "runs", "mean", "95 % interval", "after the last", "best possible"], rows),
  ].join("\n");
}
