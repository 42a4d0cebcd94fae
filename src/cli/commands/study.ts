import { basename, join } from "node:path";
import type { Command } from "commander";
import { formatCount, type StepContext } from "../../core";
import type { Agreement, StudySummary, VariantSummary } from "../../systems/dna/ranking";
import { findStudy, ownStudies, type StudyFile } from "../../systems/dna/ranking/study-files";
import { resumable } from "../interrupt";
import { Output, type OutputOptions, withOutput } from "../output";
import { textTable } from "../table";
import { threadCount, wholeNumber } from "../whole-number";

interface StudyOptions extends OutputOptions {
  readonly runsDir: string;
  readonly images?: string;
  readonly truth?: string;
  readonly threads?: number;
  readonly seed?: number;
  readonly variant?: string;
  readonly summary?: boolean;
}

/** `blockwise study <name>`: ratings of a study against the true accuracies of NAS-Bench-Macro; resumes. */
export function registerStudy(program: Command): void {
  withOutput(program.command("study"))
    .description("rank NAS-Bench-Macro's networks and compare with their true accuracies; the same command resumes")
    .argument("<study...>", 'names (ranking, block-count, ...; files of experiments/studies), files, or "all"')
    .option("--runs-dir <folder>", "where teachers, features and checkpoints are kept", join("runs", "studies"))
    .option("--images <place>", "CIFAR-10: folder of the binary version, an image folder or a zip of one")
    .option("--truth <file>", "another table of the benchmark than the one that ships with Blockwise")
    .option("--threads <count>", "of the engine; the physical cores by default", threadCount)
    .option("--seed <number>", "only this seed", (text) => wholeNumber("--seed", text))
    .option("--variant <name>", "only this variant")
    .option("--summary", "compute the figures from the ratings that are there; train nothing")
    .action(async (names: string[], options: StudyOptions) => {
      process.exitCode = await runStudies(names, options);
    });
}

function runStudies(names: readonly string[], options: StudyOptions): Promise<number> {
  const files = names.flatMap((name) => (name === "all" ? ownStudies() : [findStudy(name)]));
  const output = new Output(options);
  const summaries: StudySummary[] = [];
  return resumable(options.runsDir, output, async (context) => {
    for (const file of files) summaries.push(await runStudyFile(file, options, output, context));
    output.result(summaries, () => summaries.map(summaryText).join("\n\n"));
  });
}

async function runStudyFile(
  { file, root }: StudyFile,
  options: StudyOptions,
  output: Output,
  context: StepContext,
): Promise<StudySummary> {
  // Loaded here: commands without tensors start without an engine.
  const { engine } = await import("../../engine/index.js");
  const ranking = await import("../../systems/dna/ranking/index.js");
  const study = ranking.withOwnResults(ranking.readStudy(file, root));
  const truth = ranking.readTruth(options.truth);
  output.remark(`figures: ${ranking.figuresFile(study)}`);
  if (options.summary) return ranking.writeFigures(study, truth);
  engine.use("auto", { threads: options.threads });
  const provenance = () => ranking.provenanceOf(`npx blockwise study ${basename(file, ".json")}`);
  const place = { runs: options.runsDir, images: options.images, provenance };
  const { seed, variant } = options;
  return ranking.runStudy(study, { seed, variant }, truth, place, context, (job, { durationsMs }) => {
    const seconds = Object.values(durationsMs).reduce((sum, ms) => sum + ms, 0) / 1000;
    output.remark(`${study.name}, ${job.title}, seed ${job.seed}: ${seconds.toFixed(0)} s, ${job.result}`);
  });
}

function summaryText({ variants, measures, ridge, baselines, spos, ...rest }: StudySummary): string {
  const row = (name: string, of: Agreement, extra = "") => [
    name,
    ...[of.tau, of.spearman, of.pearson, of.partialTau, of.concordance, of.regret].map((value) =>
      Number.isNaN(value) ? "" : value.toFixed(3),
    ),
    extra,
  ];
  const both = (name: string, { plain, weighted, weights, blockTaus, seeds }: VariantSummary) => [
    row(
      `${name}, plain sum`,
      plain,
      `blocks ${blockTaus.map((tau) => tau.toFixed(2)).join(" ")}; seeds ${seeds.join(" ")}`,
    ),
    row(`${name}, weighted`, weighted, `weights ${weights.join(" ")}`),
  ];
  const rows = [
    ...variants.flatMap((one) => both(one.title, one)),
    ...measures.filter(({ measure }) => measure !== rest.measure).flatMap((one) => both(`  ${one.measure}`, one)),
    ...(ridge
      ? [
          row(
            `ridge on ${ridge.networks} networks`,
            ridge,
            `error ${ridge.rmse.toFixed(2)} of ${ridge.rmseOfMean.toFixed(2)} points`,
          ),
        ]
      : []),
    ...(spos
      ? [
          row(`SPOS (${spos.networks} networks)`, spos.spos),
          row("  DNA, weighted, on these", spos.dna),
          row("  MACs on these", spos.macs),
        ]
      : []),
    row("MACs alone", baselines.macs),
    row("params alone", baselines.params),
    row("one training against another", baselines.ceiling),
  ];
  return [
    `${rest.architectures} distinct networks, rated by ${rest.measure}; weights are chosen on ${rest.tuningNetworks} of them, DNA's figures are on the others; means over seeds.`,
    textTable(["ranking", "tau-b", "rho", "r", "tau|MACs", "equal MACs", "regret", ""], rows),
    ...rest.found.map(
      ({ seed, key, macs, accuracy }) =>
        `found by seed ${seed} under half of the teacher's MACs: ${key}, ${formatCount(macs)}, ${accuracy.toFixed(2)} %`,
    ),
  ].join("\n");
}
