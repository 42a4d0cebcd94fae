import { join } from "node:path";
import { z } from "zod";
import { packageRoot, type StepContext } from "../../core";
import {
  ACCURACIES,
  type Accuracies,
  accuraciesOf,
  type TableEvaluator,
  TRAINED_ROWS,
  type TrainedRow,
  trainedTable,
} from "../../evaluate";
import { type Provenance, provenanceOf } from "../../study";
import { readStoredResults, writeGzippedResults } from "../../study/stored-results";
import { PNAS_SETTINGS } from "./settings";
import { trainTable } from "./train-table";

const schema = z.looseObject({
  cells: TRAINED_ROWS,
  again: z.record(z.string(), ACCURACIES),
  published: z.array(z.tuple([z.string(), z.array(ACCURACIES)])).min(2),
});

/** What the members of the file mean, beside them. */
const DEFINITIONS = {
  cells: "by canonical key: validation and test accuracy (percent), multiply-adds, parameters",
  again: "cells of three blocks trained from another seed: validation and test accuracy",
  published:
    "PNASNet-5's cell, then random ones of five blocks of eight operations: validation and test accuracy by seed",
};

/** Cells that were trained once and for all. Plain JSON. */
export interface StoredTable {
  readonly settings: typeof PNAS_SETTINGS;
  readonly definitions: typeof DEFINITIONS;
  readonly cells: Readonly<Record<string, TrainedRow>>;
  readonly again: Readonly<Record<string, Accuracies>>;
  readonly published: readonly (readonly [key: string, seeds: readonly Accuracies[]])[];
  readonly provenance: Provenance;
}

/** Where the table lies, below the package or the folder of one's own results. */
export function tableFile(root: string = packageRoot()): string {
  return join(root, "data", "benchmarks", "pnas-fashion-mnist.json.gz");
}

/**
 * Trains what the table lacks, and writes it; some seconds a cell on one thread.
 * @param place Where the journals of trainings lie, and where the table is to be.
 * @throws InterruptedError when stopped; the same call goes on.
 */
export async function writeTable(
  place: { readonly runs: string; readonly file: string; readonly command: string },
  context: StepContext = {},
): Promise<StoredTable> {
  const { finished: _, ...code } = provenanceOf(place.command);
  const { cells, again, published } = await trainTable(place.runs, context);
  const table: StoredTable = {
    settings: PNAS_SETTINGS,
    definitions: DEFINITIONS,
    cells: Object.fromEntries(
      cells.map((told) => [
        told.trial.key,
        [...accuraciesOf(told), told.outcome.costs.macs, told.outcome.costs.params],
      ]),
    ),
    again: Object.fromEntries(again.map((told) => [told.trial.key, accuraciesOf(told)])),
    published: published[0].map((told, i) => [told.trial.key, published.map((trials) => accuraciesOf(trials[i]))]),
    provenance: { ...code, finished: new Date().toISOString() },
  };
  writeGzippedResults(place.file, table);
  return table;
}

/** The stored table. @throws DataError when the file is absent, damaged, or another one. */
export function storedTable(path: string = tableFile()): StoredTable {
  return readStoredResults(path, schema, { study: "pnas-table", what: "a table of trained cells" });
}

/** The cells of a table as an evaluator of their keys. */
export function trainedCellsTable({ cells }: StoredTable): TableEvaluator {
  return trainedTable("PNAS' cells, Fashion-MNIST", cells);
}
