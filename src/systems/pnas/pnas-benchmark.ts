import { nasBench201Evaluator, type TableEvaluator } from "../../evaluate";
import {
  blockTokens,
  type EnsembleOptions,
  edgeTokens,
  geneTokens,
  joinedTokens,
  lstmPredictor,
  mlpPredictor,
  ridgePredictor,
  sharedTokens,
  type Tokens,
} from "../../predictors";
import type { GrowingSpace, Predictor } from "../../search";
import { type CellGraph, nasBench201Cells } from "../../space";
import { nasBench201Growth, sizeOf201, tableGrowth } from "./growing-spaces";
import {
  PNAS_SETTINGS,
  type PnasTable,
  type PredictorName,
  STUDY,
  type TriedName,
  type TriedSettings,
} from "./settings";
import { type StoredTable, storedTable, trainedCellsTable } from "./table-file";
import { blocksOfKey, cellOfKey } from "./table-space";

/** A table of truth as PNAS sees it. */
export interface PnasBenchmark {
  readonly name: PnasTable;
  readonly evaluator: TableEvaluator;
  readonly growth: GrowingSpace<string>;
  /** From 1. */
  sizeOf(key: string): number;
  /** Cells of the last size: what random search draws from. */
  readonly complete: readonly string[];
  /** For predictors that count tokens, and for those that read them in order. */
  readonly counted: Tokens<string>;
  readonly sequence: Tokens<string>;
}

/** @param table The stored table; the one that ships with the package when left out. */
export function pnasBenchmark(name: PnasTable, table?: StoredTable): PnasBenchmark {
  if (name === "201") {
    const evaluator = nasBench201Evaluator("cifar10");
    const cells = nasBench201Cells();
    const tokens = geneTokens(cells);
    // Every cell of the benchmark is complete: edges that are "none" are a choice as any other.
    return {
      name,
      evaluator,
      growth: nasBench201Growth(),
      sizeOf: sizeOf201,
      complete: [...evaluator.entries.keys()],
      // As in the paper, an op is one and the same wherever it stands; and a place of its own besides.
      counted: joinedTokens(sharedTokens(cells), tokens),
      sequence: sharedTokens(cells),
    };
  }
  const evaluator = trainedCellsTable(table ?? storedTable());
  const { ops, blocks } = PNAS_SETTINGS.table;
  const alphabet = { ops, states: blocks + 1 };
  return {
    name,
    evaluator,
    growth: tableGrowth(evaluator),
    sizeOf: blocksOfKey,
    complete: [...evaluator.entries.keys()].filter((key) => blocksOfKey(key) === blocks),
    counted: ofKeys(joinedTokens(blockTokens(alphabet), edgeTokens(alphabet))),
    sequence: ofKeys(blockTokens(alphabet)),
  };
}

function ofKeys({ vocabulary, tokens, parts }: Tokens<CellGraph>): Tokens<string> {
  const known = new Map<string, readonly number[]>();
  return {
    vocabulary,
    tokens(key) {
      const found = known.get(key) ?? tokens(cellOfKey(key));
      known.set(key, found);
      return found;
    },
    ...(parts && { parts: (key: string) => parts(cellOfKey(key)) }),
  };
}

/** An MLP ensemble by other settings than the reported ones, see `STUDY.tuning`. */
export function triedPredictor(name: TriedName, { counted }: PnasBenchmark, seed: number): Predictor<string> {
  const { averaged = true, ...options }: TriedSettings = STUDY.tuning.tried[name];
  const { vocabulary, tokens } = counted;
  const encoding = averaged ? counted : { vocabulary, tokens };
  return mlpPredictor(encoding, { ...STUDY.mlp, members: STUDY.members, ...options, seed });
}

/** A new predictor. */
export function predictorOf(
  name: PredictorName,
  { counted, sequence }: PnasBenchmark,
  seed: number,
): Predictor<string> {
  const members = name.endsWith("-ensemble") ? STUDY.members : 1;
  const options: Record<"mlp" | "lstm", EnsembleOptions> = {
    mlp: { ...STUDY.mlp, members, seed },
    lstm: { ...STUDY.lstm, members, seed },
  };
  if (name === "ridge") return ridgePredictor(counted);
  return name.startsWith("mlp") ? mlpPredictor(counted, options.mlp) : lstmPredictor(sequence, options.lstm);
}
