import { join } from "node:path";
import type { StepContext } from "../../core";
import { findStudy } from "../../study/ranking/study-files";
import type { EeeaArmSummary, StoredEeea, StoredTrained } from "../../systems/eeea";
import { resumable } from "../interrupt";
import type { Output } from "../output";
import { textTable } from "../table";
import { checkAlone } from "./study-alone";

/** The name by which `blockwise study` searches with and without EEEA-Net's early exit, and the one by which it trains for that. */
export const EEEA = "eeea";
export const EEEA_TRAINED = "eeea-trained";

interface EeeaOptions {
  readonly runsDir: string;
  readonly threads?: number;
  readonly summary?: boolean;
}

type Words = typeof import("../../systems/eeea");

/**
 * `blockwise study eeea`: searches of NAS-Bench-201's table; nothing is trained. `blockwise study eeea-trained`: searches of the
 * paper's own space by training.
 */
export function runEeeaStudy(names: readonly string[], options: EeeaOptions, output: Output): Promise<number> {
  const [study] = names.filter((name) => name === EEEA || name === EEEA_TRAINED);
  const trains = study === EEEA_TRAINED;
  const useless = ["images", "truth", "seed", "variant", ...(trains ? [] : ["threads"])];
  const why = trains ? "all that it does is fixed" : "it searches a table that ships with Blockwise";
  checkAlone(study!, names, options, useless, why);
  return resumable(options.runsDir, output, async (context) => {
    const words = await import("../../systems/eeea/index.js");
    if (trains) {
      const stored = await trained(options, output, context, words);
      output.result(options.summary ? words.summariseTrained(stored) : stored, () => trainedText(stored, words));
      return;
    }
    const stored = await searched(options, output, context, words);
    output.result(options.summary ? words.summariseEeea(stored.arms) : stored, () => eeeaText(stored, words));
  });
}

/** Where results lie: in a checkout its own, else below the working folder. */
async function places({ trainedFile }: Words) {
  const ranking = await import("../../systems/dna-studies/index.js");
  const { file, root } = findStudy("ranking");
  const study = ranking.withOwnResults(ranking.readStudy(file, root));
  return { trained: trainedFile(study.root), figures: join(study.results, "..", "12_eeea_net.json") };
}

async function searched(
  { summary }: EeeaOptions,
  output: Output,
  context: StepContext,
  words: Words,
): Promise<StoredEeea> {
  const { figures } = await places(words);
  output.remark(`results: ${figures}`);
  return summary ? words.storedEeea(figures) : words.writeEeea(figures, `npx blockwise study ${EEEA}`, context);
}

async function trained(
  { runsDir, threads, summary }: EeeaOptions,
  output: Output,
  context: StepContext,
  words: Words,
): Promise<StoredTrained> {
  const { trained: file } = await places(words);
  output.remark(`results: ${file}`);
  if (summary) return words.storedTrained(file);
  const { engine } = await import("../../engine/index.js");
  engine.use("auto", { threads });
  return words.writeTrained({ runs: runsDir, file, command: `npx blockwise study ${EEEA_TRAINED}` }, context);
}

/** The searches as a table for a terminal. */
function eeeaText({ arms, settings }: StoredEeea, words: Words): string {
  return [
    `Searches of NAS-Bench-201 (CIFAR-10, 12 epochs), ${words.EVALUATIONS} networks each, means of ${settings.seeds} seeds: dominated volume as a share of the best possible, cost in trainings of the mean network, test accuracy of the network that validates best.`,
    armsText(words.summariseEeea(arms).arms, words),
  ].join("\n");
}

function trainedText(stored: StoredTrained, words: Words): string {
  const { seeds } = stored.settings;
  const { arms, networks, again } = words.summariseTrained(stored);
  return [
    `Searches of EEEA-Net's space by training (Fashion-MNIST), ${words.evaluationsOf(stored.settings)} networks each, means of ${seeds} seeds: dominated volume as a share of what all ${networks} trained networks dominate, cost in trainings of the mean network, test accuracy of the network that validates best.`,
    armsText(arms, words),
    `Two trainings of ${again.networks} networks agree with rho ${again.rho.toFixed(2)}.`,
  ].join("\n");
}

function armsText(arms: readonly EeeaArmSummary[], { EEEA_ARMS }: Words): string {
  const percent = (value: number | undefined) => (value === undefined ? "" : `${(100 * value).toFixed(1)} %`);
  const rows = arms.map(({ arm, limit, rejection, volume, cost, accuracy }) => [
    EEEA_ARMS[arm].title,
    limit ? limit.params : "",
    percent(rejection?.mean),
    percent(volume.mean.mean),
    cost.mean.mean.toFixed(0),
    accuracy.mean.mean.toFixed(2),
  ]);
  return textTable(["search", "most params", "rejected at first", "volume", "cost", "test accuracy"], rows);
}
