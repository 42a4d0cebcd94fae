import {
  evolutionSearcher,
  hyperband,
  nsga2Searcher,
  type Outcome,
  type Predictor,
  randomSearcher,
  type Searcher,
  smboSearcher,
  successiveHalving,
  tpeSearcher,
} from "../src/search";
import { chainSpace, nasBench201Cells, type Space, spacePreset } from "../src/space";
import { machine } from "./numbers";

export interface SearcherResult {
  readonly searcher: string;
  readonly space: string;
  /** Trials before, and within, the measured time. */
  readonly observations: number;
  readonly trials: number;
  readonly asks_a_second: number;
  /**
   * By processor time, with what collecting garbage and making up outcomes take: less than the searcher alone does, and what
   * a machine that others load says of it.
   */
  readonly asks_a_cpu_second: number;
  readonly needed: number;
}

export interface SearchersReport {
  readonly cpu: string;
  readonly node: string;
  readonly all_fast_enough: boolean;
  readonly cases: readonly SearcherResult[];
}

const NEEDED = 10_000;
const NEEDED_TPE = 500;
/** Trials told before the time is taken. */
const OBSERVATIONS = 1_000;
const LEAST_MS = 1_000;
/** The most trials that a case is measured over, so that all are measured at about so many observations. */
const MOST = 4_000;

/** What costs a searcher nothing: a guess from the first gene. */
function freePredictor<A>(space: Space<A, unknown>): Predictor<A> {
  return {
    name: "free",
    fit: () => {},
    predict: (all) => all.map((a) => ({ mean: space.encode!(a)[0], deviation: 0 })),
  };
}

function searchers<A>(space: Space<A, unknown>): Record<string, () => Searcher<A>> {
  const goal = { maximise: "accuracy", seed: 1 };
  const budgets = [{ epochs: 1 }, { epochs: 3 }, { epochs: 9 }];
  // Repeats: a space of 15,625 cells would be exhausted, and what is drawn anew measured.
  const repeats = true;
  return {
    random: () => randomSearcher(space, { ...goal, repeats }),
    evolution: () => evolutionSearcher(space, { ...goal, repeats }),
    nsga2: () => nsga2Searcher(space, { seed: 1, maximise: ["accuracy"], minimise: ["size"], mutation: 0.3 }),
    smbo: () => smboSearcher(space, { ...goal, repeats, predictor: freePredictor(space), batch: 20 }),
    tpe: () => tpeSearcher(space, { ...goal, repeats }),
    "successive halving": () => successiveHalving(space, { ...goal, repeats, budgets }),
    hyperband: () => hyperband(space, { ...goal, repeats, budgets }),
  };
}

/** Asks one trial after another and tells each at once; only the searcher's own time counts. */
function measure<A>(name: string, space: Space<A, unknown>, create: () => Searcher<A>): SearcherResult {
  let searcher = create();
  const isTpe = name === "tpe";
  let spent = 0;
  let trials = 0;
  const round = (counts: boolean) => {
    const before = performance.now();
    const asked = searcher.ask();
    const between = performance.now();
    const outcomes = asked.map((trial): Outcome => {
      const values = space.encode!(trial.architecture);
      const accuracy = values.reduce((sum, value, i) => sum + value * Math.cos(i), 0);
      return { values: { accuracy, size: values[0] }, costs: {}, fingerprint: "" };
    });
    const after = performance.now();
    for (const [i, trial] of asked.entries()) searcher.tell(trial, outcomes[i]);
    if (!counts) return;
    spent += between - before + (performance.now() - after);
    trials += asked.length;
  };
  for (let i = 0; i < OBSERVATIONS; i++) round(false);
  // The first one was for the compiler: a search is measured that finds its code compiled.
  searcher = create();
  for (let i = 0; i < OBSERVATIONS; i++) round(false);
  // TPE's cost rises with what it knows: measured at the stated number.
  const most = isTpe ? 200 : MOST;
  const before = process.cpuUsage();
  while (spent < LEAST_MS && trials < most) round(true);
  const { user, system } = process.cpuUsage(before);
  return {
    searcher: name,
    space: space.name,
    observations: OBSERVATIONS,
    trials,
    asks_a_second: Math.round((1000 * trials) / spent),
    asks_a_cpu_second: Math.round((1e6 * trials) / (user + system)),
    needed: isTpe ? NEEDED_TPE : NEEDED,
  };
}

/** Proposals a second of each searcher alone, on cells and on chains of layers. */
export function measureSearchers(onCase: (result: SearcherResult) => void = () => {}): SearchersReport {
  const cases: SearcherResult[] = [];
  const all = <A>(space: Space<A, unknown>) => {
    for (const [name, create] of Object.entries(searchers(space))) {
      const result = measure(name, space, create);
      onCase(result);
      cases.push(result);
    }
  };
  all(nasBench201Cells());
  all(chainSpace(spacePreset("dna-mini")));
  const { cpu } = machine();
  const all_fast_enough = cases.every(({ asks_a_second, needed }) => asks_a_second >= needed);
  return { cpu, node: process.version, all_fast_enough, cases };
}
