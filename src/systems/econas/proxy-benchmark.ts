import { ConfigError, shown } from "../../core";
import { mean } from "../../core/statistics";
import { namedBudget, nasBench201Evaluator, stagesOf } from "../../evaluate";
import type { EvaluationBudget, Outcome } from "../../search";
import { nasBench201Cells, type Space } from "../../space";
import { smallCellSpace } from "./cell-space";
import { ECONAS_SETTINGS, type ProxyBenchmarkName } from "./settings";
import type { StoredTrainings } from "./stored-trainings";

/** A table of trained networks that knows cheaper settings, too. */
export interface ProxyBenchmark {
  readonly name: ProxyBenchmarkName;
  readonly space: Space<string, unknown>;
  /** From the first to the last stage of the proxy. */
  readonly stages: readonly EvaluationBudget[];
  /** The full setting. */
  readonly full: EvaluationBudget;
  /**
   * Value: `score`, what the search goes by. Cost: `trainings`, in trainings of the mean network in the full setting.
   * @param goesOn Whether the network had the stage before.
   */
  look(key: string, budget: EvaluationBudget, goesOn: boolean): Outcome<never>;
  /** Test accuracy in percent, which no search sees; where two trainings were done, of the one that searches see nothing of. */
  quality(key: string): number;
  readonly networks: readonly string[];
}

/** Own trainings: the stages of the reliable proxy, and the full setting. */
export function fashionBenchmark(trainings: StoredTrainings): ProxyBenchmark {
  const { staged, stages, full, networks } = trainings;
  const [first, second] = full;
  const budgets = stagesOf(namedBudget(staged), ECONAS_SETTINGS.stages);
  const whole = { epochs: ECONAS_SETTINGS.epochs };
  // In processor time, as it was measured.
  const unit = mean(Object.values(first).map(([, , seconds]) => seconds));
  const names = budgets.map((one) => JSON.stringify(one));
  return {
    name: "fashion",
    space: smallCellSpace(),
    stages: budgets,
    full: whole,
    networks: Object.keys(networks),
    quality: (key) => second[key][1] ?? Number.NaN,
    look(key, budget, goesOn) {
      const [macs, params] = networks[key];
      const stage = names.indexOf(JSON.stringify(budget));
      const outcome = (score: number | null, seconds: number): Outcome<never> => ({
        values: { score: score ?? Number.NaN },
        costs: { macs, params, trainings: seconds / unit },
        fingerprint: `econas/${key}/${stage}`,
      });
      if (JSON.stringify(budget) === JSON.stringify(whole)) return outcome(first[key][0], first[key][2]);
      if (stage < 0) {
        throw new ConfigError(
          `econas: a budget must be a stage of ${staged} or the full setting, got ${shown(budget)}`,
        );
      }
      const seconds = stages[key].slice(goesOn ? stage : 0, stage + 1).reduce((sum, [, own]) => sum + own, 0);
      return outcome(stages[key][stage][0], seconds);
    },
  };
}

/** NAS-Bench-201: the network's size and its accuracy on CIFAR-10 stand for shorter trainings, which the table lacks. */
export function nasBench201Benchmark(name: Exclude<ProxyBenchmarkName, "fashion">): ProxyBenchmark {
  const evaluator = nasBench201Evaluator(name);
  return {
    name,
    space: nasBench201Cells(),
    stages: evaluator.budgets.slice(0, -1),
    full: evaluator.budgets[evaluator.budgets.length - 1],
    networks: [...evaluator.entries.keys()],
    quality: (key) => evaluator.entries.get(key)!.test,
    look(key, budget) {
      const { values, costs, fingerprint } = evaluator.look(key, budget);
      return { values: { score: values.rating }, costs, fingerprint };
    },
  };
}

export function proxyBenchmark(name: ProxyBenchmarkName, trainings: StoredTrainings): ProxyBenchmark {
  return name === "fashion" ? fashionBenchmark(trainings) : nasBench201Benchmark(name);
}
