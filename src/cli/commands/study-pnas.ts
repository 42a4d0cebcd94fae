import { existsSync } from "node:fs";
import { join } from "node:path";
import type { StepContext } from "../../core";
import { findStudy } from "../../study/ranking/study-files";
import type { StoredPnas, StoredTable } from "../../systems/pnas";
import { resumable } from "../interrupt";
import type { Output } from "../output";
import { textTable } from "../table";
import { checkAlone } from "./study-alone";

/** The name by which `blockwise study` searches as PNAS does, and the one by which it trains the cells for that. */
export const PNAS = "pnas";
export const PNAS_TABLE = "pnas-table";

interface PnasOptions {
  readonly runsDir: string;
  readonly threads?: number;
  readonly summary?: boolean;
}

type Words = typeof import("../../systems/pnas");

/** `blockwise study pnas`: PNAS on tables of trained cells; `blockwise study pnas-table`: trains the cells of one of them. */
export function runPnasStudy(names: readonly string[], options: PnasOptions, output: Output): Promise<number> {
  const [study] = names.filter((name) => name === PNAS || name === PNAS_TABLE);
  const useless = ["images", "truth", "seed", "variant", ...(study === PNAS_TABLE ? ["summary"] : [])];
  checkAlone(study!, names, options, useless, "all that it does is fixed");
  return resumable(options.runsDir, output, async (context) => {
    const words = await import("../../systems/pnas/index.js");
    if (study === PNAS_TABLE) {
      const table = await trained(options, output, context, words);
      output.result(table, () => tableText(table));
      return;
    }
    const { stored, table } = await searched(options, output, context, words);
    output.result(options.summary ? words.summarisePnas(stored, table) : stored, () => pnasText(stored, table, words));
  });
}

/** Where results lie: in a checkout its own, else below the working folder. */
async function places({ tableFile }: Words) {
  const ranking = await import("../../systems/dna-studies/index.js");
  const { file, root } = findStudy("ranking");
  const study = ranking.withOwnResults(ranking.readStudy(file, root));
  return { table: tableFile(study.root), figures: join(study.results, "..", "10_pnas.json") };
}

async function trained(
  { runsDir, threads }: PnasOptions,
  output: Output,
  context: StepContext,
  words: Words,
): Promise<StoredTable> {
  const { engine } = await import("../../engine/index.js");
  const { table: file } = await places(words);
  output.remark(`table: ${file}`);
  engine.use("auto", { threads });
  return words.writeTable({ runs: runsDir, file, command: `npx blockwise study ${PNAS_TABLE}` }, context);
}

async function searched(
  { runsDir, threads, summary }: PnasOptions,
  output: Output,
  context: StepContext,
  words: Words,
): Promise<{ stored: StoredPnas; table: StoredTable }> {
  const { engine } = await import("../../engine/index.js");
  const own = await places(words);
  // The one that ships, unless another was trained here.
  const table = words.storedTable(existsSync(own.table) ? own.table : undefined);
  output.remark(`results: ${own.figures}`);
  if (summary) return { stored: words.storedPnas(own.figures), table };
  engine.use("auto", { threads });
  const place = { runs: runsDir, file: own.figures, command: `npx blockwise study ${PNAS}` };
  return { stored: await words.writePnas(table, place, context), table };
}

function tableText({ cells, again, published }: StoredTable): string {
  const values = Object.values(cells).map(([validation]) => validation);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${values.length} cells trained, validation accuracy ${least.toFixed(1)} to ${most.toFixed(1)} %; ${Object.keys(again).length} of them again from another seed; ${published.length} of five blocks, the first PNASNet-5's.`;
}

/** The searches and predictors as tables for a terminal. */
function pnasText(stored: StoredPnas, table: StoredTable, words: Words): string {
  const { PNAS_METHODS, PNAS_METHOD_TITLES, PREDICTOR_TITLES, PNAS_TABLE_TITLES } = words;
  const { tables, agreement, quality, published } = words.summarisePnas(stored, table);
  const { seeds } = stored.settings;
  const targets = tables.flatMap(({ table: name, targets: all }) =>
    all.map(({ random, accuracy, needed }) => [
      PNAS_TABLE_TITLES[name],
      random,
      accuracy.toFixed(2),
      ...PNAS_METHODS.slice(1).map((method) => needed[method] ?? "more"),
    ]),
  );
  const rho = (of: { readonly mean: number } | undefined) => of?.mean.toFixed(2) ?? "";
  return [
    `Evaluations until a search has seen what random search has seen after the number in the second column (validation accuracy, percent; medians of ${seeds} seeds; "more": than it was given).`,
    textTable(
      ["table", "random", "accuracy", ...PNAS_METHODS.slice(1).map((method) => PNAS_METHOD_TITLES[method])],
      targets,
    ),
    `Spearman's rho of predictions, means of ${stored.settings.agreement.trials} trials: over the cells of the fit, others of their size, cells one size larger.`,
    textTable(
      ["table", "fitted to size", "predictor", "fitted", "own size", "next size"],
      agreement.map((one) => [
        PNAS_TABLE_TITLES[one.table],
        one.size,
        PREDICTOR_TITLES[one.predictor],
        rho(one.fitted),
        rho(one.own),
        rho(one.next),
      ]),
    ),
    `Two trainings of ${quality.again} cells agree with rho ${quality.rho.toFixed(2)}. PNASNet-5's cell is better than ${published.percentile.toFixed(0)} % of ${published.randoms.length} random ones.`,
  ].join("\n");
}
