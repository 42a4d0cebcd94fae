/**
 * Op evaluations of a depth-first walk over all paths of `depth` layers with `ops` operations: n + n^2 + ... + n^depth
 * (without sharing: depth x n^depth).
 */
export function opEvaluations(ops: number, depth: number): number {
  let sum = 0;
  for (let layer = 1; layer <= depth; layer++) sum += ops ** layer;
  return sum;
}
