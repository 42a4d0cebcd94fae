import { type OptionRules, rule } from "../../core";
import type { Space } from "../../space";
import { PREDICTOR_RULE, type Predictor } from "./predictor";
import type { Outcome, Searcher, Trial } from "./searcher";
import { checkSearcher, type Scored, SEARCHER_RULES, type SearcherOptions, SingleGoalSearcher } from "./single-goal";

export interface SmboOptions<A> extends SearcherOptions {
  readonly predictor: Predictor<A>;
  /** Random architectures before the predictor is first asked. Default 20. */
  readonly initial?: number;
  /** Architectures proposed by one fit of the predictor: the best of its pool. Default 20. */
  readonly batch?: number;
  /** Architectures that it is asked about each time. Default 200. */
  readonly pool?: number;
  /** Share of the pool that are mutations of the best architectures so far; the others are random. Default 0.5. */
  readonly near?: number;
  /** Times that a prediction's deviation is added to its mean (upper confidence bound). Default 0: the mean, as PNAS. */
  readonly exploration?: number;
}

const RULES: OptionRules<SmboOptions<unknown>> = {
  ...SEARCHER_RULES,
  predictor: PREDICTOR_RULE,
  initial: rule.wholeFrom(1),
  batch: rule.wholeFrom(1),
  pool: rule.wholeFrom(1),
  near: rule.within(0, 1),
  exploration: rule.from(0),
};

/** So many of the best so far have mutations in the pool. */
const ELITE = 10;

/**
 * Sequential model-based optimisation (as in PNAS, Liu et al., ECCV 2018, without its growing): a predictor is fitted to all
 * that is known, guesses the values of a pool of architectures, and those with the highest guesses are tried next.
 * @throws ConfigError when an option is not known or out of range.
 */
export function smboSearcher<A>(space: Space<A, unknown>, options: SmboOptions<A>): Searcher<A> {
  checkSearcher("smboSearcher", options, RULES as OptionRules<SmboOptions<A>>);
  if (options.predictor === undefined) checkSearcher("smboSearcher", { ...options, predictor: null as never }, RULES);
  return new SmboSearcher(space, options);
}

class SmboSearcher<A> extends SingleGoalSearcher<A> {
  private readonly predictor: Predictor<A>;
  private readonly settings: { initial: number; batch: number; pool: number; near: number; exploration: number };
  /** Proposals of the last fit that were not asked yet, the best last. */
  private queue: A[] = [];
  /** All with finite values, in the order of telling. */
  private readonly known: { readonly architecture: A; readonly value: number }[] = [];
  /** The best of them, the best first, of equals the earlier told. */
  private readonly elite: Scored<A>[] = [];

  constructor(space: Space<A, unknown>, options: SmboOptions<A>) {
    super("smboSearcher", space, options);
    this.predictor = options.predictor;
    const { initial = 20, batch = 20, pool = 200, near = 0.5, exploration = 0 } = options;
    this.settings = { initial, batch, pool, near, exploration };
  }

  protected next(): Trial<A> {
    if (this.log.asked < this.settings.initial) return this.log.issue(this.random());
    if (this.queue.length === 0) this.queue = this.proposals();
    return this.log.issue(this.queue.pop() ?? this.random());
  }

  override tell(trial: Trial<A>, outcome: Outcome): void {
    super.tell(trial, outcome);
    const told = this.log.told[this.log.told.length - 1];
    if (!Number.isFinite(told.score)) return;
    this.known.push({ architecture: told.trial.architecture, value: told.score });
    this.keepElite(told);
  }

  private proposals(): A[] {
    if (this.known.length === 0) return [];
    this.predictor.fit([...this.known]);
    const pool = this.drawPool();
    const { batch, exploration } = this.settings;
    const guesses = this.predictor
      .predict(pool)
      .map(({ mean, deviation }, place) => ({ place, worth: mean + exploration * deviation }))
      .filter(({ worth }) => !Number.isNaN(worth));
    guesses.sort((a, b) => b.worth - a.worth || a.place - b.place);
    return guesses
      .slice(0, batch)
      .reverse()
      .map(({ place }) => pool[place]);
  }

  /** Different ones that were not asked yet, as far as drawing finds them. */
  private drawPool(): A[] {
    const { pool, near } = this.settings;
    const best = this.elite;
    const mutations = Math.round(near * pool);
    const drawn = new Map<string, A>();
    for (let i = 0; i < pool; i++) {
      const one =
        i < mutations
          ? this.space.mutate(best[i % best.length].trial.architecture, this.rng)
          : this.space.sample(this.rng);
      const key = this.space.key(one);
      if (!this.log.knows(key)) drawn.set(key, one);
    }
    return [...drawn.values()];
  }

  private keepElite(told: Scored<A>): void {
    const best = this.elite;
    let place = best.length;
    while (place > 0 && best[place - 1].score < told.score) place--;
    if (place === ELITE) return;
    best.splice(place, 0, told);
    if (best.length > ELITE) best.pop();
  }
}
