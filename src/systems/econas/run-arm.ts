import { evolutionSearcher, randomSearcher, type Searcher, stagedEvolution } from "../../search";
import type { ProxyBenchmark } from "./proxy-benchmark";
import { type EconasArmName, SEARCHES } from "./settings";

/** A search as it is stored: all figures follow from the tables. */
export interface EconasRun {
  readonly seed: number;
  /** Evaluations in their order: the stage, from 1, or 0 for the full setting, and the network: "1:013013 1:000013 2:013013". */
  readonly trials: string;
}

/** One search of one seed. */
export function econasSearcher(arm: EconasArmName, benchmark: ProxyBenchmark, seed: number): Searcher<string> {
  const { space, stages, full } = benchmark;
  const numbers = SEARCHES.of[benchmark.name];
  const goal = { maximise: "score", seed };
  if (arm === "plain-random") return randomSearcher(space, goal);
  if (arm === "plain") {
    const { population, sample } = numbers.plain;
    return evolutionSearcher(space, { ...goal, population, sample });
  }
  const own = arm === "hierarchical" ? stages : stages.slice(-1);
  const { finalists } = numbers;
  return stagedEvolution(space, { ...goal, ...numbers[arm], stages: own, finalists, final: full });
}

/** Runs one search to its end. */
export function runEconasArm(arm: EconasArmName, benchmark: ProxyBenchmark, seed: number): EconasRun {
  const searcher = econasSearcher(arm, benchmark, seed);
  const most = arm.startsWith("plain") ? SEARCHES.of[benchmark.name].plain.evaluations : Number.POSITIVE_INFINITY;
  const names = benchmark.stages.map((stage) => JSON.stringify(stage));
  const trials: string[] = [];
  while (trials.length < most) {
    const [trial] = searcher.ask();
    if (!trial) break;
    const { budget = benchmark.full } = trial;
    searcher.tell(trial, benchmark.look(trial.key, budget, trial.from !== undefined));
    trials.push(`${names.indexOf(JSON.stringify(budget)) + 1}:${trial.key}`);
  }
  return { seed, trials: trials.join(" ") };
}

/** A search after each of its evaluations. */
export interface ArmPoint {
  /** Spent so far, in trainings of the mean network in the full setting. */
  readonly cost: number;
  /** Of what the search would choose now: the best of the largest setting that it has tried. */
  readonly quality: number;
}

/** What a stored search had spent and found after each evaluation. */
export function replayArm({ trials }: EconasRun, benchmark: ProxyBenchmark): ArmPoint[] {
  const reached = new Map<string, number>();
  const points: ArmPoint[] = [];
  const last = benchmark.stages.length + 1;
  let cost = 0;
  let best = { stage: 0, score: Number.NEGATIVE_INFINITY, key: "" };
  for (const trial of trials.split(" ")) {
    const [at, key] = trial.split(":");
    const stage = at === "0" ? last : Number(at);
    const budget = at === "0" ? benchmark.full : benchmark.stages[stage - 1];
    const goesOn = stage < last && stage > 1 && reached.get(key) === stage - 1;
    const { values, costs } = benchmark.look(key, budget, goesOn);
    reached.set(key, stage);
    cost += costs.trainings;
    const isMeasured = !Number.isNaN(values.score);
    if (isMeasured && (stage > best.stage || (stage === best.stage && values.score > best.score))) {
      best = { stage, score: values.score, key };
    }
    points.push({ cost, quality: best.key === "" ? Number.NaN : benchmark.quality(best.key) });
  }
  return points;
}
