import { type Budget, type FoundNetwork, meetsLimits, type RatingTable, searchBest } from "../search";
import { networkId } from "../space";
import type { Calibration } from "./calibrate";
import { trainedPoints, trainedWorths } from "./expected-improvement";

/**
 * The network of greatest expected accuracy within a budget, exactly. Of a network that was not trained the sum over blocks is
 * all that is known, so the best of those is the first of the searched order that was not; a trained network's own accuracies
 * count beside its sum, by the share of the noise that is its own.
 * @param table The calibrated table: `calibration.calibrated(...)`.
 * @throws BudgetInfeasibleError when no network meets the budget.
 */
export function bestExpected(calibration: Calibration, table: RatingTable, budget: Budget): FoundNetwork {
  const trained = trainedPoints(table, calibration);
  const known = new Set(trained.map(({ network }) => networkId(network.choice)));
  const best = searchBest(table, budget, { k: known.size + 1 }).find(({ choice }) => !known.has(networkId(choice)));
  const points = trainedWorths(calibration, trained).filter(({ network }) => meetsLimits(network, budget));
  if (best) points.unshift({ network: best, worth: calibration.process.mean(calibration.choiceOf(best)) });
  return points.reduce((first, one) => (one.worth > first.worth ? one : first)).network;
}
