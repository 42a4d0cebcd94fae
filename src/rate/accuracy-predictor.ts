import { Matrix, solve } from "ml-matrix";
import { ConfigError } from "../core";

/** A trained network: the scores of its blocks, and its true accuracy. */
export interface ScoredBlocks {
  /** One a block; lower is better. */
  readonly scores: readonly number[];
  readonly accuracy: number;
}

export interface PredictorOptions {
  /** Strengths of the penalty to choose from by leave-one-out error. */
  readonly penalties?: readonly number[];
  /** Products of the blocks' scores, squares included, as further terms (DONNA's second order); needs more networks. */
  readonly secondOrder?: boolean;
}

/** How far off a predictor is on networks that it was not fitted to (each left out once, the penalty chosen without it). */
export interface CrossValidation {
  readonly networks: number;
  /** Root of the mean squared error, and mean absolute error, in units of accuracy. */
  readonly rmse: number;
  readonly mae: number;
  /** Root of the mean squared error of predicting the mean accuracy: what there is to beat. */
  readonly rmseOfMean: number;
  /** Predicted accuracy of each network, in the order given. */
  readonly predicted: readonly number[];
}

/** Predicts a network's accuracy from the scores of its blocks; plain data but for `predict`. */
export interface AccuracyPredictor {
  readonly penalty: number;
  readonly intercept: number;
  /** Change of accuracy by one unit of each block's score (with second-order terms: the linear ones). */
  readonly coefficients: readonly number[];
  readonly crossValidation: CrossValidation;
  /** Accuracy of a network by its blocks' scores. */
  predict(scores: readonly number[]): number;
}

const PENALTIES = [0.001, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];
const FEWEST = 4;

/**
 * Fits a ridge regression of accuracy on block scores to some trained networks, about 30 (DONNA, arXiv 2012.08859).
 *
 * Without second-order terms the prediction is a weighted sum, so that every searcher finds the network of highest predicted
 * accuracy: `weightedTable(table, predictor.coefficients.map((c) => -c))`, where all weights are positive.
 * @throws ConfigError when there are fewer than four networks, they differ in their numbers of blocks, or have a score or an
 * accuracy that is no finite number.
 */
export function fitAccuracyPredictor(
  networks: readonly ScoredBlocks[],
  { penalties = PENALTIES, secondOrder = false }: PredictorOptions = {},
): AccuracyPredictor {
  check(networks, penalties);
  const rows = networks.map(({ scores }) => terms(scores, secondOrder));
  const accuracies = networks.map(({ accuracy }) => accuracy);
  const predicted = rows.map((row, i) => {
    const [others, truths] = [rows, accuracies].map((list) => list.filter((_, j) => j !== i)) as [number[][], number[]];
    return ridge(others, truths, bestPenalty(others, truths, penalties)).predict(row);
  });
  const mean = average(accuracies);
  const errors = predicted.map((value, i) => value - accuracies[i]);
  const penalty = bestPenalty(rows, accuracies, penalties);
  const { intercept, coefficients, predict } = ridge(rows, accuracies, penalty);
  return {
    penalty,
    intercept,
    coefficients: coefficients.slice(0, networks[0].scores.length),
    crossValidation: {
      networks: networks.length,
      rmse: rootMeanSquare(errors),
      mae: average(errors.map(Math.abs)),
      rmseOfMean: rootMeanSquare(accuracies.map((accuracy) => accuracy - mean)),
      predicted,
    },
    predict: (scores) => predict(terms(scores, secondOrder)),
  };
}

interface Fit {
  readonly intercept: number;
  readonly coefficients: readonly number[];
  predict(row: readonly number[]): number;
}

/** Ridge on standardised terms, so that one penalty suits all; the intercept is not penalised. */
function ridge(rows: readonly (readonly number[])[], accuracies: readonly number[], penalty: number): Fit {
  const columns = rows[0].map((_, column) => rows.map((row) => row[column]));
  const means = columns.map(average);
  const deviations = columns.map((column, i) => rootMeanSquare(column.map((value) => value - means[i])) || 1);
  const mean = average(accuracies);
  const x = new Matrix(rows.map((row) => row.map((value, i) => (value - means[i]) / deviations[i])));
  const y = Matrix.columnVector(accuracies.map((accuracy) => accuracy - mean));
  const gram = x.transpose().mmul(x).add(Matrix.eye(means.length).mul(penalty));
  const solution = solve(gram, x.transpose().mmul(y)).to1DArray();
  const coefficients = solution.map((value, i) => value / deviations[i]);
  const intercept = mean - coefficients.reduce((sum, value, i) => sum + value * means[i], 0);
  return {
    intercept,
    coefficients,
    predict: (row) => coefficients.reduce((sum, value, i) => sum + value * row[i], intercept),
  };
}

/** The penalty of least squared error when each network is left out once. */
function bestPenalty(
  rows: readonly (readonly number[])[],
  accuracies: readonly number[],
  penalties: readonly number[],
): number {
  const errors = penalties.map((penalty) =>
    average(
      rows.map((row, i) => {
        const others = rows.filter((_, j) => j !== i);
        const truths = accuracies.filter((_, j) => j !== i);
        return (ridge(others, truths, penalty).predict(row) - accuracies[i]) ** 2;
      }),
    ),
  );
  return penalties[errors.indexOf(Math.min(...errors))];
}

function terms(scores: readonly number[], secondOrder: boolean): number[] {
  if (!secondOrder) return [...scores];
  return [...scores, ...scores.flatMap((a, i) => scores.slice(i).map((b) => a * b))];
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(average(values.map((value) => value ** 2)));
}

function check(networks: readonly ScoredBlocks[], penalties: readonly number[]): void {
  const blocks = networks[0]?.scores.length ?? 0;
  const isEven = networks.every(({ scores }) => scores.length === blocks);
  if (networks.length < FEWEST || blocks === 0 || !isEven) {
    throw new ConfigError(
      `fitAccuracyPredictor: at least ${FEWEST} networks with scores of the same blocks are needed, got ${networks.length}`,
      { networks: networks.length },
    );
  }
  const odd = networks.findIndex(({ scores, accuracy }) => ![...scores, accuracy].every(Number.isFinite));
  if (odd >= 0) {
    throw new ConfigError(
      `fitAccuracyPredictor: scores and accuracies must be finite numbers, network ${odd} has not; leave out what was not measured`,
      { network: odd },
    );
  }
  if (penalties.length === 0 || !penalties.every((penalty) => penalty > 0 && penalty < Number.POSITIVE_INFINITY)) {
    throw new ConfigError(`fitAccuracyPredictor: penalties must be above 0, got [${penalties.join(", ")}]`);
  }
}
