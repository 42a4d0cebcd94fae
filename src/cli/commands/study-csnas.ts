import { join } from "node:path";
import type { StepContext } from "../../core";
import { findStudy } from "../../study/ranking/study-files";
import type { StoredCsnas } from "../../systems/csnas";
import { resumable } from "../interrupt";
import type { Output } from "../output";
import { textTable } from "../table";
import { checkAlone } from "./study-alone";

/** The name by which `blockwise study` scores cells without labels and searches them, as CSNAS does. */
export const CSNAS = "csnas";

interface CsnasOptions {
  readonly runsDir: string;
  readonly threads?: number;
  readonly summary?: boolean;
}

type Words = typeof import("../../systems/csnas");

/** `blockwise study csnas`: scores every cell of a small space without labels and with, and searches the table; resumes. */
export function runCsnasStudy(names: readonly string[], options: CsnasOptions, output: Output): Promise<number> {
  const useless = ["images", "truth", "seed", "variant"];
  checkAlone(CSNAS, names, options, useless, "all that it does is fixed");
  return resumable(options.runsDir, output, async (context) => {
    const words = await import("../../systems/csnas/index.js");
    const stored = await trained(options, output, context, words);
    output.result(options.summary ? words.summariseCsnas(stored) : stored, () => csnasText(stored, words));
  });
}

async function trained(
  { runsDir, threads, summary }: CsnasOptions,
  output: Output,
  context: StepContext,
  { storedCsnas, writeCsnas }: Words,
): Promise<StoredCsnas> {
  const { engine } = await import("../../engine/index.js");
  const ranking = await import("../../systems/dna-studies/index.js");
  const { file, root } = findStudy("ranking");
  const { results } = ranking.withOwnResults(ranking.readStudy(file, root));
  const figures = join(results, "..", "13_csnas.json");
  output.remark(`results: ${figures}`);
  if (summary) return storedCsnas(figures);
  engine.use("auto", { threads });
  return writeCsnas({ runs: runsDir, file: figures, command: `npx blockwise study ${CSNAS}` }, context);
}

/** Scores and searches as tables for a terminal. */
function csnasText(stored: StoredCsnas, { CSNAS_ARMS, summariseCsnas }: Words): string {
  const { networks, labelFree, params, macs, ceiling, forms, arms, final, probes } = summariseCsnas(stored);
  const within = ({ value, interval }: typeof labelFree.rho) =>
    `${value.toFixed(2)} (${interval.map((end) => end.toFixed(2)).join(" to ")})`;
  const agreement = (name: string, { networks: count, rho, tau, givenSize }: typeof labelFree) => [
    name,
    count,
    within(rho),
    tau.toFixed(2),
    within(givenSize),
  ];
  const { mean, interval } = final.difference;
  return [
    `Agreement with the test accuracies of ${networks} networks after training with labels; trainings from two seeds agree with rho ${within(ceiling.labelled)}, the losses without labels with ${within(ceiling.labelFree)}.`,
    textTable(
      ["score", "networks", "rho (95 %)", "tau-b", "given log parameters (95 %)"],
      [
        agreement("contrastive loss", labelFree),
        agreement("the same, InfoNCE", forms.infonce),
        agreement("the same, PIRL's form", forms.pirl),
        [...agreement("parameters", params).slice(0, -1), ""],
        agreement("multiply-adds", macs),
      ],
    ),
    textTable(
      ["search", "networks that score better (%)", "evaluations to random's end", "test accuracy (%)"],
      arms.map(({ arm, ahead, needed, test }) => [
        CSNAS_ARMS[arm].title,
        ahead.mean.toFixed(1),
        needed ?? "",
        test.mean.toFixed(2),
      ]),
    ),
    `After longer trainings the choices without labels are ${final.labelFree.mean.toFixed(2)} % accurate, those with labels ${final.labelled.mean.toFixed(2)} %: ${mean.toFixed(2)} points${interval ? ` (${interval.map((end) => end.toFixed(2)).join(" to ")})` : ""}.`,
    ...probes.map(
      ({ key, what, probe, untrained }) =>
        `Linear probe of ${key} (${what.join(", ")}): ${probe.mean.toFixed(1)} %, before training ${untrained.mean.toFixed(1)} %.`,
    ),
  ].join("\n");
}
