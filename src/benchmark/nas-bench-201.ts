import { z } from "zod";
import { ConfigError, DataError, wrongForm } from "../core";
import { readBenchmark } from "./tables";

/** A cell of NAS-Bench-201 with its accuracies after 12 epochs, percent, means over the trained seeds. */
export interface TrueCell {
  /** Six digits, the edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3: 0 none, 1 skip, 2 convolution 1x1, 3 convolution 3x3, 4 average pool 3x3. */
  readonly key: string;
  readonly cifar10: CellAccuracy;
  readonly cifar100: CellAccuracy;
  /** ImageNet16-120. */
  readonly imagenet16: CellAccuracy;
}

/** Search by validation, report test. */
export interface CellAccuracy {
  readonly validation: number;
  readonly test: number;
}

const CELLS = 5 ** 6;
const accuracy = z.number().min(0).max(100);
const schema = z.object({
  cells: z.record(
    z.string().regex(/^[0-4]{6}$/),
    z.tuple([accuracy, accuracy, accuracy, accuracy, accuracy, accuracy]),
  ),
});

/**
 * Reads NAS-Bench-201 (Dong and Yang, ICLR 2020): all 15,625 cells, in the order of their keys.
 * @param place "nas-bench-201", the table that ships with the package, or the path of one of the same form.
 * @throws DataError when the file is absent, malformed or lacks a cell.
 */
export function readTrueCells(place = "nas-bench-201"): TrueCell[] {
  const value = readBenchmark("nas-bench-201", place);
  const table = schema.safeParse(value);
  if (!table.success) {
    throw new (place === "nas-bench-201" ? DataError : ConfigError)(
      `NAS-Bench-201: ${place} must be the benchmark's table, and is not (${wrongForm(table.error, value)}); leave it out for the one that ships with Blockwise`,
      {
        place,
      },
    );
  }
  const cells = Object.entries(table.data.cells);
  if (cells.length !== CELLS) {
    throw new DataError(`NAS-Bench-201: ${place} must have all ${CELLS} cells, got ${cells.length}`, { place });
  }
  return cells
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, [c10Validation, c10Test, c100Validation, c100Test, inValidation, inTest]]) => ({
      key,
      cifar10: { validation: c10Validation, test: c10Test },
      cifar100: { validation: c100Validation, test: c100Test },
      imagenet16: { validation: inValidation, test: inTest },
    }));
}
