import type { Estimate } from "../../benchmark";
import type { StepContext } from "../../core";
import { findStudy } from "../../study/ranking/study-files";
import type { ImproveProxySummary, StoredImproveProxy } from "../../systems/dna-studies";
import { resumable } from "../interrupt";
import type { Output } from "../output";
import { textTable } from "../table";
import { checkAlone } from "./study-alone";

/** The name by which `blockwise study` calibrates ratings by full trainings and by a proxy. */
export const IMPROVE_PROXY = "improve-proxy";

interface ImproveProxyOptions {
  readonly runsDir: string;
  readonly images?: string;
  readonly truth?: string;
  readonly threads?: number;
  readonly summary?: boolean;
}

/** `blockwise study improve-proxy`: what a proxy at a tenth of the cost loses in the loop of `ratings.improve`; resumes. */
export function runImproveProxyStudy(
  names: readonly string[],
  options: ImproveProxyOptions,
  output: Output,
): Promise<number> {
  const useless = ["seed", "variant", ...(options.summary ? ["images"] : [])];
  checkAlone(IMPROVE_PROXY, names, options, useless, "its networks and trainings are fixed");
  return resumable(options.runsDir, output, async (context) => {
    const words = await import("../../systems/dna-studies/index.js");
    const { file, root } = findStudy("ranking");
    const { results } = words.withOwnResults(words.readStudy(file, root));
    const stored = await trained(results, options, output, context, words);
    const raw = words.storedRatings(results).raws.find(({ seed }) => seed === stored.settings.ratings)!;
    const summary = words.summariseImproveProxy(stored, raw, words.readTruth(options.truth));
    output.result(options.summary ? summary : stored, () => improveProxyText(stored, summary));
  });
}

async function trained(
  results: string,
  { runsDir, images, threads, summary }: ImproveProxyOptions,
  output: Output,
  context: StepContext,
  words: typeof import("../../systems/dna-studies"),
): Promise<StoredImproveProxy> {
  output.remark(`results: ${words.improveProxyFile(results)}`);
  if (summary) return words.storedImproveProxy(words.improveProxyFile(results));
  const { engine } = await import("../../engine/index.js");
  engine.use("auto", { threads });
  const place = { ratings: results, runs: runsDir, images, command: `npx blockwise study ${IMPROVE_PROXY}` };
  return words.writeImproveProxy(place, context);
}

function improveProxyText({ settings }: StoredImproveProxy, { arms, cost, agreement }: ImproveProxySummary): string {
  const within = ({ value, interval }: Pick<Estimate, "value" | "interval">) =>
    `${value.toFixed(2)} (${interval.map((end) => end.toFixed(2)).join(" to ")})`;
  return [
    `One run of ratings.improve on NAS-Bench-Macro's space, ${settings.networks} trainings of ${settings.data.trainCount} images of CIFAR-10 each; full: ${settings.epochs} epochs; the proxy: ${settings.proxy}.`,
    textTable(
      ["ratings by", "seconds", "tau-b", "equal MACs", "regret of twelve picks (points)", "picks trained here (%)"],
      arms.map(({ name, seconds, tau, concordance, regret, picked }) => [
        name === "ratings" ? "no training" : name,
        seconds.toFixed(0),
        tau.toFixed(3),
        concordance.toFixed(3),
        regret.toFixed(2),
        within({ value: picked.mean, interval: picked.interval ?? [picked.mean, picked.mean] }),
      ]),
    ),
    `On the same ${settings.networks} networks the proxy takes ${cost.seconds.toFixed(2)} of the processor time and ${cost.trainingMacs.toFixed(2)} of the multiply-adds; its accuracies and the full trainings' agree with rho ${within(agreement.both)}, with the benchmark's ${within(agreement.proxy)} and ${within(agreement.full)}; the proxy loses ${within(agreement.loss)} (95 % over networks).`,
  ].join("\n");
}
