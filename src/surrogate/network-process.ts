import { CholeskyDecomposition, Matrix } from "ml-matrix";
import { ConfigError, type Rng } from "../core";
import type { RatingTable } from "../search";
import type { EffectTerm } from "./effect-terms";

/** A network as one candidate's index a block. */
export type Choice = readonly number[];

/** Variances of the terms' coefficients and of the noise, on the scale of the observations. */
export interface Variances {
  readonly terms: readonly number[];
  readonly noise: number;
}

/** Of what all networks have in common; wide, for observations are of variance about 1. */
const CONSTANT = 1;

/**
 * A Gaussian process over networks that is a sum over blocks: every effect belongs to one candidate of one block, so that
 * the posterior mean and every sample of it are rating tables, which the exact searches take (Rasmussen and Williams,
 * "Gaussian Processes for Machine Learning", 2006, chapter 2).
 */
export class NetworkProcess {
  private readonly factor: CholeskyDecomposition;
  /** (K + noise)^-1 times the observations, one a network. */
  private readonly dual: Float64Array;
  private readonly grams: readonly Gram[];

  /**
   * @param choices The observed networks.
   * @param values What was observed of each.
   */
  constructor(
    readonly table: RatingTable,
    readonly terms: readonly EffectTerm[],
    readonly choices: readonly Choice[],
    readonly values: readonly number[],
    readonly variances: Variances,
  ) {
    this.grams = terms.map((term) => gram(term, choices));
    this.factor = factorised(covarianceOf(this.grams, variances, choices.length));
    this.dual = solved(this.factor, values);
  }

  /** Posterior mean of each candidate's contribution, `[block][candidate]`, for the given terms or for all. */
  contributions(of: (term: EffectTerm) => boolean = () => true): number[][] {
    return this.effects(this.dual, of);
  }

  /** Posterior mean of what all networks have in common. */
  get constant(): number {
    return CONSTANT * sum(this.dual);
  }

  /** Posterior mean of a network: the constant and one contribution a block. */
  mean(choice: Choice): number {
    return sum(this.covarianceWith(choice).map((value, i) => value * this.dual[i]));
  }

  /** Posterior variance of a network, noise left out. */
  variance(choice: Choice): number {
    return this.covariance([choice])[0][0];
  }

  /** Joint posterior covariance of networks, noise left out. */
  covariance(choices: readonly Choice[]): number[][] {
    const behind = choices.map((choice) => this.covarianceWith(choice));
    const solvedBehind = behind.map((row) => solved(this.factor, row));
    return choices.map((a, i) =>
      choices.map((b, j) => this.prior(a, b) - sum(behind[i].map((value, k) => value * solvedBehind[j][k]))),
    );
  }

  /**
   * A sample of the posterior as contributions, `[block][candidate]`, and the constant: a draw of the prior, put right by
   * what it says of the observed networks (Matheron's rule; Wilson et al., ICML 2020). It adds over blocks as the mean does.
   */
  sample(rng: Rng): { readonly contributions: number[][]; readonly constant: number } {
    const constant = Math.sqrt(CONSTANT) * rng.normal();
    const drawn = this.terms.map((term, t) => drawEffects(term, this.table, this.variances.terms[t], rng));
    const contributions = this.table.blocks.map((rows, block) =>
      rows.map((_, candidate) => sum(drawn.map((effects) => effects[block][candidate]))),
    );
    const missed = this.choices.map((choice, i) => {
      const said = constant + sum(choice.map((candidate, block) => contributions[block][candidate]));
      return this.values[i] - said - Math.sqrt(this.variances.noise) * rng.normal();
    });
    const dual = solved(this.factor, missed);
    const correction = this.effects(dual, () => true);
    return {
      constant: constant + CONSTANT * sum(dual),
      contributions: contributions.map((block, b) => block.map((value, c) => value + correction[b][c])),
    };
  }

  /** Each observed network predicted by the others, the variances as they are: mean, and variance with noise. */
  leaveOneOut(): { readonly mean: number; readonly variance: number }[] {
    const inverse = this.factor.solve(Matrix.eye(this.choices.length));
    return this.values.map((value, i) => ({
      mean: value - this.dual[i] / inverse.get(i, i),
      variance: 1 / inverse.get(i, i),
    }));
  }

