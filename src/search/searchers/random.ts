import type { Space } from "../../space";
import type { Searcher, Trial } from "./searcher";
import { checkSearcher, SEARCHER_RULES, type SearcherOptions, SingleGoalSearcher } from "./single-goal";

/**
 * Random search: every trial is drawn from the space, whatever came of those before.
 * @throws ConfigError when an option is not known or out of range.
 */
export function randomSearcher<A>(space: Space<A, unknown>, options: SearcherOptions): Searcher<A> {
  checkSearcher("randomSearcher", options, SEARCHER_RULES);
  return new RandomSearcher("randomSearcher", space, options);
}

class RandomSearcher<A> extends SingleGoalSearcher<A> {
  protected next(): Trial<A> {
    return this.log.issue(this.random());
  }
}
