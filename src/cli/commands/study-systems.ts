import { join } from "node:path";
import type { StepContext } from "../../core";
import { findStudy } from "../../study/ranking/study-files";
import type { StoredSystems } from "../../systems/six-systems";
import { resumable } from "../interrupt";
import type { Output } from "../output";
import { textTable } from "../table";
import { checkAlone } from "./study-alone";

/** The name by which `blockwise study` has all six systems search one table. */
export const SYSTEMS = "systems";

interface SystemsOptions {
  readonly runsDir: string;
  readonly threads?: number;
  readonly summary?: boolean;
}

type Words = typeof import("../../systems/six-systems");

/** `blockwise study systems`: DNA, PNAS, EcoNAS, EEEA-Net, CSNAS and PocketNet's DARTS on the table of `study csnas`; resumes. */
export function runSystemsStudy(names: readonly string[], options: SystemsOptions, output: Output): Promise<number> {
  const useless = ["images", "truth", "seed", "variant"];
  checkAlone(SYSTEMS, names, options, useless, "all that it does is fixed");
  return resumable(options.runsDir, output, async (context) => {
    const words = await import("../../systems/six-systems/index.js");
    const { storedCsnas } = await import("../../systems/csnas/index.js");
    const stored = await searched(options, output, context, words);
    const summary = words.summariseSystems(stored, storedCsnas());
    output.result(options.summary ? summary : stored, () => systemsText(summary, words));
  });
}

async function searched(
  { runsDir, threads, summary }: SystemsOptions,
  output: Output,
  context: StepContext,
  { storedSystems, writeSystems }: Words,
): Promise<StoredSystems> {
  const { engine } = await import("../../engine/index.js");
  const ranking = await import("../../systems/dna-studies/index.js");
  const { file, root } = findStudy("ranking");
  const { results } = ranking.withOwnResults(ranking.readStudy(file, root));
  const figures = join(results, "..", "20_systems.json");
  output.remark(`results: ${figures}`);
  if (summary) return storedSystems(figures);
  engine.use("auto", { threads });
  return writeSystems({ runs: runsDir, file: figures, command: `npx blockwise study ${SYSTEMS}` }, context);
}

/** Costs and choices as a table for a terminal. */
function systemsText(
  { systems, controls, networks, unit, noise }: ReturnType<Words["summariseSystems"]>,
  { SIX_SYSTEMS }: Words,
): string {
  const within = ({ mean, interval }: (typeof systems)[number]["test"], digits = 2) =>
    `${mean.toFixed(digits)}${interval ? ` (${interval.map((end) => end.toFixed(digits)).join(" to ")})` : ""}`;
  return [
    `${networks} networks; cost in trainings of the mean one (${unit.toFixed(2)} s of processor time). Means over seeds of the search with 95 % intervals; trained again: over seeds of the training. The test accuracy of one training has a standard deviation of ${noise.deviation.toFixed(2)} points over its seeds.`,
    textTable(
      [
        "system",
        "seeds",
        "networks trained",
        "cost",
        "test accuracy (%)",
        "regret",
        "random search at this cost",
        "trained again (%)",
      ],
      [
        ...systems.map(({ system, seeds, networks: trained, cost, test, regret, random, again }) => [
          SIX_SYSTEMS[system].title,
          seeds,
          trained.toFixed(1),
          within(cost, 1),
          within(test),
          within(regret),
          random.toFixed(2),
          within(again),
        ]),
        ...controls.map(({ name, cost, test, regret, again }) => [
          name,
          "",
          cost,
          cost,
          within(test),
          within(regret),
          "",
          within(again),
        ]),
      ],
    ),
  ].join("\n");
}
