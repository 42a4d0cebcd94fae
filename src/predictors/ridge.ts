import { inverse, Matrix } from "ml-matrix";
import { ConfigError, checkOptions, type OptionRules, rule } from "../core";
import type { PredictedValue, Predictor } from "../search";
import type { Tokens } from "./tokens";

export interface RidgeOptions {
  /** Of the squared weights, in units of the noise: a prior as strong as so many evaluations. Default 1. */
  readonly penalty?: number;
}

const RULES: OptionRules<RidgeOptions> = { penalty: rule.above(0) };

/**
 * Bayesian linear regression on the counts of an architecture's tokens: of genes, what each choice adds. Exact, draws nothing,
 * and takes milliseconds. The deviation is that of the posterior mean.
 * @throws ConfigError when the option is out of range.
 */
export function ridgePredictor<A>(encoding: Tokens<A>, options: RidgeOptions = {}): Predictor<A> {
  checkOptions("ridgePredictor", options, RULES);
  const { penalty = 1 } = options;
  let fitted:
    | { readonly mean: number; readonly weights: Matrix; readonly inverted: Matrix; readonly noise: number }
    | undefined;
  const counts = (architectures: readonly A[]) => {
    const rows = Matrix.zeros(architectures.length, encoding.vocabulary);
    for (const [i, a] of architectures.entries()) {
      for (const token of encoding.tokens(a)) rows.set(i, token, rows.get(i, token) + 1);
    }
    return rows;
  };
  return {
    name: "ridgePredictor",
    fit(known) {
      if (known.length === 0 || known.some(({ value }) => !Number.isFinite(value))) {
        throw new ConfigError("ridgePredictor: it must be fitted to at least one value, all finite");
      }
      const mean = known.reduce((sum, { value }) => sum + value, 0) / known.length;
      const x = counts(known.map(({ architecture }) => architecture));
      const y = Matrix.columnVector(known.map(({ value }) => value - mean));
      const normal = x.transpose().mmul(x).add(Matrix.eye(encoding.vocabulary).mul(penalty));
      const inverted = inverse(normal);
      const weights = inverted.mmul(x.transpose().mmul(y));
      const noise = Math.sqrt(Matrix.sub(y, x.mmul(weights)).norm() ** 2 / known.length);
      fitted = { mean, weights, inverted, noise };
    },
    predict(architectures): PredictedValue[] {
      if (!fitted) throw new ConfigError("ridgePredictor: it must be fitted before it predicts");
      if (architectures.length === 0) return [];
      const { mean, weights, inverted, noise } = fitted;
      const x = counts(architectures);
      const spread = x.mmul(inverted);
      const means = x.mmul(weights);
      return architectures.map((_, i) => {
        let variance = 0;
        for (let token = 0; token < encoding.vocabulary; token++) variance += spread.get(i, token) * x.get(i, token);
        return { mean: mean + means.get(i, 0), deviation: noise * Math.sqrt(Math.max(0, variance)) };
      });
    },
  };
}
