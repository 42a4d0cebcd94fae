import { existsSync } from "node:fs";
import { join } from "node:path";
import type { StepContext } from "../../core";
import { findStudy } from "../../study/ranking/study-files";
import type { ReliabilitySummary, StoredEconas, StoredTrainings } from "../../systems/econas";
import { resumable } from "../interrupt";
import type { Output } from "../output";
import { textTable } from "../table";
import { checkAlone } from "./study-alone";

/** The name by which `blockwise study` searches by EcoNAS' proxies, and the one by which it trains the networks for that. */
export const ECONAS = "econas";
export const ECONAS_TABLE = "econas-table";

interface EconasOptions {
  readonly runsDir: string;
  readonly threads?: number;
  readonly summary?: boolean;
}

type Words = typeof import("../../systems/econas");

/** `blockwise study econas-table`: trains networks by full and by reduced settings; `blockwise study econas`: searches them. */
export function runEconasStudy(names: readonly string[], options: EconasOptions, output: Output): Promise<number> {
  const study = names.find((name) => name === ECONAS || name === ECONAS_TABLE)!;
  const useless = ["images", "truth", "seed", "variant", ...(study === ECONAS ? ["threads"] : ["summary"])];
  const why = study === ECONAS ? "it searches stored trainings" : "all that it does is fixed";
  checkAlone(study, names, options, useless, why);
  return resumable(options.runsDir, output, async (context) => {
    const words = await import("../../systems/econas/index.js");
    if (study === ECONAS_TABLE) {
      const trainings = await trained(options, output, context, words);
      output.result(trainings, () => trainingsText(words.summariseReliability(trainings)));
      return;
    }
    const { stored, trainings } = await searched(options, output, context, words);
    const searches = words.summariseSearches(stored, trainings);
    const summary = { reliability: words.summariseReliability(trainings), searches };
    output.result(options.summary ? summary : stored, () => searchesText(searches, stored, words));
  });
}

/** Where results lie: in a checkout its own, else below the working folder. */
async function places({ trainingsFile }: Words) {
  const ranking = await import("../../systems/dna-studies/index.js");
  const { file, root } = findStudy("ranking");
  const study = ranking.withOwnResults(ranking.readStudy(file, root));
  return { trainings: trainingsFile(study.root), results: join(study.results, "..", "11_econas.json") };
}

async function trained(
  { runsDir, threads }: EconasOptions,
  output: Output,
  context: StepContext,
  words: Words,
): Promise<StoredTrainings> {
  const { engine } = await import("../../engine/index.js");
  const { trainings: file } = await places(words);
  output.remark(`trainings: ${file}`);
  engine.use("auto", { threads });
  return words.writeTrainings({ runs: runsDir, file, command: `npx blockwise study ${ECONAS_TABLE}` }, context);
}

async function searched(
  { summary }: EconasOptions,
  output: Output,
  context: StepContext,
  words: Words,
): Promise<{ stored: StoredEconas; trainings: StoredTrainings }> {
  const own = await places(words);
  // Those that ship, unless others were trained here.
  const trainings = words.storedTrainings(existsSync(own.trainings) ? own.trainings : undefined);
  output.remark(`results: ${own.results}`);
  if (summary) return { stored: words.storedEconas(own.results), trainings };
  const place = { file: own.results, command: `npx blockwise study ${ECONAS}` };
  return { stored: await words.writeEconas(trainings, place, context), trainings };
}

function trainingsText({ proxies, ceiling, networks, chosen, fullSeconds }: ReliabilitySummary): string {
  const rows = proxies.map(({ proxy, rho, seconds, acceleration, macsAcceleration, onFront }) => [
    proxy,
    rho.value.toFixed(2),
    rho.interval.map((end) => end.toFixed(2)).join(" to "),
    seconds.toFixed(2),
    acceleration.toFixed(1),
    macsAcceleration.toFixed(1),
    onFront ? "yes" : "",
  ]);
  return [
    `Spearman's rho of ${networks} networks' accuracies by a proxy and by the full setting from another seed (${fullSeconds.toFixed(2)} s of processor time a training); the full setting itself: ${ceiling.value.toFixed(2)}.`,
    textTable(["proxy", "rho", "95 %", "seconds", "times faster", "by multiply-adds", "front"], rows),
    `The reliable proxy: ${chosen}.`,
  ].join("\n");
}

function searchesText(
  searches: ReturnType<Words["summariseSearches"]>,
  { settings }: StoredEconas,
  { ECONAS_ARM_TITLES, PROXY_BENCHMARK_TITLES }: Words,
): string {
  const rows = searches.flatMap(({ benchmark, arms }) =>
    arms.map(({ arm, cost, costShare, quality, difference }) => [
      PROXY_BENCHMARK_TITLES[benchmark],
      ECONAS_ARM_TITLES[arm],
      cost.mean.toFixed(1),
      costShare.toFixed(2),
      quality.mean.toFixed(2),
      difference ? difference.mean.toFixed(2) : "",
      difference?.interval?.map((end) => end.toFixed(2)).join(" to ") ?? "",
    ]),
  );
  return [
    `Means of ${settings.seeds} seeds: cost in full trainings of the mean network, test accuracy of the choice, difference to plain evolution of the same seed with its 95 % interval.`,
    textTable(["table", "search", "cost", "of plain's", "test accuracy", "difference", "95 %"], rows),
  ].join("\n");
}
