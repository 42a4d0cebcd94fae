import { checkOptions, type OptionRules, Rng, rule } from "../../core";
import type { Space } from "../../space";
import { checkOutcomeForm, checkSpace } from "./given";
import { checkGoal, GOAL_RULES, type Goal, scoreOf } from "./goal";
import type { Outcome, Searcher, ToldTrial, Trial } from "./searcher";
import { askEach, TrialLog } from "./trial-log";

/** Of a search for one value. */
export interface SearcherOptions extends Goal {
  /** Of all that is drawn. */
  readonly seed: number;
  /** Whether an architecture that was asked before may come again. Default false: it is drawn anew, up to a hundred times. */
  readonly repeats?: boolean;
}

export const SEARCHER_RULES: OptionRules<SearcherOptions> = {
  ...GOAL_RULES,
  seed: rule.whole,
  repeats: rule.boolean,
};

/** A told trial with its score: higher is better, minus infinity where nothing was measured. */
export interface Scored<A> extends ToldTrial<A> {
  readonly score: number;
}

/** What searchers for one value have in common: trials are numbered and scored; what is left is how to choose the next one. */
export abstract class SingleGoalSearcher<A> implements Searcher<A> {
  protected readonly rng: Rng;
  protected readonly log: TrialLog<A, Scored<A>>;
  protected readonly goal: Goal;
  private readonly repeats: boolean;

  constructor(
    readonly name: string,
    protected readonly space: Space<A, unknown>,
    { maximise, minimise, seed, repeats = false }: SearcherOptions,
  ) {
    checkSpace(name, space, ["sample", "mutate", "key"]);
    this.goal = { maximise, minimise };
    checkGoal(name, this.goal);
    this.rng = new Rng(seed).fork(`${name}/${space.name}`);
    this.log = new TrialLog<A, Scored<A>>(name, space);
    this.repeats = repeats;
  }

  /** The next trial, or undefined while there is none. */
  protected abstract next(): Trial<A> | undefined;

  ask(count = 1): Trial<A>[] {
    return askEach(this.name, count, () => this.next());
  }

  checkOutcome(outcome: Outcome): void {
    checkOutcomeForm(this.name, outcome);
    scoreOf(outcome, this.goal, this.name);
  }

  tell(trial: Trial<A>, outcome: Outcome): void {
    this.log.settle(trial, outcome, (told) => ({ ...told, score: scoreOf(outcome, this.goal, this.name) }));
  }

  /** An architecture that was not asked before, if drawing finds one. */
  protected fresh(draw: () => A): A {
    return this.repeats ? draw() : this.log.fresh(draw);
  }

  protected random(): A {
    return this.fresh(() => this.space.sample(this.rng));
  }
}

/** Checks options, and says where they are wrong. @throws ConfigError */
export function checkSearcher<Options extends SearcherOptions>(
  name: string,
  options: Options,
  rules: OptionRules<Options>,
): void {
  checkOptions(name, options, rules);
  if (options.seed === undefined) checkOptions(name, { seed: null }, { seed: rule.whole });
}