  private effects(dual: ArrayLike<number>, of: (term: EffectTerm) => boolean): number[][] {
    const total = this.table.blocks.map((rows) => new Array<number>(rows.length).fill(0));
    for (const [t, term] of this.terms.entries()) {
      if (!of(term)) continue;
      const variance = this.variances.terms[t];
      addEffects(total, term, this.choices, dual, variance);
    }
    return total;
  }

  private covarianceWith(choice: Choice): Float64Array {
    return Float64Array.from(this.choices, (other) => this.prior(choice, other));
  }

  private prior(a: Choice, b: Choice): number {
    return this.terms.reduce((total, term, t) => total + this.variances.terms[t] * kernel(term, a, b), CONSTANT);
  }
}

/** Matrix of one term between the observed networks, row by row. */
export type Gram = Float64Array;

/** A term's covariance between the networks, its variance 1. */
export function gram(term: EffectTerm, choices: readonly Choice[]): Gram {
  const n = choices.length;
  const values = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) values[i * n + j] = values[j * n + i] = kernel(term, choices[i], choices[j]);
  }
  return values;
}

/** Covariance of the observations: the terms, the constant and the noise. */
export function covarianceOf(grams: readonly Gram[], { terms, noise }: Variances, n: number): Matrix {
  const values = new Float64Array(n * n).fill(CONSTANT);
  grams.forEach((of, t) => {
    for (let i = 0; i < values.length; i++) values[i] += terms[t] * of[i];
  });
  for (let i = 0; i < n; i++) values[i * n + i] += noise;
  return Matrix.from1DArray(n, n, values);
}

/** @throws ConfigError when it is not positive definite: an observation is no number. */
export function factorised(covariance: Matrix): CholeskyDecomposition {
  const factor = new CholeskyDecomposition(covariance);
  if (factor.isPositiveDefinite()) return factor;
  throw new ConfigError("network process: the covariance must be positive definite, is not; check the terms' features");
}

/** Solves for one right-hand side. */
export function solved(factor: CholeskyDecomposition, right: ArrayLike<number>): Float64Array {
  return Float64Array.from(factor.solve(Matrix.columnVector(Array.from(right))).to1DArray());
}

function kernel({ features, pooled }: EffectTerm, a: Choice, b: Choice): number {
  if (!features) return a.reduce((same, candidate, block) => same + (candidate === b[block] ? 1 : 0), 0);
  if (pooled) return dot(pooledFeatures(features, a), pooledFeatures(features, b));
  return a.reduce((total, candidate, block) => total + dot(features[block][candidate], features[block][b[block]]), 0);
}

function pooledFeatures(features: readonly (readonly Float64Array[])[], choice: Choice): Float64Array {
  const total = new Float64Array(features[0][0].length);
  for (let block = 0; block < choice.length; block++) addScaled(total, features[block][choice[block]], 1);
  return total;
}

/** Adds to each candidate its covariance with the observed networks times their weights. */
function addEffects(
  total: number[][],
  { features, pooled }: EffectTerm,
  choices: readonly Choice[],
  dual: ArrayLike<number>,
  variance: number,
): void {
  const inCommon = features && pooled ? new Float64Array(features[0][0].length) : undefined;
  if (features && inCommon) {
    for (const [i, choice] of choices.entries()) addScaled(inCommon, pooledFeatures(features, choice), dual[i]);
  }
  for (let block = 0; block < total.length; block++) {
    if (!features) {
      choices.forEach((choice, i) => {
        total[block][choice[block]] += variance * dual[i];
      });
      continue;
    }
    const own = inCommon ?? new Float64Array(features[block][0].length);
    if (!inCommon) for (const [i, choice] of choices.entries()) addScaled(own, features[block][choice[block]], dual[i]);
    for (let c = 0; c < total[block].length; c++) total[block][c] += variance * dot(features[block][c], own);
  }
}

/** Effects of all candidates under coefficients drawn from the prior. */
function drawEffects({ features, pooled }: EffectTerm, table: RatingTable, variance: number, rng: Rng): number[][] {
  const deviation = Math.sqrt(variance);
  const draw = (count: number) => Float64Array.from({ length: count }, () => deviation * rng.normal());
  if (!features) return table.blocks.map((rows) => [...draw(rows.length)]);
  const inCommon = pooled ? draw(features[0][0].length) : undefined;
  return features.map((block) => {
    const coefficients = inCommon ?? draw(block[0].length);
    return block.map((own) => dot(own, coefficients));
  });
}

function addScaled(to: Float64Array, from: Float64Array, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i] += factor * from[i];
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
