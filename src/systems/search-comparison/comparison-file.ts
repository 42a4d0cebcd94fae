import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { breathe, fingerprint, Progress, packageRoot, readJson, type StepContext, writeJson } from "../../core";
import { type Provenance, provenanceOf } from "../../study";
import { type StoredRatings, storedRatings } from "../../study/ranking";
import { readStoredResults } from "../../study/stored-results";
import { comparedBenchmark, searcherOf, seedsOf } from "./methods";
import { changesText, searchTable } from "./search-table";
import { COMPARISON_SETTINGS, METHODS, TABLES, type TableName } from "./settings";
import { type StoredRun, type StoredRuns, summariseTable, type TableSummary } from "./summary";

/** What the members of the file mean, beside them. */
const DEFINITIONS = {
  changes:
    "when the choice (highest validation accuracy seen) changed: networks trained until then, what they cost in multiply-adds relative to a training of the table's mean network, the chosen key",
  evaluations: "networks trained in the run; looks at sizes cost nothing and do not count",
  macro: "validation is the first of the benchmark's three trainings, test the mean of the other two",
};

/** The raw results of the comparison of searchers. Plain JSON. */
export interface StoredComparison {
  readonly settings: typeof COMPARISON_SETTINGS;
  readonly definitions: typeof DEFINITIONS;
  readonly tables: Readonly<Record<TableName, StoredRuns>>;
  /** How long rating took for each seed of the ratings, minutes, on the machine that rated. */
  readonly ratingMinutes: readonly number[];
  readonly provenance: Provenance;
}

/** Where the results lie that ship with the package. */
export function comparisonFile(): string {
  return join(packageRoot(), "notebooks", "expected", "20_compare.json");
}

/**
 * Runs every searcher on every table, and writes what came of it; minutes, nearly all of them the fits of SMBO's predictor.
 * Nothing is trained but those: networks are looked up. A run that was stopped goes on.
 * @param runs Where runs that are done are kept.
 * @throws InterruptedError when stopped.
 */
export async function writeComparison(
  place: { readonly runs: string; readonly command: string; readonly file: string; readonly ratings: string },
  context: StepContext = {},
): Promise<StoredComparison> {
  const ratings = storedRatings(place.ratings);
  const { finished: _, ...code } = provenanceOf(place.command);
  const tables = {} as Record<TableName, StoredRuns>;
  for (const name of TABLES) tables[name] = await runTable(name, ratings, place.runs, context);
  const stored: StoredComparison = {
    settings: COMPARISON_SETTINGS,
    definitions: DEFINITIONS,
    tables,
    ratingMinutes: ratings.raws.map(({ durationsMs }) =>
      Number((Object.values(durationsMs).reduce((sum, ms) => sum + ms, 0) / 60_000).toFixed(1)),
    ),
    provenance: { ...code, finished: new Date().toISOString() },
  };
  writeJson(place.file, stored);
  return stored;
}

/** The runs of one table: those that are kept, and those that are missing. */
export async function runTable(
  name: TableName,
  ratings: StoredRatings,
  runs: string,
  context: StepContext,
): Promise<StoredRuns> {
  const benchmark = comparedBenchmark(name, ratings);
  const jobs = METHODS.flatMap((method) => seedsOf(method, benchmark).map((seed) => ({ method, seed })));
  const of = {
    settings: COMPARISON_SETTINGS,
    table: benchmark.evaluator.fingerprint,
    ratings: benchmark.ratings?.raws.map(({ blocks }) => blocks),
  };
  const kept = join(runs, `20_compare-${name}-${fingerprint(of)}.json`);
  const done = new Map<string, StoredRun>(existsSync(kept) ? Object.entries(readJson(kept) as object) : []);
  const progress = new Progress(context, `compare searchers on ${name}`, jobs.length, "runs", done.size);
  const found: Partial<Record<(typeof METHODS)[number], StoredRun[]>> = {};
  for (const { method, seed } of jobs) {
    const id = `${method}/${seed}`;
    let run = done.get(id);
    if (!run) {
      progress.throwIfStopped();
      await breathe();
      const { changes, evaluations, cost } = searchTable(
        searcherOf(method, benchmark, seed),
        benchmark.evaluator,
        COMPARISON_SETTINGS.evaluations,
      );
      run = { seed, changes: changesText(changes), evaluations, cost: Number(cost.toFixed(3)) };
      done.set(id, run);
      if (method === "smbo-mlp") writeJson(kept, Object.fromEntries(done));
      progress.advance();
    }
    found[method] = [...(found[method] ?? []), run];
  }
  writeJson(kept, Object.fromEntries(done));
  return found;
}

const runSchema = z.object({
  seed: z.number(),
  changes: z.string().regex(/^(\d+:\d+\.\d+:\d+( |$))+$/),
  evaluations: z.number(),
  cost: z.number(),
});

/** What figures are computed from. */
const storedSchema = z.looseObject({
  settings: z.looseObject({ seeds: z.number(), evaluations: z.number() }),
  tables: z.object(
    Object.fromEntries(TABLES.map((name) => [name, z.partialRecord(z.enum(METHODS), z.array(runSchema).min(1))])),
  ),
  ratingMinutes: z.array(z.number()),
});

/** The stored results. @throws DataError when the file is absent, or another one. */
export function storedComparison(path: string = comparisonFile()): StoredComparison {
  return readStoredResults(path, storedSchema, { study: "compare", what: "a stored comparison of searchers" });
}

/** All figures of a comparison, computed from its runs and the tables that ship with the package. */
export function comparisonSummary({ tables }: StoredComparison): TableSummary[] {
  return TABLES.map((name) => summariseTable(name, comparedBenchmark(name).evaluator, tables[name]));
}
