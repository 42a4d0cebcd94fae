import type { Command } from "commander";
import { writeAtomic } from "../../core";
// Not the room's index: that loads an engine.
import { comparisons, errorOf } from "../../retrain/compare/front-comparison";
import { againstRivals, againstTeacher } from "../../retrain/compare/front-verdict";
import { ratedWords } from "../../retrain/compare/rated-by";
import { csv } from "../../retrain/compare/sweep-summary";
import { NETWORK_COLUMNS, networkRow } from "../network-rows";
import { Output, type OutputOptions, withOutput } from "../output";
import { checkOutput, writing } from "../output-file";
import type { ComparedRuns } from "../report/compare-runs";
import { textTable } from "../table";

interface CompareOptions extends OutputOptions {
  readonly csv?: string;
  readonly html?: string;
}

/** `blockwise compare <runs...>`: runs side by side. */
export function registerCompare(program: Command): void {
  withOutput(program.command("compare"))
    .description("runs side by side: settings that differ, accuracies, MACs, ratings, all networks; trains nothing")
    .argument("<runs...>", "two or more run directories, e.g. runs/a runs/b")
    .option("--csv <file>", "write all networks as CSV, a line a network")
    .option("--html <file>", "write a page with the tables and a figure; it needs no other file")
    .action(async (paths: readonly string[], options: CompareOptions) => {
      const { compareRuns } = await import("../report/compare-runs.js");
      for (const file of [options.csv, options.html]) if (file !== undefined) checkOutput("compare", file);
      const compared = compareRuns(paths);
      const { csv: table, html } = options;
      if (table !== undefined) writing("compare: --csv", table, () => writeAtomic(table, networksCsv(compared)));
      if (html !== undefined) await writePage(html, compared);
      new Output(options).result(compared, () => describe(compared));
    });
}

const HEADER = ["run", ...NETWORK_COLUMNS] as const;

function networkRows({ runs }: ComparedRuns): string[][] {
  return runs.flatMap(({ name, networks }) => networks.map((network) => [name, ...networkRow(network)]));
}

function networksCsv({ runs }: ComparedRuns): string {
  const lines = runs.flatMap(({ name, networks }) =>
    networks.map((one) => [
      name,
      one.label,
      one.macs,
      one.params,
      one.accuracy,
      errorOf(one),
      one.validationAccuracy,
      one.score,
    ]),
  );
  return csv([HEADER, ...lines]);
}

function settingRows({ settings }: ComparedRuns): string[][] {
  return Object.entries(settings).map(([key, values]) => [
    key,
    ...values.map((value) => (value === null ? "-" : JSON.stringify(value))),
  ]);
}

function sentences({ runs, caveat }: ComparedRuns): string[] {
  return [
    ...runs.map(({ name, comparison, ratedBy, networks }) => {
      if (!comparison)
        return `${name} is not finished: nothing was measured yet; the same blockwise run goes on with it.`;
      const { best, teacher } = comparison;
      return [
        againstTeacher(`${name}: ${best.label}`, best, teacher),
        ...(ratedBy ? [ratedWords(ratedBy)] : []),
        ...againstRivals(comparisons(networks)),
      ].join(" ");
    }),
    ...(caveat ? [caveat] : []),
  ];
}

function describe(compared: ComparedRuns): string {
  const differ = settingRows(compared);
  const rows = networkRows(compared);
  return [
    differ.length > 0
      ? textTable(["setting", ...compared.runs.map(({ name }) => name)], differ)
      : "The runs have equal settings.",
    ...(rows.length > 0 ? [textTable(HEADER, rows)] : []),
    sentences(compared).join("\n"),
  ].join("\n\n");
}

async function writePage(file: string, compared: ComparedRuns): Promise<void> {
  const { runsFigure, selfContainedPage } = await import("../../viz/index.js");
  const { runs } = compared;
  const measured = runs.filter(({ networks }) => networks.length > 0);
  const datasets = new Set(measured.flatMap(({ networks }) => networks.map(({ dataset }) => dataset)));
  const figures =
    datasets.size === 1
      ? [
          runsFigure(
            measured.map(({ name, networks }) => ({ name, points: networks })),
            [...datasets][0],
          ),
        ]
      : [];
  const page = await selfContainedPage("Runs side by side", [
    {
      heading: "Outcome",
      words: sentences(compared).join(" "),
      figures,
      tables: [{ columns: [...HEADER], rows: networkRows(compared) }],
    },
    {
      heading: "Settings that differ",
      words: "All others are equal.",
      tables: [{ columns: ["setting", ...runs.map(({ name }) => name)], rows: settingRows(compared) }],
    },
  ]);
  writing("compare: --html", file, () => writeAtomic(file, page));
}
