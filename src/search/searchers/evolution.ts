import { type OptionRules, rule } from "../../core";
import type { Space } from "../../space";
import type { Searcher, Trial } from "./searcher";
import { checkSearcher, type Scored, SEARCHER_RULES, type SearcherOptions, SingleGoalSearcher } from "./single-goal";

export interface EvolutionSearcherOptions extends SearcherOptions {
  /** Architectures that live at a time: the last ones told. The first ones are random. Default 50. */
  readonly population?: number;
  /** Of which so many are drawn, with replacement; the best becomes the parent. Default 10. */
  readonly sample?: number;
}

const RULES: OptionRules<EvolutionSearcherOptions> = {
  ...SEARCHER_RULES,
  population: rule.wholeFrom(1),
  sample: rule.wholeFrom(1),
};

/**
 * Regularised (aging) evolution (Real et al., AAAI 2019, algorithm 1): a mutation of the best of a sample of those that live
 * is tried next, and the oldest dies. Those asked before the first population was told are random.
 * @throws ConfigError when an option is not known or out of range.
 */
export function evolutionSearcher<A>(space: Space<A, unknown>, options: EvolutionSearcherOptions): Searcher<A> {
  checkSearcher("evolutionSearcher", options, RULES);
  return new EvolutionSearcher(space, options);
}

class EvolutionSearcher<A> extends SingleGoalSearcher<A> {
  private readonly population: number;
  private readonly sample: number;

  constructor(space: Space<A, unknown>, options: EvolutionSearcherOptions) {
    super("evolutionSearcher", space, options);
    this.population = options.population ?? 50;
    this.sample = options.sample ?? 10;
  }

  protected next(): Trial<A> {
    const { told } = this.log;
    if (this.log.asked < this.population || told.length === 0) return this.log.issue(this.random());
    const living = Math.min(this.population, told.length);
    const draw = (): Scored<A> => told[told.length - living + this.rng.int(living)];
    let parent = draw();
    for (let i = 1; i < this.sample; i++) {
      const other = draw();
      if (other.score > parent.score) parent = other;
    }
    return this.log.issue(this.fresh(() => this.space.mutate(parent.trial.architecture, this.rng)));
  }
}
