import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { z } from "zod";
import { DataError, packageRoot, type StepContext, writeAtomic, wrongForm } from "../../core";
import { type TableEntry, type TableEvaluator, tableEvaluator } from "../../evaluate";
import type { ToldTrial } from "../../search";
import type { CellGraph } from "../../space";
import { type Provenance, provenanceOf } from "../ranking";
import { SETTINGS } from "./settings";
import { trainTable } from "./train-table";

const accuracy = z.number().min(0).max(100);
const both = z.tuple([accuracy, accuracy]);

const schema = z.looseObject({
  cells: z.record(z.string(), z.tuple([accuracy, accuracy, z.number(), z.number()])),
  again: z.record(z.string(), both),
  published: z.array(z.tuple([z.string(), z.array(both)])).min(2),
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
  readonly settings: typeof SETTINGS;
  readonly definitions: typeof DEFINITIONS;
  readonly cells: Readonly<Record<string, readonly [validation: number, test: number, macs: number, params: number]>>;
  readonly again: Readonly<Record<string, readonly [validation: number, test: number]>>;
  readonly published: readonly (readonly [key: string, seeds: readonly (readonly [number, number])[]])[];
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
  const accuracies = ({ outcome: { values } }: ToldTrial<CellGraph>) => [values.validation, values.test] as const;
  const table: StoredTable = {
    settings: SETTINGS,
    definitions: DEFINITIONS,
    cells: Object.fromEntries(
      cells.map((told) => [told.trial.key, [...accuracies(told), told.outcome.costs.macs, told.outcome.costs.params]]),
    ),
    again: Object.fromEntries(again.map((told) => [told.trial.key, accuracies(told)])),
    published: published[0].map((told, i) => [told.trial.key, published.map((trials) => accuracies(trials[i]))]),
    provenance: { ...code, finished: new Date().toISOString() },
  };
  writeAtomic(place.file, gzipSync(`${JSON.stringify(table)}\n`, { level: 9 }));
  return table;
}

/** The stored table. @throws DataError when the file is absent, damaged, or another one. */
export function storedTable(path: string = tableFile()): StoredTable {
  const refused = (met: string, cause?: unknown) =>
    new DataError(
      `study pnas: ${path} must be a table of trained cells, and ${met}; make it with npx blockwise study pnas-table`,
      { path },
      { cause },
    );
  if (!existsSync(path)) throw refused("does not exist");
  let value: unknown;
  try {
    value = JSON.parse(gunzipSync(readFileSync(path)).toString("utf8"));
  } catch (cause) {
    throw refused("is damaged or no gzip file of JSON", cause);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw refused(`is not (${wrongForm(parsed.error, value)})`);
  return parsed.data as unknown as StoredTable;
}

/** The cells of a table as an evaluator of their keys. */
export function trainedTable({ cells }: StoredTable): TableEvaluator {
  const entries = new Map(
    Object.entries(cells).map(([key, [validation, test, macs, params]]): [string, TableEntry] => [
      key,
      { validation, test, macs, params },
    ]),
  );
  return tableEvaluator({ name: "PNAS' cells, Fashion-MNIST", entries });
}
