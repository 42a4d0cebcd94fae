import { join } from "node:path";
import { z } from "zod";
import { packageRoot, type StepContext, writeJson } from "../../core";
import { type Provenance, provenanceOf } from "../../study";
import { readStoredResults } from "../../study/stored-results";
import { AGREEMENT_PLACES } from "./agreement";
import { pnasBenchmark } from "./pnas-benchmark";
import type { SearchRun } from "./run-search";
import {
  PNAS_METHODS,
  PNAS_TABLES,
  type PnasMethod,
  type PnasTable,
  PREDICTORS,
  STUDY,
  TRIED_NAMES,
  type TriedName,
} from "./settings";
import type { StoredTable } from "./table-file";
import { type PlaceTrials, type TableRuns, tableRuns } from "./table-runs";

/** What the members of the file mean, beside them. */
const DEFINITIONS = {
  changes:
    "when the best validation accuracy seen changed: cells evaluated until then, what they cost in multiply-adds relative to a training of the table's mean cell, the key",
  tuning: "searches of the trained cells with other settings of the MLP ensemble, on seeds that are not reported",
  agreement:
    "Spearman's rho of a predictor by trial: over the cells it was fitted to, over others of their size (null: too few), over cells one size larger",
};

export type StoredSearches = Readonly<Record<PnasTable, Readonly<Record<PnasMethod, readonly SearchRun[]>>>>;

/** The raw results. Plain JSON. */
export interface StoredPnas {
  readonly settings: typeof STUDY;
  readonly definitions: typeof DEFINITIONS;
  /** Fingerprint of the table of trained cells. */
  readonly table: string;
  readonly searches: StoredSearches;
  readonly agreement: readonly PlaceTrials[];
  readonly tuning: Readonly<Record<TriedName, readonly SearchRun[]>>;
  readonly provenance: Provenance;
}

/** Where the results lie that ship with the package. */
export function pnasFile(): string {
  return join(packageRoot(), "notebooks", "expected", "10_pnas.json");
}

/**
 * Searches both tables and tries the predictors, and writes what came of it; nothing is trained but predictors. Minutes; a
 * call that was stopped goes on.
 * @param place Where runs that are done are kept, and where the results are to be.
 * @throws InterruptedError when stopped.
 */
export async function writePnas(
  table: StoredTable,
  place: { readonly runs: string; readonly file: string; readonly command: string },
  context: StepContext = {},
): Promise<StoredPnas> {
  const { finished: _, ...code } = provenanceOf(place.command);
  const benchmarks = PNAS_TABLES.map((name) => pnasBenchmark(name, table));
  const runs: TableRuns[] = [];
  for (const benchmark of benchmarks) runs.push(await tableRuns(benchmark, place.runs, context));
  const provenance = { ...code, finished: new Date().toISOString() };
  const stored: StoredPnas = {
    settings: STUDY,
    definitions: DEFINITIONS,
    table: benchmarks[PNAS_TABLES.indexOf("fashion")].evaluator.fingerprint,
    searches: Object.fromEntries(PNAS_TABLES.map((name, i) => [name, runs[i].searches])) as StoredSearches,
    agreement: runs.flatMap(({ agreement }) => agreement),
    tuning: runs.find(({ tuning }) => tuning)!.tuning!,
    provenance,
  };
  writeJson(place.file, stored);
  return stored;
}

const runSchema = z.object({
  seed: z.number(),
  changes: z.string().regex(/^(\d+:\d+\.\d+:\S+( |$))+$/),
  evaluations: z.number(),
});
const trialSchema = z.object({ fitted: z.number(), own: z.number().nullable(), next: z.number() });

function ofEach<Name extends string, T extends z.ZodType>(names: readonly Name[], schema: T) {
  return z.object(Object.fromEntries(names.map((name) => [name, schema])) as Record<Name, T>);
}

/** What figures are computed from. */
const storedSchema = z.looseObject({
  settings: z.looseObject({ seeds: z.number() }),
  table: z.string(),
  searches: ofEach(PNAS_TABLES, ofEach(PNAS_METHODS, z.array(runSchema).length(STUDY.seeds))),
  tuning: ofEach(TRIED_NAMES, z.array(runSchema).length(STUDY.tuning.seeds.to - STUDY.tuning.seeds.from + 1)),
  agreement: z
    .array(
      z.object({
        table: z.enum(PNAS_TABLES),
        size: z.number(),
        predictors: ofEach(PREDICTORS, z.array(trialSchema).length(STUDY.agreement.trials)),
      }),
    )
    .length(AGREEMENT_PLACES.length),
});

/** The stored results. @throws DataError when the file is absent, or another one. */
export function storedPnas(path: string = pnasFile()): StoredPnas {
  return readStoredResults(path, storedSchema, { study: "pnas", what: "the stored searches of PNAS" });
}
