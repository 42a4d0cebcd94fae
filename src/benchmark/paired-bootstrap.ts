import { type Interval, Rng } from "../core";
import { quantile } from "../core/statistics";

/** A number with its 95 % bootstrap interval over networks. */
export interface Estimate {
  readonly value: number;
  readonly interval: Interval;
}

const DRAWS = 2000;

/**
 * A statistic of several lists over the same networks, with the percentile interval over networks drawn with replacement, the
 * same ones of every list.
 * @param stream Names the draws: equal names, equal intervals.
 */
export function pairedBootstrap(
  lists: readonly (readonly number[])[],
  statistic: (lists: number[][]) => number,
  stream: string,
): Estimate {
  const rng = new Rng(1).fork(stream);
  const { length } = lists[0];
  const drawn: number[] = [];
  for (let i = 0; i < DRAWS; i++) {
    const places = Array.from({ length }, () => rng.int(length));
    const value = statistic(lists.map((list) => places.map((place) => list[place])));
    // Where all of a draw are alike there is no order.
    if (!Number.isNaN(value)) drawn.push(value);
  }
  drawn.sort((a, b) => a - b);
  const value = statistic(lists.map((list) => [...list]));
  return { value, interval: [quantile(drawn, 0.025), quantile(drawn, 0.975)] };
}
