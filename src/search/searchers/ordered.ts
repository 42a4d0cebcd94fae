import type { Space } from "../../space";
import { checkSpace } from "./given";
import type { Outcome, Searcher, Trial } from "./searcher";
import { askEach, TrialLog } from "./trial-log";

/**
 * Tries architectures in a given order, such as the exact optima of a rating table from the best on, and ends where the list
 * ends.
 * @throws ConfigError when the space has no keys.
 */
export function orderedSearcher<A>(space: Pick<Space<A, unknown>, "key">, order: Iterable<A>): Searcher<A> {
  const name = "orderedSearcher";
  checkSpace(name, space, ["key"]);
  const log = new TrialLog<A>(name, space);
  const left = order[Symbol.iterator]();
  const next = (): Trial<A> | undefined => {
    const { done, value } = left.next();
    return done ? undefined : log.issue(value);
  };
  return {
    name,
    ask: (count = 1) => askEach(name, count, next),
    tell: (trial: Trial<A>, outcome: Outcome) => void log.settle(trial, outcome, (told) => told),
  };
}
