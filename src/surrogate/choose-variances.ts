import { Matrix } from "ml-matrix";
import type { EffectTerm, TermName } from "./effect-terms";
import { minimise } from "./minimise";
import { type Choice, covarianceOf, factorised, gram, solved, type Variances } from "./network-process";

/**
 * What the variances are expected to be, for observations of variance 1: of the order that marginal likelihood chooses on
 * NAS-Bench-Macro's 100 tuning networks. The terms, their spread (a standard deviation of the variances' logarithms) and the
 * power's prior were chosen by the tau on those 100 of fits to random other networks. Few networks alone would say too little.
 */
const EXPECTED: Readonly<Record<TermName, number>> = {
  rating: 0.05,
  "rating by block": 0.01,
  "rating, smooth": 0.003,
  op: 0.09,
  "op by layer": 0.04,
  candidate: 0.002,
  cost: 0.01,
};
const SPREAD = 0.5;
const EXPECTED_NOISE = 0.06;
const NOISE_SPREAD = 1;
/** Of the noise: below, the covariance of networks that came twice could not be inverted. */
const LEAST_NOISE = 1e-4;

export interface ChosenVariances {
  readonly variances: Variances;
  /** Logarithm of the marginal likelihood times the prior of the variances. */
  readonly evidence: number;
}

/** The variances of greatest marginal likelihood times their prior, by gradient (Rasmussen and Williams, section 5.4). */
export function chooseVariances(
  terms: readonly EffectTerm[],
  choices: readonly Choice[],
  values: readonly number[],
): ChosenVariances {
  const n = choices.length;
  const grams = terms.map((term) => gram(term, choices));
  const expected = [...terms.map(({ name }) => Math.log(EXPECTED[name])), Math.log(EXPECTED_NOISE)];
  const spreads = [...terms.map(() => SPREAD), NOISE_SPREAD];
  const unit = Matrix.eye(n);
  const { at, value } = minimise((logs) => {
    const { terms: own, noise } = variancesAt(logs);
    const factor = factorised(covarianceOf(grams, { terms: own, noise }, n));
    const dual = solved(factor, values);
    const inverse = factor.solve(unit).to1DArray();
    const lower = factor.lowerTriangularMatrix;
    let loss = 0;
    for (let i = 0; i < n; i++) loss += 0.5 * values[i] * dual[i] + Math.log(lower.get(i, i));
    const gradient = own.map((variance, t) => {
      let trace = 0;
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) trace += (inverse[i * n + j] - dual[i] * dual[j]) * grams[t][i * n + j];
      }
      return 0.5 * variance * trace;
    });
    let trace = 0;
    for (let i = 0; i < n; i++) trace += inverse[i * n + i] - dual[i] ** 2;
    gradient.push(0.5 * (noise - LEAST_NOISE) * trace);
    logs.forEach((log, i) => {
      const off = (log - expected[i]) / spreads[i];
      loss += 0.5 * off ** 2;
      gradient[i] += off / spreads[i];
    });
    return { value: loss, gradient };
  }, expected);
  return { variances: variancesAt(at), evidence: -value };
}

function variancesAt(logs: readonly number[]): Variances {
  const values = logs.map(Math.exp);
  return { terms: values.slice(0, -1), noise: values[values.length - 1] + LEAST_NOISE };
}
