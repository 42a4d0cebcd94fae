import { ConfigError } from "../core";

/**
 * Kendall's tau-b of two lists: agreement of all pairs, ties corrected. NaN when one list has a single value.
 * @throws ConfigError when the lists have unequal lengths or fewer than two values.
 */
export function kendallTauB(x: readonly number[], y: readonly number[]): number {
  check("kendallTauB", x, y);
  let balance = 0;
  let untiedX = 0;
  let untiedY = 0;
  for (let i = 1; i < x.length; i++) {
    for (let j = 0; j < i; j++) {
      const a = Math.sign(x[i] - x[j]);
      const b = Math.sign(y[i] - y[j]);
      balance += a * b;
      untiedX += a * a;
      untiedY += b * b;
    }
  }
  return balance / Math.sqrt(untiedX * untiedY);
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
 * @throws ConfigError when the lists have unequal lengths or fewer than two values.
 */
export function spearman(x: readonly number[], y: readonly number[]): number {
  check("spearman", x, y);
  return pearson(ranks(x), ranks(y));
}

/**
 * Pearson's correlation. NaN when one list has a single value.
 * @throws ConfigError when the lists have unequal lengths or fewer than two values.
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

/** Ranks from 1; equal values share the mean of their ranks. */
export function ranks(values: readonly number[]): number[] {
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
  if (x.length === y.length && x.length >= 2) return;
  throw new ConfigError(
    `${where}: both lists must have the same length of at least 2, got ${x.length} and ${y.length}`,
    { lengths: [x.length, y.length] },
  );
}
