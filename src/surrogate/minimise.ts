/** A function to be made small, with its gradient. */
export type DifferentiableObjective = (at: readonly number[]) => {
  readonly value: number;
  readonly gradient: readonly number[];
};

const ROUNDS = 60;
const HALVINGS = 20;
/** Of the largest entry of the gradient at which the search ends. */
const SMALL = 1e-4;
/** Longest step: parameters are logarithms. */
const LONGEST = 2;

/** A local minimum by BFGS with halved steps (Nocedal and Wright, algorithm 6.1), for some ten parameters. */
export function minimise(
  objective: DifferentiableObjective,
  start: readonly number[],
): { at: number[]; value: number } {
  const n = start.length;
  let at = [...start];
  let { value, gradient } = objective(at);
  let inverse = identity(n);
  for (let round = 0; round < ROUNDS && Math.max(...gradient.map(Math.abs)) > SMALL; round++) {
    let step = inverse.map((row) => -dot(row, gradient));
    let slope = dot(step, gradient);
    if (!(slope < 0)) {
      inverse = identity(n);
      step = gradient.map((entry) => -entry);
      slope = dot(step, gradient);
    }
    const length = Math.max(...step.map(Math.abs));
    let scale = Math.min(1, LONGEST / length);
    let next = objective(at.map((x, i) => x + scale * step[i]));
    for (let halving = 0; halving < HALVINGS && !(next.value <= value + 1e-4 * scale * slope); halving++) {
      scale /= 2;
      next = objective(at.map((x, i) => x + scale * step[i]));
    }
    if (!(next.value < value)) break;
    const moved = step.map((entry) => scale * entry);
    const bent = next.gradient.map((entry, i) => entry - gradient[i]);
    at = at.map((x, i) => x + moved[i]);
    ({ value, gradient } = next);
    inverse = updated(inverse, moved, bent);
  }
  return { at, value };
}

/** The inverse Hessian after one more step; left as it was where curvature is not positive. */
function updated(inverse: number[][], s: readonly number[], y: readonly number[]): number[][] {
  const sy = dot(s, y);
  if (!(sy > 1e-12)) return inverse;
  const hy = inverse.map((row) => dot(row, y));
  const factor = (1 + dot(y, hy) / sy) / sy;
  return inverse.map((row, i) =>
    row.map((entry, j) => entry + factor * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy),
  );
}

function identity(n: number): number[][] {
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (i === j ? 1 : 0)));
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
