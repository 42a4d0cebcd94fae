import { kendallTauB } from "../../benchmark";
import { percent } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import type { FoundNetwork } from "../../search";
import { type Calibration, calibrationDoubt, type ExpectedAccuracy } from "../../surrogate";
import { rankScatter } from "../../viz";
import { FigureView } from "../display/figure-view";
import { plural } from "../display/numbers";
import { showTogether } from "../display/show";
import { propertyTable, type Table } from "../display/table";
import { NetworkDesign } from "./network-design";

/** What some trained networks say of all: a Gaussian process that adds over blocks, and how well it predicts. */
export class LabCalibration implements Displayable {
  constructor(
    /** The process, plain numbers below. */
    readonly calibration: Calibration,
  ) {}

  /**
   * Accuracy expected of a network, 0..1, with the middle 95 % of what is expected, a training's own noise left out.
   * @throws SpaceError when it is of another space.
   */
  predict(network: NetworkDesign | FoundNetwork): ExpectedAccuracy {
    return this.calibration.predict(network instanceof NetworkDesign ? network.network : network);
  }

  /** Standard deviation of one training about the sum over blocks, as a share of 1. */
  get noise(): number {
    return this.calibration.noise;
  }

  /** Share of the ratings in the spread of what is expected over all networks; the rest comes from the trained networks alone. */
  get ratingShare(): number {
    return this.calibration.ratingShare;
  }

  /** Kendall's tau-b of the measured accuracies with those predicted of networks left out of the fit. */
  get tau(): number {
    return kendallTauB(
      this.calibration.leftOut().predicted,
      this.calibration.evidence.map(({ accuracy }) => accuracy),
    );
  }

  /** One sentence: how many networks, the noise, and the ratings' share; a second where that is to be doubted. */
  get words(): string {
    const { readsRatings } = this.calibration;
    const share = readsRatings
      ? `the ratings explain ${percent(this.ratingShare)} of the spread of what is expected`
      : "ratings were left out";
    const said = `Calibrated by ${plural(this.calibration.evidence.length, "trained network")}: a training lies ${points(this.noise)} (standard deviation) about the sum over blocks, ${share}.`;
    return [said, calibrationDoubt(this.calibration)].filter(Boolean).join(" ");
  }

  table(): Table {
    const { rmse, rmseOfMean } = this.calibration.leftOut();
    const how =
      "A Gaussian process, additive over blocks: ratings, ops, layers, candidates, log MACs. Networks left out are predicted one by one, with variances chosen by all.";
    return propertyTable(
      `Calibration by ${plural(this.calibration.evidence.length, "trained network")}`,
      {
        "error on networks left out (root mean square)": points(rmse),
        "error of predicting the mean accuracy": points(rmseOfMean),
        "Kendall's tau on networks left out": Number(this.tau.toFixed(3)),
        "noise: one training about the sum over blocks": points(this.noise),
        "share of the ratings in what is expected": this.calibration.readsRatings
          ? percent(this.ratingShare)
          : "not read",
        "power of the error on which blocks add": this.calibration.scale.power,
      },
      [how, calibrationDoubt(this.calibration)].filter(Boolean).join(" "),
    );
  }

  /** Measured accuracies against those predicted of networks left out of the fit. */
  figure(): FigureView {
    const { predicted } = this.calibration.leftOut();
    return new FigureView(
      rankScatter({
        points: this.calibration.evidence.map(({ accuracy, macs }, i) => ({
          key: `network ${i + 1}`,
          predicted: 100 * predicted[i],
          actual: 100 * accuracy,
          ...(macs !== undefined && { macs }),
        })),
        tau: this.tau,
        title: "Does the calibration know networks that it did not see?",
        predictedTitle: "expected accuracy, the network left out (%)",
        actualTitle: "measured accuracy (%)",
      }),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }
}

function points(share: number): string {
  return percent(share).replace("%", "points");
}
