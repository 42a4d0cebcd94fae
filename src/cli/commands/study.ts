import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { ConfigError, packageRoot, type StepContext, writeJson } from "../../core";
import type { Agreement, StudySummary } from "../../systems/dna/ranking";
import { resumable } from "../interrupt";
import { textTable } from "../table";

interface StudyOptions {
  readonly runsDir: string;
  readonly images?: string;
  readonly truth?: string;
  readonly threads?: string;
  readonly seed?: string;
  readonly variant?: string;
  readonly summary?: boolean;
}

/** Folder of the studies' files. */
const STUDIES = join("experiments", "studies");

/** `blockwise study <name>`: ratings of a study against the true accuracies of NAS-Bench-Macro; resumes. */
export function registerStudy(program: Command): void {
  program
    .command("study")
    .description("rank NAS-Bench-Macro's networks and compare with their true accuracies; the same command resumes")
    .argument("<study...>", `names in ${STUDIES} (ranking, ...), files, or "all"`)
    .option("--runs-dir <folder>", "where teachers, features and checkpoints are kept", join("runs", "studies"))
    .option("--images <place>", "CIFAR-10: folder of the binary version, an image folder or a zip of one")
    .option("--truth <file>", "nas-bench-macro_cifar10.json")
    .option("--threads <count>", "of the engine; the physical cores by default")
    .option("--seed <number>", "only this seed")
    .option("--variant <name>", "only this variant")
    .option("--summary", "compute the figures from the ratings that are there; train nothing")
    .action(async (names: string[], options: StudyOptions) => {
      process.exitCode = await runStudies(names, options);
    });
}

function runStudies(names: readonly string[], options: StudyOptions): Promise<number> {
  const files = names.flatMap((name) => (name === "all" ? allStudies() : [fileOf(name)]));
  return resumable(options.runsDir, async (context) => {
    for (const file of files) await runStudy(file, options, context);
  });
}

function allStudies(): string[] {
  return readdirSync(STUDIES)
    .filter((file) => file.endsWith(".json"))
    .sort()
    .map((file) => join(STUDIES, file));
}

function fileOf(name: string): string {
  if (existsSync(name)) return name;
  const file = join(STUDIES, `${name}.json`);
  if (existsSync(file)) return file;
  throw new ConfigError(
    `study: must be a file or one of ${allStudies()
      .map((path) => basename(path, ".json"))
      .join(", ")}, got ${JSON.stringify(name)}`,
    { name },
  );
}

async function runStudy(file: string, options: StudyOptions, context: StepContext): Promise<void> {
  // Loaded here: commands without tensors start without an engine.
  const { engine } = require("../../engine") as typeof import("../../engine");
  const ranking = require("../../systems/dna/ranking") as typeof import("../../systems/dna/ranking");
  const study = ranking.readStudy(file);
  const jobs = ranking.jobsOf(study);
  const truth = ranking.readTruth(
    options.truth ?? shared("nas-bench-macro_cifar10.json") ?? "nas-bench-macro_cifar10.json",
  );
  const wanted = (one: { seed: number; variant?: string }) =>
    (options.seed === undefined || one.seed === Number(options.seed)) &&
    (options.variant === undefined || one.variant === undefined || one.variant === options.variant);
  const sposResult = (seed: number) => join(study.results, `spos-seed${seed}.json`);
  if (!options.summary) {
    engine.use("auto", { threads: options.threads === undefined ? undefined : Number(options.threads) });
    const images = options.images ?? shared("cifar10-jpeg.zip");
    const provenance = () => ranking.provenanceOf(`npx blockwise study ${basename(file, ".json")}`);
    for (const job of jobs.filter(wanted)) {
      const { durationsMs } = await ranking.runJob(job, { runs: options.runsDir, images, provenance }, context);
      const seconds = Object.values(durationsMs).reduce((sum, ms) => sum + ms, 0) / 1000;
      console.log(`${job.study}, ${job.title}, seed ${job.seed}: ${seconds.toFixed(0)} s, ${job.result}`);
    }
    if (study.spos) {
      const { networks, ...spos } = study.spos;
      const keys = ranking.reportedSample(networks);
      for (const job of jobs.filter(({ variant }) => variant === study.variants[0].name).filter(wanted)) {
        await ranking.rateBySpos(job, { ...spos, result: sposResult(job.seed), images, keys, provenance }, context);
      }
    }
  }
  const summary = ranking.summariseStudy(study.name, jobs, truth, study.seeds.map(sposResult));
  const expected = `${study.results}.json`;
  writeJson(expected, ranking.storedSummary(summary));
  printSummary(summary);
  console.log(`figures: ${expected}`);
}

/** A file of the data folder that lies beside a development tree; undefined where it does not. */
function shared(name: string): string | undefined {
  const file = join(packageRoot(), "..", "shared", "data", name);
  return existsSync(file) ? file : undefined;
}

function printSummary({ variants, baselines, spos, architectures, tuningNetworks }: StudySummary): void {
  const row = (name: string, of: Agreement, extra = "") => [
    name,
    ...[of.tau, of.spearman, of.pearson, of.partialTau, of.concordance, of.regret].map((value) =>
      Number.isNaN(value) ? "" : value.toFixed(3),
    ),
    extra,
  ];
  const rows = [
    ...variants.flatMap(({ title, measure, plain, weighted, weights, blockTaus, seeds }) => [
      row(
        `${title}: ${measure}, plain sum`,
        plain,
        `blocks ${blockTaus.map((tau) => tau.toFixed(2)).join(" ")}; ${seeds.length} seeds`,
      ),
      row(`${title}: ${measure}, weighted`, weighted, `weights ${weights.join(" ")}`),
    ]),
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
  console.log(
    `${architectures} distinct networks; weights are chosen on ${tuningNetworks} of them, DNA's figures are on the others; means over seeds.`,
  );
  console.log(textTable(["ranking", "tau-b", "rho", "r", "tau|MACs", "equal MACs", "regret", ""], rows));
}
