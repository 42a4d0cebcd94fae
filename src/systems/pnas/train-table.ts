import { join } from "node:path";
import { Rng, type StepContext } from "../../core";
import { loadDataset } from "../../data";
import { trainedCells } from "../../evaluate";
import { orderedSearcher, type ToldTrial } from "../../search";
import { type CellGraph, cellKey, type PnasSpace, pnasNet5Cell } from "../../space";
import { runSearch } from "../../study";
import { PNAS_SETTINGS } from "./settings";
import { tableCells } from "./table-cells";
import { publishedSpace, tableSpace } from "./table-space";

type Trained = ToldTrial<CellGraph>;

/** All trainings of the stored table. */
export interface TableTrainings {
  readonly cells: readonly Trained[];
  readonly again: readonly Trained[];
  /** By seed; the published cell is the first of each. */
  readonly published: readonly (readonly Trained[])[];
}

/** The first cells of three blocks that the table has. */
export function cellsAgain(cells: readonly CellGraph[]): CellGraph[] {
  return cells.filter(({ nodes }) => nodes.length === 3).slice(0, PNAS_SETTINGS.again.cells);
}

/** The published cell, then random ones of its space. */
export function publishedCells(space: PnasSpace = publishedSpace()): CellGraph[] {
  const rng = new Rng(1).fork("pnas/published");
  const cells = new Map([pnasNet5Cell()].map((cell) => [cellKey(cell), cell]));
  while (cells.size <= PNAS_SETTINGS.published.random) {
    const cell = space.sampleOf(5, rng);
    cells.set(cellKey(cell), cell);
  }
  return [...cells.values()];
}

/**
 * Trains all cells of the table, seconds each; each is in a journal when it is done, and none is trained twice, whether it
 * was stopped or killed.
 * @param runs Where the journals lie.
 * @throws InterruptedError when stopped.
 */
export async function trainTable(runs: string, context: StepContext = {}): Promise<TableTrainings> {
  const { name, ...division } = PNAS_SETTINGS.data;
  const data = await loadDataset(name, division, context);
  const trained = (kind: string, space: PnasSpace, cells: readonly CellGraph[], seed: number) => {
    const evaluator = trainedCells({ name: "pnas", space, data, training: PNAS_SETTINGS.training, seed });
    // The number of cells is left out: a longer list begins with the shorter one.
    const settings = { kind, space: space.name, ops: space.ops, network: PNAS_SETTINGS.network };
    const options = { evaluations: cells.length, settings };
    return runSearch(orderedSearcher(space, cells), evaluator, join(runs, `pnas-${kind}`), options, context);
  };
  const [space, own] = [tableSpace(), publishedSpace()];
  const cells = tableCells(space, PNAS_SETTINGS.table);
  const table = await trained("table", space, cells, PNAS_SETTINGS.table.seed);
  const again = await trained("again", space, cellsAgain(cells), PNAS_SETTINGS.again.seed);
  const published: Trained[][] = [];
  for (const seed of PNAS_SETTINGS.published.seeds) {
    published.push(await trained(`published-${seed}`, own, publishedCells(own), seed));
  }
  return { cells: table, again, published };
}
