import { ConfigError, checkOptions, DataError, fingerprint, type OptionRules, rule, shown } from "../core";
import type { EvaluationBudget, Outcome } from "../search";
import type { Evaluator } from "./evaluator";

/** What a table of trained networks says of one. */
export interface TableEntry {
  /** Accuracies in percent: what is searched by, and what is reported. */
  readonly validation: number;
  readonly test: number;
  readonly macs: number;
  readonly params: number;
  /** What cheaper levels say, by level; higher is better. */
  readonly proxies?: Readonly<Record<string, number>>;
}

/** How a table is looked up as if its networks were trained. */
export interface TableOptions {
  readonly name: string;
  /** By canonical key. */
  readonly entries: ReadonlyMap<string, TableEntry>;
  /**
   * Cheaper levels before the validation accuracy, from the cheapest on, by name; each entry has a proxy of each.
   */
  readonly levels?: readonly TableLevel[];
}

const RULES: OptionRules<TableOptions> = {
  name: rule.text,
  entries: { must: "a Map of entries by key", holds: (value) => value instanceof Map },
  levels: rule.list(
    { must: "a level { name, cost }", holds: (value) => typeof (value as TableLevel)?.cost === "function" },
    0,
  ),
};

export interface TableLevel {
  readonly name: string;
  /** What one look costs, in trainings of the table's mean network. */
  readonly cost: (entry: TableEntry) => number;
}

/** Looks networks up by their keys. */
export interface TableEvaluator extends Evaluator<string, never> {
  readonly budgets: readonly EvaluationBudget[];
  /** What each level is, from the cheapest on; the last is "validation". */
  readonly levels: readonly string[];
  readonly entries: ReadonlyMap<string, TableEntry>;
  /** At once: nothing is trained. @throws DataError when there is no such key, ConfigError when there is no such level. */
  look(key: string, budget?: EvaluationBudget): Outcome<never>;
}

/**
 * An evaluator over a table. Outcomes of the usual budget have the values `validation` and `test` (percent); `rating`, which
 * is what that level says, is the validation accuracy. Budgets are `{ level: 1 }`, ... up to the number of levels: below the
 * last one `rating` is all there is. Costs: `macs`, `params`, and `trainings`: what the evaluation costs, in multiply-adds
 * relative to the training of the table's mean network; a table has no times of its own.
 * @throws DataError when the table is empty, ConfigError when an option is not known.
 */
export function tableEvaluator(options: TableOptions): TableEvaluator {
  checkOptions("tableEvaluator", options, RULES);
  const { name, entries, levels: cheaper = [] } = options;
  if (entries.size === 0) throw new DataError(`${name}: the table must have an entry, and has none`, { name });
  const levels = [...cheaper.map((level) => level.name), "validation"];
  const budgets = levels.map((_, i) => ({ level: i + 1 }));
  let total = 0;
  for (const { macs } of entries.values()) total += macs;
  const mean = total / entries.size;
  // As one text: a hash of each of many thousand entries takes seconds.
  const named = fingerprint({ name, levels, entries: JSON.stringify([...entries]) });
  const look = (key: string, budget: EvaluationBudget = budgets[budgets.length - 1]): Outcome<never> => {
    const entry = entries.get(key);
    if (!entry) throw unknownKey(name, key, entries);
    const place = levelOf(name, budget, levels);
    const { macs, params, validation, test } = entry;
    const cheap = cheaper[place];
    return {
      values: cheap ? { rating: entry.proxies?.[cheap.name] ?? Number.NaN } : { rating: validation, validation, test },
      costs: { macs, params, trainings: cheap ? cheap.cost(entry) : macs / mean },
      fingerprint: `${named}/${key}/${place + 1}`,
    };
  };
  return {
    name,
    fingerprint: named,
    levels,
    budgets,
    noise: { rating: 0, validation: 0, test: 0 },
    entries,
    look,
    evaluate: async (key, budget) => look(key, budget),
  };
}

function levelOf(name: string, budget: EvaluationBudget, levels: readonly string[]): number {
  const { level, ...others } = budget;
  const fits = Object.keys(others).length === 0 && Number.isInteger(level) && level >= 1 && level <= levels.length;
  if (fits) return level - 1;
  throw new ConfigError(
    `${name}: a budget must be { level: 1 } to { level: ${levels.length} } (${levels.join(", ")}), got ${shown(budget)}`,
    { budget },
  );
}

function unknownKey(name: string, key: string, entries: ReadonlyMap<string, TableEntry>): DataError {
  const [first] = entries.keys();
  return new DataError(
    `${name}: the key must be one of the table's ${entries.size.toLocaleString("en-US")}, such as ${first}, got ${shown(key)}; a network has one canonical key, which its space gives`,
    { key },
  );
}
