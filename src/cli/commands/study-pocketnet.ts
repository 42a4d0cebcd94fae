import { join } from "node:path";
import { formatCount, type StepContext } from "../../core";
import { findStudy } from "../../study/ranking/study-files";
import type { StoredPocketNet } from "../../systems/pocketnet";
import { resumable } from "../interrupt";
import type { Output } from "../output";
import { textTable } from "../table";
import { checkAlone } from "./study-alone";

/** The name by which `blockwise study` searches cells for faces and distils embeddings, as PocketNet does. */
export const POCKETNET = "pocketnet";

interface PocketNetOptions {
  readonly runsDir: string;
  readonly threads?: number;
  readonly summary?: boolean;
}

type Words = typeof import("../../systems/pocketnet");

/** `blockwise study pocketnet`: search, teacher and students on synthetic faces; resumes. */
export function runPocketNetStudy(
  names: readonly string[],
  options: PocketNetOptions,
  output: Output,
): Promise<number> {
  const useless = ["images", "truth", "seed", "variant"];
  checkAlone(POCKETNET, names, options, useless, "all that it does is fixed");
  return resumable(options.runsDir, output, async (context) => {
    const words = await import("../../systems/pocketnet/index.js");
    const stored = await trained(options, output, context, words);
    output.result(options.summary ? words.summarisePocketNet(stored, stored.settings) : stored, () =>
      pocketNetText(stored, words),
    );
  });
}

async function trained(
  { runsDir, threads, summary }: PocketNetOptions,
  output: Output,
  context: StepContext,
  { storedPocketNet, writePocketNet }: Words,
): Promise<StoredPocketNet> {
  const { engine } = await import("../../engine/index.js");
  const ranking = await import("../../systems/dna-studies/index.js");
  const { file, root } = findStudy("ranking");
  const { results } = ranking.withOwnResults(ranking.readStudy(file, root));
  const figures = join(results, "..", "14_pocketnet.json");
  output.remark(`results: ${figures}`);
  if (summary) return storedPocketNet(figures);
  engine.use("auto", { threads });
  return writePocketNet({ runs: runsDir, file: figures, command: `npx blockwise study ${POCKETNET}` }, context);
}

/** The trainings as a table for a terminal. */
export function pocketNetText(
  stored: Omit<StoredPocketNet, "lengths" | "definitions" | "provenance">,

  { POCKETNET_ARMS, FALSE_ACCEPT_RATES, summarisePocketNet }: Words,
): string {
  const { arms, teacher, differences } = summarisePocketNet(stored, stored.settings);
  const { folds, pairs } = stored.settings.pairs;
  const rate = (value: number | null | undefined) => (typeof value === "number" ? value.toFixed(1) : "not measured");
  const rows = arms.map(({ arm, epochs, accuracy, tar, withTeacher }) => [
    POCKETNET_ARMS[arm].title,
    formatCount(stored.students[POCKETNET_ARMS[arm].network].macs),
    epochs,
    accuracy.mean.toFixed(2),
    ...FALSE_ACCEPT_RATES.map((far) => rate(tar[String(far)]?.mean)),
    withTeacher.mean.toFixed(3),
  ]);
  const own = [
    "teacher",
    formatCount(stored.teacher.size.macs),
    stored.teacher.epochs.length,
    teacher.accuracy.toFixed(2),
    ...FALSE_ACCEPT_RATES.map((far) => rate(teacher.tar[String(far)])),
    "",
  ];
  return [
    `Verification of ${2 * folds * pairs} pairs of synthetic strangers, ${folds} folds; means of ${stored.settings.seeds.length} seeds.`,
    textTable(
      [
        "training",
        "MACs",
        "epochs",
        "accuracy (%)",
        ...FALSE_ACCEPT_RATES.map((far) => `TAR at FAR ${far}`),
        "cosine with the teacher",
      ],
      [own, ...rows],
    ),
    ...differences.map(
      ({ of, against, accuracy: { mean, interval }, ahead: [seeds, all] }) =>
        `${POCKETNET_ARMS[of].title} against ${POCKETNET_ARMS[against].title}: ${mean.toFixed(2)} points${interval ? ` (${interval[0].toFixed(2)} to ${interval[1].toFixed(2)})` : ""}, ahead or equal in ${seeds} of ${all} seeds.`,
    ),
    `Cells found: normal ${stored.search.cells.normal}; reduction ${stored.search.cells.reduction}.`,
  ].join("\n");
}
