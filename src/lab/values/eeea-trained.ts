import { percent } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  type EeeaArmName,
  type EeeaArmSummary,
  evaluationsOf,
  type StoredTrained,
  storedTrained,
  summariseTrained,
  type TrainedSummary,
} from "../../systems/eeea";
import type { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import type { Table } from "../display/table";
import { type Findings, findings } from "../words/findings";
import { armsTable, differenceInWords, exitsTable, ratio, scaled, sign, volumesFigure } from "./early-exit-display";

/**
 * EEEA-Net's early exit where every network of a search is trained: the paper's own space, on Fashion-MNIST.
 * `npx blockwise study eeea-trained` made the searches, all figures are computed from them here.
 */
export class LabTrainedEeea implements Displayable {
  readonly summary: TrainedSummary;

  constructor(readonly stored: StoredTrained) {
    this.summary = summariseTrained(stored);
  }

  /** The figures of one search: "ga", "ga-50", "random". */
  of(arm: EeeaArmName): EeeaArmSummary {
    return this.summary.arms.find((one) => one.arm === arm)!;
  }

  /** What the early exit lets in. */
  exits(): Table {
    const { seeds, limit } = this.stored.settings;
    return exitsTable(
      this.summary.arms,
      `The limit is a quantile of the parameters of ${limit.draws} random pairs of cells at the final size. Means over ${seeds} seeds with 95 % intervals; "generation 1 within" is the least of all seeds.`,
    );
  }

  /**
   * Volume that the networks found so far dominate (validation error, multiply-adds, parameters), as a share of what all
   * trained networks together dominate: a panel a search, the one without early exit in grey.
   */
  volumes(): FigureView {
    const title = "How much of the front of all trained networks does one search find?";
    return volumesFigure(this.summary.arms, { ...this.stored.settings, title, all: "all trained networks" });
  }

  /** Cost, front and choice of each search, against the search without early exit of the same seed. */
  table(): Table {
    const { networks } = this.summary;
    const { seeds } = this.stored.settings;
    return armsTable(
      this.summary.arms,
      `${evaluationsOf(this.stored.settings)} networks trained by each search, Fashion-MNIST`,
      `Cost: in trainings of the mean network, by multiply-adds of what is trained. Volume: of what all ${networks} trained networks dominate. Test accuracy: of the network that validates best. Differences to the first search of the same seed, with 95 % intervals over ${seeds} seeds.`,
    );
  }

  /** What is true of these searches. */
  findings(): Findings {
    const { networks, accuracies, again, sizesAgree } = this.summary;
    const { seeds } = this.stored.settings;
    const [exit, random] = (["ga-50", "random"] as const).map((arm) => this.of(arm));
    const first = ({ volumes }: EeeaArmSummary) => percent(volumes[0].mean, 0);
    return findings([
      `${networks} networks were trained, validation accuracy ${accuracies.least.toFixed(1)} to ${accuracies.most.toFixed(1)} %, median ${accuracies.median.toFixed(1)} %. Two trainings of ${again.networks} of them agree with rho ${again.rho.toFixed(2)}; one training's standard deviation is ${again.noise.toFixed(2)} points. Each network's accuracy is one training's, so the best seen is in part luck.`,
      `The early exit is respected by ${percent(exit.firstWithin!, 0)} of the first generation in every seed; it rejects ${percent(exit.rejection!.mean, 0)} of the draws, where ${percent(1 - exit.limit!.within, 0)} of random pairs are beyond. Of the networks of later generations ${percent(exit.laterBeyond!.mean, 0)} are beyond.`,
      `The search with it costs ${ratio(exit.cost.against!)} of the one without.`,
      `Dominated volume after the first generation: ${first(this.of("ga"))} without early exit, ${first(exit)} with it. At the end, with it: ${differenceInWords(scaled(exit.volume.against!), "points")}. The paper found the largest volume without early exit; ${onVolume(exit)}.`,
      `Test accuracy of the choice with early exit: ${differenceInWords(exit.accuracy.against!, "points")}.`,
      `Random search at as many trainings: volume ${differenceInWords(scaled(random.volume.against!), "points")}, test accuracy ${differenceInWords(random.accuracy.against!, "points")}; it costs ${ratio(random.cost.against!)} of the evolution.`,
      `Multiply-adds order these networks as parameters do with rho ${sizesAgree.toFixed(2)}.`,
      `With ${seeds} seeds a difference must be large to be told from chance: "not told apart" does not mean equal.`,
    ]);
  }

  async [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.volumes());
  }
}

function onVolume({ volume }: EeeaArmSummary): string {
  const difference = sign(volume.against!);
  if (difference < 0) return "so it is here";
  return difference > 0 ? "that is not so here" : "here the difference is not larger than its interval";
}

/**
 * The stored searches of EEEA-Net's space by training.
 * @param path Of a file that `npx blockwise study eeea-trained` wrote; the one that ships with Blockwise when left out.
 * @throws DataError when there is none.
 */
export function eeeaTrained(path?: string): LabTrainedEeea {
  return new LabTrainedEeea(storedTrained(path));
}
