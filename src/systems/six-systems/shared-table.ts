import { leastSquares, mean } from "../../core/statistics";
import { cellNetworkCost } from "../../cost";
import { type TableEvaluator, trainedTable } from "../../evaluate";
import { type CellGraph, parseCell } from "../../space";
import { type CellCode, type CsnasSettings, type StoredCsnas, smallCellCode } from "../csnas";

/** The space that all six systems search, with what training its networks came to. */
export interface SharedTable {
  readonly settings: CsnasSettings;
  readonly space: CellCode;
  /** All networks, in the order of the stored table. */
  readonly keys: readonly string[];
  /** Validation and test accuracy of each after the labelled training, by key. */
  readonly evaluator: TableEvaluator;
  /** Of CSNAS' stored searches without labels: which networks each scored, and which it chose. */
  readonly labelFree: readonly { readonly seed: number; readonly scored: readonly string[]; readonly chosen: string }[];
}

export function sharedTable({ settings, cells, arms }: StoredCsnas): SharedTable {
  const keys = Object.keys(cells);
  const rows = Object.entries(cells).map(
    ([key, [, validation, test, macs, params]]) => [key, [validation, test, macs, params] as const] as const,
  );
  return {
    settings,
    space: smallCellCode("repaired", settings),
    keys,
    evaluator: trainedTable("CSNAS' cells", Object.fromEntries(rows)),
    labelFree: arms.tpe.map(({ seed, cells: scored, chosen }) => ({
      seed,
      scored: scored.split(" ").map((place) => keys[Number(place)]),
      chosen: keys[chosen],
    })),
  };
}

/** The cell of a key of the space. */
export function sharedCell(key: string): CellGraph {
  return parseCell(key.replaceAll("*", ""), { output: "all" });
}

/** Processor seconds of a labelled training and of a score without labels. */
export type TimedRow = readonly [labelled: number, labelFree: number];

/** What trainings cost, in trainings of the table's mean network. */
export interface TrainingCosts {
  /** Processor seconds of a labelled training of the network of mean size. */
  readonly unit: number;
  /** A labelled training of any cell, by the line of seconds over multiply-adds. */
  labelled(cell: CellGraph): number;
  /** A score without labels of it: as many times more as the timed networks took on average. */
  labelFree(cell: CellGraph): number;
}

/** @param timed Processor seconds of some networks of the table, by key. */
export function trainingCosts(
  { evaluator, space }: SharedTable,
  timed: Readonly<Record<string, TimedRow>>,
): TrainingCosts {
  const macsOf = (cell: CellGraph) => cellNetworkCost(space.architecture(cell)).macs;
  const rows = Object.entries(timed);
  const points = rows.map(([key, [labelled]]) => [evaluator.entries.get(key)!.macs, labelled] as const);
  const [meanMacs, meanSeconds] = [mean(points.map(([macs]) => macs)), mean(points.map(([, seconds]) => seconds))];
  // A larger network takes no less time, and none takes less than none: between a flat line and one through the origin.
  const slope = Math.min(meanSeconds / meanMacs, Math.max(0, leastSquares(points).slope));
  const intercept = meanSeconds - slope * meanMacs;
  const unit = intercept + slope * mean(Array.from(evaluator.entries.values(), ({ macs }) => macs));
  const ratio = mean(rows.map(([, [, labelFree]]) => labelFree)) / mean(rows.map(([, [labelled]]) => labelled));
  const labelled = (cell: CellGraph) => (intercept + slope * macsOf(cell)) / unit;
  return { unit, labelled, labelFree: (cell) => ratio * labelled(cell) };
}
