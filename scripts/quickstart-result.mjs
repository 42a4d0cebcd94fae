#!/usr/bin/env node
// Writes what a run of the quickstart found as JSON, with its provenance:
//   node scripts/quickstart-result.mjs out/quickstart/quickstart.ipynb notebooks/expected/00_quickstart/seed1.json
// and, with a folder alone, how the seeds in it agree: notebooks/expected/00_quickstart/summary.json.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const require = createRequire(import.meta.url);
const { notebookProvenance, readNotebook, recordsOf } = require(join(root, "dist/src/notebook"));
const { mean, sampleVariance } = require(join(root, "dist/src/core/statistics"));

const [source, target] = process.argv.slice(2);
if (!source) {
  process.stderr.write("quickstart-result: needs an executed notebook and a file, or a folder of results\n");
  process.exit(2);
}
if (target) writeJson(target, resultOf(source));
else writeJson(join(source, "summary.json"), summaryOf(source));

function resultOf(path) {
  const notebook = readNotebook(path);
  const record = recordsOf(notebook).find(({ name }) => name === "quickstart");
  if (!record)
    throw new Error(`quickstart-result: ${path} must hold the record "quickstart" of a whole run, and has none`);
  const { values } = record;
  const { seed, minutes, teacher } = values;
  const budgets = ["full", "half"].map((name) => {
    const own = Object.entries(values).filter(([key]) => key.startsWith(`${name} `));
    const budget = Object.fromEntries(
      own.map(([key, value]) => [key.slice(name.length + 1).replaceAll(" ", "_"), value]),
    );
    const { found, random } = budget;
    return { ...budget, gain: rounded(found - mean(random)), beaten: random.filter((one) => found > one).length };
  });
  return { seed, minutes, teacher, budgets, provenance: notebookProvenance(notebook) };
}

/** Gains over the mean of the random networks, seed by seed, and their mean with its standard error. */
function summaryOf(folder) {
  const files = readdirSync(folder)
    .filter((name) => /^seed\d+\.json$/.test(name))
    .sort();
  const seeds = files.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
  if (seeds.length < 2)
    throw new Error(`quickstart-result: ${folder} must hold two seeds at least, got ${seeds.length}`);
  const budgets = seeds[0].budgets.map((_, budget) => {
    const runs = seeds.map(({ budgets }) => budgets[budget]);
    const gains = runs.map(({ found, random }) => found - mean(random));
    // The rivals' spread about their own run's mean, and the found networks' own error: that of the mean of a network's
    // trainings, pooled over all networks of the budget.
    const rivals = runs.flatMap(({ random }) => random.map((one) => one - mean(random)));
    const ofRivals = rivals.reduce((sum, one) => sum + one ** 2, 0) / (rivals.length - runs.length);
    const own = mean(runs.flatMap((run) => [run.found_error, ...run.random_errors]).map((one) => one ** 2));
    const error = Math.sqrt(ofRivals / rivals.length + own / runs.length);
    return {
      macs: runs.map(({ macs }) => macs),
      gains: gains.map(rounded),
      mean_gain: rounded(mean(gains)),
      standard_error: rounded(error),
      standard_errors: rounded(mean(gains) / error),
      // From the differences between the runs alone: what other images, teachers and first weights do is in it.
      standard_error_over_seeds: rounded(Math.sqrt(sampleVariance(gains) / gains.length)),
      low: rounded(mean(gains) - 1.96 * error),
      high: rounded(mean(gains) + 1.96 * error),
      random_beaten: runs.map(({ found, random }) => random.filter((one) => found > one).length),
      random: runs.map(({ random }) => random.length),
      gains_over_shrunk: runs.map(({ found, shrunk }) => shrunk.map((one) => rounded(found - one))),
    };
  });
  const least = Math.min(...budgets.flatMap(({ gains_over_shrunk }) => gains_over_shrunk.flat()));
  return {
    seeds: seeds.map(({ seed }) => seed),
    teacher: seeds.map(({ teacher }) => teacher),
    least_gain_over_shrunk: least,
    budgets,
  };
}

function rounded(value) {
  return Number(value.toFixed(5));
}

function writeJson(path, value) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
  process.stdout.write(`quickstart: ${path}\n`);
}
