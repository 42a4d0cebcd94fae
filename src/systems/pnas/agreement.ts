import { spearman } from "../../benchmark";
import { Rng } from "../../core";
import { type PnasBenchmark, predictorOf } from "./pnas-benchmark";
import { type PnasTable, type PredictorName, STUDY } from "./settings";

/** Where a predictor is tried: fitted to cells of one size of a table, asked about those and about the next size. */
export interface AgreementPlace {
  readonly table: PnasTable;
  /** From 1. */
  readonly size: 1 | 2;
}

export const AGREEMENT_PLACES: readonly AgreementPlace[] = [
  { table: "fashion", size: 1 },
  { table: "fashion", size: 2 },
  { table: "201", size: 2 },
];

/** Spearman's rho of predicted and true validation accuracies. */
export interface AgreementTrial {
  /** Over the cells that it was fitted to. */
  readonly fitted: number;
  /** Over the others of the same size; null where there are too few of them. */
  readonly own: number | null;
  /** Over cells of the next size. */
  readonly next: number;
}

/** Fewer cells than these say nothing of an order. */
const FEWEST = 10;

/**
 * One trial (PNAS, section 5.1, on fewer cells): a predictor is fitted to random cells of a size. All predictors of a trial
 * get the same cells.
 */
export function agreementTrial(
  predictor: PredictorName,
  benchmark: PnasBenchmark,
  size: AgreementPlace["size"],
  trial: number,
): AgreementTrial {
  const rng = new Rng(trial).fork(`pnas/agreement/${benchmark.name}/${size}`);
  const of = (wanted: number) =>
    [...benchmark.evaluator.entries.keys()].filter((key) => benchmark.sizeOf(key) === wanted);
  const own = shuffled(of(size), rng.fork("own"));
  const next = shuffled(of(size + 1), rng.fork("next")).slice(0, STUDY.agreement.next);
  const count = STUDY.agreement.fitted[size];
  const value = (key: string) => benchmark.evaluator.entries.get(key)!.validation;
  const fitted = predictorOf(predictor, benchmark, trial);
  fitted.fit(own.slice(0, count).map((key) => ({ architecture: key, value: value(key) })));
  const rho = (keys: readonly string[]) => {
    const guesses = fitted.predict(keys).map(({ mean }) => mean);
    return Number(spearman(guesses, keys.map(value)).toFixed(4));
  };
  const others = own.slice(count);
  return {
    fitted: rho(own.slice(0, count)),
    own: others.length < FEWEST ? null : rho(others),
    next: rho(next),
  };
}

function shuffled(keys: readonly string[], rng: Rng): string[] {
  return Array.from(rng.permutation(keys.length), (i) => keys[i]);
}
