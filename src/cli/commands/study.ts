import { basename, join } from "node:path";
import type { Command } from "commander";
import type { Agreement } from "../../benchmark/ranking";
import { ConfigError, formatCount, type StepContext } from "../../core";
import type { VariantSummary } from "../../study/ranking";
import { findStudy, ownStudies, type StudyFile } from "../../study/ranking/study-files";
import type { StudyPart, StudySummary } from "../../systems/dna-studies";
import { resumable } from "../interrupt";
import { listWhenMissing } from "../missing-argument";
import { Output, type OutputOptions, withOutput } from "../output";
import { textTable } from "../table";
import { threadCount, wholeNumber } from "../whole-number";
import { COMPARE, runCompareStudy } from "./study-compare";
import { CSNAS, runCsnasStudy } from "./study-csnas";
import { ECONAS, ECONAS_TABLE, runEconasStudy } from "./study-econas";
import { EEEA, EEEA_TRAINED, runEeeaStudy } from "./study-eeea";
import { IMPROVE, improveText, runImproveStudy } from "./study-improve";
import { IMPROVE_PROXY, runImproveProxyStudy } from "./study-improve-proxy";
import { PNAS, PNAS_TABLE, runPnasStudy } from "./study-pnas";
import { POCKETNET, runPocketNetStudy } from "./study-pocketnet";
import { runSystemsStudy, SYSTEMS } from "./study-systems";

interface StudyOptions extends OutputOptions {
  readonly runsDir: string;
  readonly images?: string;
  readonly truth?: string;
  readonly threads?: number;
  readonly seed?: number;
  readonly variant?: string;
  readonly summary?: boolean;
}

/** Studies on tables and stored ratings, beside those of `experiments/studies`. */
const SIMULATIONS = [
  IMPROVE,
  IMPROVE_PROXY,
  COMPARE,
  EEEA,
  EEEA_TRAINED,
  PNAS,
  PNAS_TABLE,
  ECONAS,
  ECONAS_TABLE,
  CSNAS,
  POCKETNET,
  SYSTEMS,
];

/** `blockwise study <name>`: ratings of a study against the true accuracies of NAS-Bench-Macro; resumes. */
export function registerStudy(program: Command): void {
  const names = () => [...ownStudies().map(({ file }) => basename(file, ".json")), ...SIMULATIONS];
  listWhenMissing(withOutput(program.command("study")), "studies", names)
    .description("rank NAS-Bench-Macro's networks and compare with their true accuracies; the same command resumes")
    .argument(
      "<study...>",
      'names (ranking, block-count, ...; files of experiments/studies), files, or "all"; "improve" simulates calibration, "improve-proxy" calibrates by full and by cheap trainings, "compare" runs all searchers on tables of truth, "eeea" searches with and without early exit ("eeea-trained" by training), "pnas" grows cells (those that "pnas-table" trains), "econas" searches by cheap proxies (trained by "econas-table"), "csnas" scores cells without labels, "pocketnet" distils embeddings of synthetic faces, "systems" has all six systems search one table',
    )
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
  if (names.includes(IMPROVE)) return runImprove(names, options);
  if (names.includes(IMPROVE_PROXY)) return runImproveProxyStudy(names, options, new Output(options));
  if (names.includes(EEEA) || names.includes(EEEA_TRAINED)) return runEeeaStudy(names, options, new Output(options));
  if (names.includes(PNAS) || names.includes(PNAS_TABLE)) return runPnasStudy(names, options, new Output(options));
  if (names.includes(ECONAS) || names.includes(ECONAS_TABLE))
    return runEconasStudy(names, options, new Output(options));
  if (names.includes(CSNAS)) return runCsnasStudy(names, options, new Output(options));
  if (names.includes(POCKETNET)) return runPocketNetStudy(names, options, new Output(options));
  if (names.includes(SYSTEMS)) return runSystemsStudy(names, options, new Output(options));
  if (names.includes(COMPARE)) return runCompareStudy(names, options, new Output(options));
  const files = names.flatMap((name) => (name === "all" ? ownStudies() : [findStudy(name, undefined, SIMULATIONS)]));
  const output = new Output(options);
  const summaries: StudySummary[] = [];
  return resumable(options.runsDir, output, async (context) => {
    for (const file of files) summaries.push(await runStudyFile(file, options, output, context));
    // Loaded here, too: what it needs needs an engine.
    const words = await import("../../systems/dna-studies/spos-comparison.js");
    output.result(summaries, () => summaries.map((summary) => summaryText(summary, words)).join("\n\n"));
  });
}

/** A simulation: it trains nothing, has no variants, and comes alone. */
function runImprove(names: readonly string[], options: StudyOptions): Promise<number> {
  const output = new Output(options);
  const unused = (["images", "threads", "seed", "variant", "summary"] as const).find(
    (name) => options[name] !== undefined,
  );
  if (names.length > 1 || unused !== undefined) {
    const got = unused === undefined ? names.filter((name) => name !== IMPROVE).join(", ") : `--${unused}`;
    throw new ConfigError(`study ${IMPROVE}: must come alone, it simulates on stored ratings; got ${got} with it`);
  }
  return resumable(options.runsDir, output, async (context) => {
    const stored = await runImproveStudy(options, output, context);
    output.result(stored, () => improveText(stored));
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
  const ranking = await import("../../systems/dna-studies/index.js");
  const study = ranking.withOwnResults(ranking.readStudy(file, root));
  const truth = ranking.readTruth(options.truth);
  if (options.summary) refuseWithSummary(options, (part) => ranking.jobsOfPart(study, part));
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

/**
 * What a summary has no use for: it takes all variants and seeds, and neither images nor an engine.
 * @param checkPart Refuses a variant or seed that the study does not have.
 */
function refuseWithSummary(options: StudyOptions, checkPart: (part: StudyPart) => unknown): void {
  const { seed, variant } = options;
  if (seed !== undefined || variant !== undefined) checkPart({ seed, variant });
  const unused = (["variant", "seed", "images", "threads"] as const).find((name) => options[name] !== undefined);
  if (unused === undefined) return;
  throw new ConfigError(
    `study: --summary takes all variants and seeds that are rated and trains nothing, so it must come without --${unused}, got ${options[unused]}; leave out --${unused}, or --summary to train that part`,
    { option: unused },
  );
}

function summaryText(
  { variants, measures, ridge, baselines, macsByBlock, spos, ...rest }: StudySummary,
  { sposRows, aheadText }: typeof import("../../systems/dna-studies/spos-comparison"),
): string {
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
    row("MACs alone", baselines.macs),
    ...(macsByBlock ? [row("MACs by block, weighted", macsByBlock, `weights ${macsByBlock.weights.join(" ")}`)] : []),
    row("params alone", baselines.params),
    row("one training against another", baselines.ceiling),
    ...(spos
      ? sposRows(spos).map(({ name, of, ahead }) => row(name, of, ahead ? `ahead of SPOS ${aheadText(ahead)}` : ""))
      : []),
  ];
  return [
    `${rest.architectures} distinct networks, rated by ${rest.measure}; weights are chosen on the true accuracies of ${rest.tuningNetworks} of them, all figures are on others; means over seeds.`,
    textTable(["ranking", "tau-b", "rho", "r", "tau|MACs", "equal MACs", "regret", ""], rows),
    ...rest.found.map(
      ({ seed, key, macs, accuracy }) =>
        `found by seed ${seed} under half of the teacher's MACs: ${key}, ${formatCount(macs)}, ${accuracy.toFixed(2)} %`,
    ),
  ].join("\n");
}
