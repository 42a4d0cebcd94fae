import { type Budget, type FoundNetwork, meetsLimits, type RatingTable, searchBest } from "../search";
import { networkId } from "../space";
import type { Calibration } from "./calibrate";
import { type TrainedPoint, trainedPoints, trainedWorths } from "./expected-improvement";

/**
 * The network of greatest expected accuracy within a budget, exactly. Of a network that was not trained the sum over blocks is
 * all that is known, so the best of those is the first of the searched order that was not; a trained network's own accuracies
 * count beside its sum, by the share of the noise that is its own.
 * @param table The calibrated table: `calibration.calibrated(...)`.
 * @throws BudgetInfeasibleError when no network meets the budget.
 */
export function bestExpected(calibration: Calibration, table: RatingTable, budget: Budget): FoundNetwork {
  const trained = trainedPoints(table, calibration);
  return bestAmong(calibration, trained, searchBest(table, budget, { k: trained.length + 1 }), budget)!;
}

/**
 * The network of greatest expected accuracy within a budget, of those that were trained and of others; undefined where none of
 * them meets it.
 * @param others Of the calibrated table: their scores are what is expected of them, the sign turned.
 */
export function bestAmong(
  calibration: Calibration,
  trained: readonly TrainedPoint[],
  others: readonly FoundNetwork[],
  budget: Budget,
): FoundNetwork | undefined {
  const known = new Set(trained.map(({ network }) => networkId(network.choice)));
  const untrained = others
    .filter(({ choice }) => !known.has(networkId(choice)))
    .map((network) => ({ network, worth: -network.score }));
  const affordable = [...trainedWorths(calibration, trained), ...untrained].filter(({ network }) =>
    meetsLimits(network, budget),
  );
  if (affordable.length === 0) return undefined;
  return affordable.reduce((first, one) => (one.worth > first.worth ? one : first)).network;
}
