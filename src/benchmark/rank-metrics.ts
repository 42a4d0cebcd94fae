import { ConfigError } from "../core";
import type { RatingTable } from "../search";
import { candidateId } from "../space";

/**
 * Kendall's tau-b of two lists: agreement of all pairs, ties corrected. NaN when one list has a single value.
 * In n log n steps (Knight, "A computer method for calculating Kendall's tau with ungrouped data", JASA 1966).
 * @throws ConfigError when the lists have unequal lengths, fewer than two values or one that is NaN.
 */
export function kendallTauB(x: readonly number[], y: readonly number[]): number {
  check("kendallTauB", x, y);
  const order = Array.from(x.keys()).sort((a, b) => x[a] - x[b] || y[a] - y[b]);
  const sortedY = Float64Array.from(order, (i) => y[i]);
  const pairs = (x.length * (x.length - 1)) / 2;
  const tiedX = tiedPairs(order, (a, b) => x[a] === x[b]);
  const tiedBoth = tiedPairs(order, (a, b) => x[a] === x[b] && y[a] === y[b]);
  const discordant = inversions(sortedY);
  // Counting inversions has sorted it.
  const tiedY = tiedPairs(sortedY, (a, b) => a === b);
  const balance = pairs - tiedX - tiedY + tiedBoth - 2 * discordant;
  return balance / Math.sqrt((pairs - tiedX) * (pairs - tiedY));
}

/** Pairs within runs of neighbours that are alike. */
function tiedPairs(sorted: ArrayLike<number>, alike: (a: number, b: number) => boolean): number {
  let pairs = 0;
  for (let i = 1, run = 1; i < sorted.length; i++) {
    run = alike(sorted[i - 1], sorted[i]) ? run + 1 : 1;
    pairs += run - 1;
  }
  return pairs;
}

/** Pairs in falling order; sorts the values by merging. */
function inversions(values: Float64Array): number {
  let count = 0;
  let from: Float64Array = values;
  let into: Float64Array = new Float64Array(values.length);
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let a = start;
      let b = middle;
      for (let at = start; at < end; at++) {
        if (a < middle && (b >= end || from[a] <= from[b])) into[at] = from[a++];
        else {
          count += middle - a;
          into[at] = from[b++];
        }
      }
    }
    [from, into] = [into, from];
  }
  if (from !== values) values.set(from);
  return count;
}

/**
 * Kendall's partial tau of x and y given z: their agreement beyond what both share with z, e.g. the MACs.
 * @throws ConfigError as {@link kendallTauB}.
 */
export function partialTau(x: readonly number[], y: readonly number[], z: readonly number[]): number {
  const xy = kendallTauB(x, y);
  const xz = kendallTauB(x, z);
  const yz = kendallTauB(y, z);
  return (xy - xz * yz) / Math.sqrt((1 - xz * xz) * (1 - yz * yz));
}

/**
 * Spearman's rank correlation, ties sharing their mean rank. NaN when one list has a single value.
 * @throws ConfigError when the lists have unequal lengths, fewer than two values or one that is NaN.
 */
export function spearman(x: readonly number[], y: readonly number[]): number {
  check("spearman", x, y);
  return pearson(ranks(x), ranks(y));
}

/**
 * Pearson's correlation. NaN when one list has a single value.
 * @throws ConfigError when the lists have unequal lengths, fewer than two values or one that is NaN.
 */
export function pearson(x: readonly number[], y: readonly number[]): number {
  check("pearson", x, y);
  const meanX = mean(x);
  const meanY = mean(y);
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < x.length; i++) {
    const dx = x[i] - meanX;
    const dy = y[i] - meanY;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xy / (Math.sqrt(xx) * Math.sqrt(yy));
}

/** Ranks from 1; equal values share the mean of their ranks. @throws ConfigError for a value that is NaN: it has no rank. */
export function ranks(values: readonly number[]): number[] {
  const missing = values.findIndex((value) => Number.isNaN(value));
  if (missing >= 0) {
    throw new ConfigError(
      `ranks: values must be numbers, got NaN at place ${missing}; leave out what was not measured`,
      {
        place: missing,
      },
    );
  }
  const order = Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
  const result = new Array<number>(values.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && values[order[to]] === values[order[from]]) to++;
    for (let i = from; i < to; i++) result[order[i]] = (from + to + 1) / 2;
  }
  return result;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function check(where: string, x: readonly number[], y: readonly number[]): void {
  if (x.length === y.length && x.length >= 2) {
    // Not a number is neither above nor below another: any rank would be invented.
    const at = [x, y].map((list) => list.findIndex((value) => Number.isNaN(value))).find((index) => index >= 0);
    if (at === undefined) return;
    throw new ConfigError(`${where}: values must be numbers, got NaN at place ${at}; leave out what was not measured`, {
      at,
    });
  }
  throw new ConfigError(
    `${where}: both lists must have the same length of at least 2, got ${x.length} and ${y.length}`,
    { lengths: [x.length, y.length] },
  );
}

/**
 * Kendall's tau-b between two ratings of the same candidates, block by block: of two seeds, two measures, two trainings.
 * @throws ConfigError when the tables have not the same candidates, or as {@link kendallTauB}.
 */
export function tauByBlock(a: RatingTable, b: RatingTable): number[] {
  const ids = ({ blocks }: RatingTable) => blocks.map((rows) => rows.map(candidateId).join(" ")).join(", ");
  if (ids(a) !== ids(b)) {
    throw new ConfigError(
      `tauByBlock: both tables must have the same candidates in the same order, got ${a.blocks.map(({ length }) => length).join(" + ")} of ${a.space} and ${b.blocks.map(({ length }) => length).join(" + ")} of ${b.space}`,
    );
  }
  const scores = (table: RatingTable, block: number) => table.blocks[block].map(({ score }) => score);
  return a.blocks.map((_, block) => kendallTauB(scores(a, block), scores(b, block)));
}
