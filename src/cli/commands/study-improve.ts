import { join } from "node:path";
import type { Spread } from "../../benchmark/ranking";
import type { StepContext } from "../../core";
import { findStudy } from "../../study/ranking/study-files";
import type { StoredImproveStudy } from "../../systems/dna-studies";
import type { Output } from "../output";
import { textTable } from "../table";

/** The name by which `blockwise study` does the simulated study of calibration. */
export const IMPROVE = "improve";

/** `blockwise study improve`: what 16 and 30 trained networks are worth, simulated on the benchmark's table. */
export async function runImproveStudy(
  { runsDir, truth }: { readonly runsDir: string; readonly truth?: string },
  output: Output,
  context: StepContext,
): Promise<StoredImproveStudy> {
  const ranking = await import("../../systems/dna-studies/index.js");
  const { file, root } = findStudy("ranking");
  const { results } = ranking.withOwnResults(ranking.readStudy(file, root));
  output.remark(`figures: ${ranking.improveFile(results)}`);
  const place = { ratings: results, runs: join(runsDir), command: "npx blockwise study improve" };
  return ranking.writeImproveStudy(place, ranking.readTruth(truth), context);
}

/** The study as a table for a terminal. */
export function improveText({ rank, pick, gain, settings }: StoredImproveStudy): string {
  const words = ({ mean, low, high }: Spread) => `${mean.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
  const names = Object.keys(pick) as (keyof typeof pick)[];
  const rows = settings.counts.map(String).flatMap((count) => [
    ...names.map((name) => {
      const ranked = name === "with_ratings" || name === "without_ratings" ? rank[name][count] : undefined;
      return [
        count,
        name.replaceAll("_", " "),
        ranked ? words(ranked.tau) : "",
        ranked ? words(ranked.concordance) : "",
        words(pick[name][count].regret),
      ];
    }),
    [count, "gain by ratings", words(gain.tau[count]), words(gain.concordance[count]), words(gain.regret[count])],
  ]);
  return [
    `Simulated on NAS-Bench-Macro, one training a network, ${settings.draws} draws on ratings of seeds ${settings.ratings.join(", ")}: mean (middle 95 %); the gain: mean (its 95 % interval).`,
    textTable(["trained", "", "tau-b (random networks)", "equal MACs", "regret of twelve picks (points)"], rows),
  ].join("\n");
}
