import { kendallTauB } from "../../benchmark";
import { ConfigError, percent } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import type { AccuracyPredictor } from "../../rate";
import type { FoundNetwork, RatingTable } from "../../search";
import { rankScatter } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { propertyTable, type Table } from "../display/table";
import { NetworkDesign } from "./network-design";

/** A network with its true accuracy, 0..1. */
export interface TrainedNetwork {
  readonly label: string;
  readonly network: FoundNetwork;
  readonly accuracy: number;
}

/** Predicts accuracies from block ratings: ridge, fitted to some trained networks (DONNA, arXiv 2012.08859). */
export class LabPredictor implements Displayable {
  constructor(
    /** Coefficients and cross-validation, plain data. */
    readonly predictor: AccuracyPredictor,
    readonly trained: readonly TrainedNetwork[],
    private readonly ratings: RatingTable,
  ) {}

  /** Predicted accuracy of a network of the rated space, 0..1. @throws ConfigError when it is of another space. */
  predict(network: NetworkDesign | FoundNetwork): number {
    return this.predictor.predict(
      blockScores(this.ratings, network instanceof NetworkDesign ? network.network : network),
    );
  }

  /**
   * What each block's rating counts, mean 1: `ratings.weighted(predictor.weights)` searches by predicted accuracy.
   * @throws ConfigError when a block counts the wrong way round, a worse rating for a better network.
   */
  get weights(): number[] {
    const { coefficients } = this.predictor;
    if (coefficients.every((coefficient) => coefficient < 0)) {
      const mean = coefficients.reduce((sum, coefficient) => sum + coefficient, 0) / coefficients.length;
      return coefficients.map((coefficient) => coefficient / mean);
    }
    throw new ConfigError(
      `predictor.weights: every block must lower the accuracy by its rating, got coefficients [${coefficients.map((value) => value.toPrecision(3)).join(", ")}]; fit more networks, or weigh the blocks by hand: ratings.weighted([...])`,
      { coefficients },
    );
  }

  /** Kendall's tau-b of the true accuracies with those predicted for networks left out of the fit; NaN when all are equal. */
  get tau(): number {
    const { predicted } = this.predictor.crossValidation;
    return kendallTauB(
      predicted,
      this.trained.map(({ accuracy }) => accuracy),
    );
  }

  table(): Table {
    const { penalty, coefficients, crossValidation } = this.predictor;
    const { networks, rmse, mae, rmseOfMean } = crossValidation;
    return propertyTable(
      `Accuracy predictor, fitted to ${networks} networks`,
      {
        "error on networks left out (root mean square)": points(rmse),
        "error of predicting the mean accuracy": points(rmseOfMean),
        "mean absolute error on networks left out": points(mae),
        "Kendall's tau on networks left out": Number(this.tau.toFixed(3)),
        "penalty chosen": penalty,
        ...Object.fromEntries(
          coefficients.map((value, block) => [
            `accuracy per unit of block ${block + 1}'s rating`,
            Number(value.toPrecision(3)),
          ]),
        ),
      },
      "Ridge on the blocks' ratings; each network is predicted once by a fit without it.",
    );
  }

  /** True accuracies against those predicted for networks left out of the fit. */
  figure(): FigureView {
    const { predicted } = this.predictor.crossValidation;
    return new FigureView(
      rankScatter({
        points: this.trained.map(({ label, network, accuracy }, i) => ({
          key: label,
          predicted: 100 * predicted[i],
          actual: 100 * accuracy,
          macs: network.cost.macs,
        })),
        tau: this.tau,
        title: "Does the predictor know networks that it was not fitted to?",
        predictedTitle: "predicted accuracy, the network left out (%)",
        actualTitle: "measured accuracy (%)",
      }),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }
}

/** A network's rating in each block, by the given ratings. @throws ConfigError when they lack one of its candidates. */
export function blockScores({ space, blocks }: RatingTable, { choice }: Pick<FoundNetwork, "choice">): number[] {
  const choices = Array.isArray(choice) ? choice : [];
  const scores = blocks.map((rows, block) => {
    const chosen = choices[block];
    return rows.find(({ cell, path }) => cell === chosen?.cell && path.join() === chosen.path.join())?.score;
  });
  if (choices.length === blocks.length && scores.every((score) => score !== undefined)) return scores;
  throw new ConfigError(
    `predictor: a network must be one of the rated space ${space}, got one with candidates that are not rated; take networks of this search`,
    { space },
  );
}

function points(share: number): string {
  return percent(share).replace("%", "points");
}
