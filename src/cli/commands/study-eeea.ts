import { join } from "node:path";
import type { StepContext } from "../../core";
import type { StoredEeea } from "../../systems/eeea";
import { findStudy } from "../../systems/ranking/study-files";
import { resumable } from "../interrupt";
import type { Output } from "../output";
import { textTable } from "../table";
import { checkAlone } from "./study-alone";

/** The name by which `blockwise study` searches with and without EEEA-Net's early exit. */
export const EEEA = "eeea";

interface EeeaOptions {
  readonly runsDir: string;
  readonly summary?: boolean;
}

/** `blockwise study eeea`: searches of NAS-Bench-201's table; nothing is trained. */
export function runEeeaStudy(names: readonly string[], options: EeeaOptions, output: Output): Promise<number> {
  const useless = ["images", "truth", "threads", "seed", "variant"];
  checkAlone(EEEA, names, options, useless, "it searches a table that ships with Blockwise");
  return resumable(options.runsDir, output, async (context) => {
    const words = await import("../../systems/eeea/index.js");
    const stored = await searched(options, output, context, words);
    output.result(options.summary ? words.summariseEeea(stored.arms) : stored, () => eeeaText(stored, words));
  });
}

async function searched(
  { summary }: EeeaOptions,
  output: Output,
  context: StepContext,
  { storedEeea, writeEeea }: typeof import("../../systems/eeea"),
): Promise<StoredEeea> {
  const ranking = await import("../../systems/ranking/index.js");
  const { file, root } = findStudy("ranking");
  const { results } = ranking.withOwnResults(ranking.readStudy(file, root));
  const figures = join(results, "..", "12_eeea_net.json");
  output.remark(`results: ${figures}`);
  return summary ? storedEeea(figures) : writeEeea(figures, `npx blockwise study ${EEEA}`, context);
}

/** The searches as a table for a terminal. */
function eeeaText(
  { arms, settings }: StoredEeea,
  { ARMS, EVALUATIONS, summariseEeea }: typeof import("../../systems/eeea"),
): string {
  const percent = (value: number | undefined) => (value === undefined ? "" : `${(100 * value).toFixed(1)} %`);
  const rows = summariseEeea(arms).arms.map(({ arm, limit, rejection, volume, cost, accuracy }) => [
    ARMS[arm].title,
    limit ? limit.params : "",
    percent(rejection?.mean),
    percent(volume.mean.mean),
    cost.mean.mean.toFixed(0),
    accuracy.mean.mean.toFixed(2),
  ]);
  return [
    `Searches of NAS-Bench-201 (CIFAR-10, 12 epochs), ${EVALUATIONS} networks each, means of ${settings.seeds} seeds: dominated volume as a share of the best possible, cost in trainings of the mean network, test accuracy of the network that validates best.`,
    textTable(["search", "most params", "rejected at first", "volume", "cost", "test accuracy"], rows),
  ].join("\n");
}
