import { z } from "zod";
import type { ToldTrial } from "../search";
import { type TableEntry, type TableEvaluator, tableEvaluator } from "./table-evaluator";

/** Percent; NaN where the training diverged, which is null in JSON. */
export type Accuracies = readonly [validation: number, test: number];
/** A trained network as a table stores it. */
export type TrainedRow = readonly [...Accuracies, macs: number, params: number];

const accuracy = z
  .number()
  .min(0)
  .max(100)
  .nullable()
  .transform((value) => value ?? Number.NaN);
export const ACCURACIES = z.tuple([accuracy, accuracy]);
/** {@link TrainedRow}s by canonical key. */
export const TRAINED_ROWS = z.record(z.string(), z.tuple([accuracy, accuracy, z.number().min(0), z.number().min(0)]));

export function accuraciesOf({ outcome: { values } }: Pick<ToldTrial<unknown>, "outcome">): Accuracies {
  return [values.validation, values.test];
}

/** The networks of a table that was trained here as an evaluator of their keys. */
export function trainedTable(name: string, rows: Readonly<Record<string, TrainedRow>>): TableEvaluator {
  const entries = new Map(
    Object.entries(rows).map(([key, [validation, test, macs, params]]): [string, TableEntry] => [
      key,
      { validation, test, macs, params },
    ]),
  );
  return tableEvaluator({ name, entries });
}
