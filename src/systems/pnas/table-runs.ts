import { existsSync } from "node:fs";
import { join } from "node:path";
import { breathe, fingerprint, Progress, readJson, type StepContext, writeJson } from "../../core";
import { AGREEMENT_PLACES, type AgreementPlace, type AgreementTrial, agreementTrial } from "./agreement";
import type { PnasBenchmark } from "./pnas-benchmark";
import { runSearchOf, runTried, type SearchRun } from "./run-search";
import {
  PNAS_METHODS,
  PNAS_TABLE_TITLES,
  type PnasMethod,
  PREDICTORS,
  type PredictorName,
  STUDY,
  TRIED_NAMES,
  type TriedName,
} from "./settings";

/** Predictors' trials at one place. */
export interface PlaceTrials extends AgreementPlace {
  readonly predictors: Readonly<Record<PredictorName, readonly AgreementTrial[]>>;
}

/** All that is run on one table. */
export interface TableRuns {
  readonly searches: Readonly<Record<PnasMethod, readonly SearchRun[]>>;
  readonly agreement: readonly PlaceTrials[];
  /** Of the table of trained cells alone. */
  readonly tuning?: Readonly<Record<TriedName, readonly SearchRun[]>>;
}

/** Saved after so many runs that were done anew. */
const SAVE_EVERY = 10;

/**
 * Searches a table and tries the predictors on it; what was done before is taken from a file that names what it depends on.
 * @param runs Where that file lies.
 * @throws InterruptedError when stopped; what was done is kept.
 */
export async function tableRuns(benchmark: PnasBenchmark, runs: string, context: StepContext): Promise<TableRuns> {
  const { name, evaluator } = benchmark;
  const of = fingerprint({ settings: STUDY, table: evaluator.fingerprint });
  const path = join(runs, `10_pnas-${name}-${of}.json`);
  const done = new Map<string, unknown>(existsSync(path) ? Object.entries(readJson(path) as object) : []);
  const save = () => writeJson(path, Object.fromEntries(done));
  const places = AGREEMENT_PLACES.filter(({ table }) => table === name);
  const { seeds, agreement } = STUDY;
  const { from, to } = STUDY.tuning.seeds;
  const tried = name === "fashion" ? TRIED_NAMES : [];
  const tunings = tried.length * (to - from + 1);
  const total = PNAS_METHODS.length * seeds + places.length * PREDICTORS.length * agreement.trials + tunings;
  const progress = new Progress(context, `PNAS, ${PNAS_TABLE_TITLES[name]}`, total, "runs", done.size);
  const each = async <T>(kind: string, count: number, work: (number: number) => T): Promise<T[]> => {
    const ids = Array.from({ length: count }, (_, i) => `${kind}/${i + 1}`);
    for (const [i, id] of ids.entries()) {
      if (done.has(id)) continue;
      progress.throwIfStopped();
      await breathe();
      done.set(id, work(i + 1));
      if (done.size % SAVE_EVERY === 0) save();
      progress.advance();
    }
    return ids.map((id) => done.get(id) as T);
  };
  try {
    const searches = {} as Record<PnasMethod, SearchRun[]>;
    for (const method of PNAS_METHODS) {
      searches[method] = await each(method, seeds, (seed) => runSearchOf(method, benchmark, seed));
    }
    const trials: PlaceTrials[] = [];
    for (const { size } of places) {
      const predictors = {} as Record<PredictorName, AgreementTrial[]>;
      for (const predictor of PREDICTORS) {
        const work = (trial: number) => agreementTrial(predictor, benchmark, size, trial);
        predictors[predictor] = await each(`agreement/${size}/${predictor}`, agreement.trials, work);
      }
      trials.push({ table: name, size, predictors });
    }
    if (tried.length === 0) return { searches, agreement: trials };
    const tuning = {} as Record<TriedName, SearchRun[]>;
    for (const one of tried) {
      tuning[one] = await each(`tuning/${one}`, to - from + 1, (place) => runTried(one, benchmark, from + place - 1));
    }
    return { searches, agreement: trials, tuning };
  } finally {
    if (done.size > 0) save();
  }
}
