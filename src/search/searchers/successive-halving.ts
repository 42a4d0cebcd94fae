import { ConfigError, type OptionRules, rule } from "../../core";
import type { Space } from "../../space";
import { budgetSize } from "./goal";
import type { EvaluationBudget, Outcome, Searcher, Trial } from "./searcher";
import { checkSearcher, type Scored, SEARCHER_RULES, type SearcherOptions, SingleGoalSearcher } from "./single-goal";

export interface HalvingOptions extends SearcherOptions {
  /** From the smallest to the one that counts: the rungs. Products of their quantities must rise. */
  readonly budgets: readonly EvaluationBudget[];
  /** Of so many one goes on to the next rung. Default 3. */
  readonly eta?: number;
  /** Architectures on the first rung. Default: as many as leave one on the last. */
  readonly entrants?: number;
}

const RULES: OptionRules<HalvingOptions> = {
  ...SEARCHER_RULES,
  budgets: rule.list({
    must: "a budget such as { epochs: 4 }",
    holds: (value) =>
      typeof value === "object" &&
      value !== null &&
      Object.keys(value).length > 0 &&
      Object.values(value).every((quantity) => typeof quantity === "number" && quantity > 0),
  }),
  eta: rule.above(1),
  entrants: rule.wholeFrom(1),
};

/**
 * Successive halving (Jamieson and Talwalkar, AISTATS 2016) for architectures: random ones are evaluated with the smallest
 * budget, the best of every `eta` again with the next, and so on; after the last rung it begins anew with others. A trial
 * goes on from the state of its architecture's last one, where the evaluator keeps one. `ask` gives none while outcomes of a
 * whole rung are awaited.
 * @throws ConfigError when an option is not known or out of range, or the budgets do not rise.
 */
export function successiveHalving<A>(space: Space<A, unknown>, options: HalvingOptions): Searcher<A> {
  checkHalving("successiveHalving", options, RULES);
  const { budgets, eta = 3, entrants = Math.ceil(eta ** (budgets.length - 1)) } = options;
  return new HalvingSearcher("successiveHalving", space, options, eta, [{ first: 0, entrants }]);
}

export type HyperbandOptions = Omit<HalvingOptions, "entrants">;

const { entrants: _entrants, ...HYPERBAND_RULES } = RULES;

/**
 * Hyperband (Li et al., JMLR 2018, algorithm 1): brackets of successive halving in turn, the first with many architectures
 * from the smallest budget on, the last with few and the largest budget alone; then again from the first.
 * @throws ConfigError as {@link successiveHalving}.
 */
export function hyperband<A>(space: Space<A, unknown>, options: HyperbandOptions): Searcher<A> {
  checkHalving("hyperband", options, HYPERBAND_RULES as OptionRules<HyperbandOptions>);
  const { budgets, eta = 3 } = options;
  const brackets = budgets.map((_, first) => {
    const more = budgets.length - 1 - first;
    return { first, entrants: Math.ceil((budgets.length / (more + 1)) * eta ** more) };
  });
  return new HalvingSearcher("hyperband", space, options, eta, brackets);
}

function checkHalving<Options extends HyperbandOptions>(name: string, options: Options, rules: OptionRules<Options>) {
  checkSearcher(name, options, rules);
  const sizes = options.budgets?.map(budgetSize) ?? [];
  if (sizes.length > 0 && sizes.every((size, i) => i === 0 || size > sizes[i - 1])) return;
  throw new ConfigError(
    `${name}: budgets must rise from the smallest to the one that counts, e.g. [{ epochs: 1 }, { epochs: 3 }], got ${JSON.stringify(options.budgets)}`,
    { budgets: options.budgets },
  );
}

/** How a round of halving begins. */
interface Bracket {
  /** Its first rung, by its place among the budgets. */
  readonly first: number;
  readonly entrants: number;
}

/** An architecture on a rung, and the trial that it goes on from. */
interface Entrant<A> {
  readonly architecture: A;
  readonly from?: number;
}

class HalvingSearcher<A> extends SingleGoalSearcher<A> {
  private readonly budgets: readonly EvaluationBudget[];
  private bracket = 0;
  private rung: number;
  /** Of the rung, those that were not asked yet; undefined: to be drawn. */
  private entrants: (Entrant<A> | undefined)[];
  private done: Scored<A>[] = [];

  constructor(
    name: string,
    space: Space<A, unknown>,
    options: HyperbandOptions,
    private readonly eta: number,
    private readonly brackets: readonly Bracket[],
  ) {
    super(name, space, options);
    this.budgets = options.budgets;
    [this.rung, this.entrants] = this.begin();
  }

  override tell(trial: Trial<A>, outcome: Outcome): void {
    super.tell(trial, outcome);
    this.done.push(this.log.told[this.log.told.length - 1]);
    if (this.entrants.length === 0 && this.log.waiting === 0) this.promote();
  }

  protected next(): Trial<A> | undefined {
    if (this.entrants.length === 0) return undefined;
    const entrant = this.entrants.shift() ?? { architecture: this.random() };
    return this.log.issue(entrant.architecture, {
      budget: this.budgets[this.rung],
      ...(entrant.from !== undefined && { from: entrant.from }),
    });
  }

  private begin(): [number, undefined[]] {
    const { first, entrants } = this.brackets[this.bracket % this.brackets.length];
    return [first, Array.from({ length: entrants }, () => undefined)];
  }

  /** Ends a rung. */
  private promote(): void {
    const measured = this.done.filter(({ score }) => score > Number.NEGATIVE_INFINITY);
    measured.sort((a, b) => b.score - a.score || a.trial.id - b.trial.id);
    const promoted = measured.slice(0, Math.max(1, Math.floor(this.done.length / this.eta)));
    this.done = [];
    if (this.rung + 1 < this.budgets.length && promoted.length > 0) {
      this.rung++;
      this.entrants = promoted.map(({ trial }) => ({ architecture: trial.architecture, from: trial.id }));
      return;
    }
    this.bracket++;
    [this.rung, this.entrants] = this.begin();
  }
}
