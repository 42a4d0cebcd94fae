import { ConfigError, type OptionRules, Rng, rule } from "../../core";
import type { Space } from "../../space";
import { checkOutcomeForm, checkSpace } from "./given";
import { scoreOf } from "./goal";
import { PREDICTOR_RULE, type Predictor } from "./predictor";
import type { Outcome, Searcher, ToldTrial, Trial } from "./searcher";
import { checkSearcher, type Scored, SEARCHER_RULES, type SearcherOptions } from "./single-goal";
import { askEach, TrialLog } from "./trial-log";

/** Architectures that grow: from the smallest ones, step by step, to complete ones. */
export interface GrowingSpace<A> extends Pick<Space<A, unknown>, "name" | "key"> {
  /** All of the smallest size. */
  smallest(): Iterable<A>;
  /** All that are one step larger; none where it is complete. */
  extend(a: A): Iterable<A>;
}

export interface ProgressiveOptions<A> extends Omit<SearcherOptions, "repeats"> {
  /** Fitted anew, to all that is known, before every size. */
  readonly predictor: Predictor<A>;
  /** Architectures of each size that are evaluated, those of the highest predictions: the paper's K. */
  readonly beam: number;
  /**
   * Whether the search goes on after the last size: the next `beam` best predicted of all extensions of what was evaluated,
   * of any size, until there are none. The paper's ends there. Default false.
   */
  readonly goesOn?: boolean;
}

const { repeats: _, ...GOAL } = SEARCHER_RULES;
const RULES: OptionRules<ProgressiveOptions<unknown>> = {
  ...GOAL,
  predictor: PREDICTOR_RULE,
  beam: rule.wholeFrom(1),
  goesOn: rule.boolean,
};

/** Architectures of which the predictor is asked at once. */
const ASKED = 4096;

/**
 * Progressive search (PNAS, Liu et al., ECCV 2018, algorithm 1): all of the smallest size are evaluated, in random order;
 * then, size by size, a predictor is fitted to all that is known, all extensions of what was evaluated of the last size are
 * predicted, and the `beam` best of them evaluated. `ask` gives none while outcomes of a size are awaited.
 *
 * The paper trains its predictor on from size to size; this one is fitted anew. What failed (NaN) is not extended.
 * @throws ConfigError when an option is not known, missing or out of range.
 */
export function progressiveSearcher<A>(space: GrowingSpace<A>, options: ProgressiveOptions<A>): Searcher<A> {
  const name = "progressiveSearcher";
  checkSearcher(name, options, RULES as OptionRules<ProgressiveOptions<A>>);
  const { predictor = null, beam = null } = options;
  if (predictor === null || beam === null)
    checkSearcher(name, { ...options, predictor, beam } as never, RULES as never);
  checkSpace(name, space, ["key", "extend"]);
  if (typeof space.smallest !== "function") {
    throw new ConfigError(
      `${name}: space must grow, and lacks smallest, which gives the architectures of the smallest size`,
    );
  }
  return new ProgressiveSearcher(name, space, options);
}

class ProgressiveSearcher<A> implements Searcher<A> {
  private readonly log: TrialLog<A, Scored<A>>;
  private readonly rng: Rng;
  /** To be asked, the next one last. */
  private queue: A[];
  /** Told since the queue was filled. */
  private latest: Scored<A>[] = [];
  /** Extensions that were not asked, of earlier sizes than the one at work. */
  private readonly left = new Map<string, A>();
  private isComplete = false;
  private rounds = 0;

  constructor(
    readonly name: string,
    private readonly space: GrowingSpace<A>,
    private readonly options: ProgressiveOptions<A>,
  ) {
    this.rng = new Rng(options.seed).fork(`${name}/${space.name}`);
    this.log = new TrialLog<A, Scored<A>>(name, space);
    const first = [...space.smallest()];
    this.queue = Array.from(this.rng.fork("first").permutation(first.length), (i) => first[i]);
  }

  ask(count = 1): Trial<A>[] {
    return askEach(this.name, count, () => this.next());
  }

  checkOutcome(outcome: Outcome): void {
    checkOutcomeForm(this.name, outcome);
    scoreOf(outcome, this.options, this.name);
  }

  tell(trial: Trial<A>, outcome: Outcome): void {
    const told = this.log.settle(trial, outcome, (known: ToldTrial<A>) => ({
      ...known,
      score: scoreOf(outcome, this.options, this.name),
    }));
    this.latest.push(told);
  }

  private next(): Trial<A> | undefined {
    if (this.queue.length === 0) {
      if (this.log.waiting > 0) return undefined;
      this.queue = this.grown();
    }
    const one = this.queue.pop();
    return one === undefined ? undefined : this.log.issue(one);
  }

  /** The best predicted of the next size, the best last; none at the end. */
  private grown(): A[] {
    const larger = this.extensions();
    if (larger.size === 0) this.isComplete = true;
    const pool = this.isComplete ? new Map([...this.left, ...larger]) : larger;
    for (const [key, one] of larger) this.left.set(key, one);
    if (this.isComplete && !this.options.goesOn) return [];
    // In random order: of equal predictions, as of what the predictor does not know, none is preferred.
    const all = [...pool.values()];
    const order = this.rng.fork(`round${this.rounds++}`).permutation(all.length);
    const chosen = this.bestOf(Array.from(order, (i) => all[i]));
    for (const one of chosen) this.left.delete(this.space.key(one));
    return chosen.reverse();
  }

  /** All extensions of what was told since the last size, each once, that were not asked. */
  private extensions(): Map<string, A> {
    const parents = this.latest.filter(isMeasured).sort(byTrial);
    this.latest = [];
    const larger = new Map<string, A>();
    for (const { trial } of parents) {
      for (const one of this.space.extend(trial.architecture)) {
        const key = this.space.key(one);
        if (!this.log.knows(key)) larger.set(key, one);
      }
    }
    return larger;
  }

  private bestOf(pool: readonly A[]): A[] {
    const { predictor, beam } = this.options;
    const known = this.log.told.filter(isMeasured).sort(byTrial);
    if (known.length === 0 || pool.length === 0) return pool.slice(0, beam);
    predictor.fit(known.map(({ trial, score }) => ({ architecture: trial.architecture, value: score })));
    const guesses: { readonly place: number; readonly mean: number }[] = [];
    for (let from = 0; from < pool.length; from += ASKED) {
      const some = predictor.predict(pool.slice(from, from + ASKED));
      for (const [i, { mean }] of some.entries()) guesses.push({ place: from + i, mean });
    }
    const order = guesses.filter(({ mean }) => !Number.isNaN(mean));
    order.sort((a, b) => b.mean - a.mean || a.place - b.place);
    return order.slice(0, beam).map(({ place }) => pool[place]);
  }
}

function isMeasured({ score }: Scored<unknown>): boolean {
  return Number.isFinite(score);
}

/** So that nothing depends on the order of telling. */
function byTrial(a: Scored<unknown>, b: Scored<unknown>): number {
  return a.trial.id - b.trial.id;
}
