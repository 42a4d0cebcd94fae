import { percent } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  DRAWN_PAIRS,
  EEEA_ARMS,
  type EeeaArmName,
  type EeeaArmSummary,
  type EeeaSummary,
  EVALUATIONS,
  type StoredEeea,
  storedEeea,
  summariseEeea,
} from "../../systems/eeea";
import type { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import type { Table } from "../display/table";
import { type Findings, findings } from "../words/findings";
import { armsTable, differenceInWords, exitsTable, ratio, scaled, sign, volumesFigure } from "./early-exit-display";

/** EEEA-Net's early exit on NAS-Bench-201: `npx blockwise study eeea` made the searches, all figures are computed from them here. */
export class LabEeea implements Displayable {
  readonly summary: EeeaSummary;

  constructor(readonly stored: StoredEeea) {
    this.summary = summariseEeea(stored.arms);
  }

  /** The figures of one search: "ga", "ga-75", "ga-50", "ga-25", "ga-50-children", "ga-two", "random", "random-50". */
  of(arm: EeeaArmName): EeeaArmSummary {
    return this.summary.arms.find((one) => one.arm === arm)!;
  }

  /** What the early exit lets in: its limits, and what the generations were held to it. */
  exits(): Table {
    return exitsTable(
      this.summary.arms,
      `Limits are quantiles of the parameters of all cells: many cells have as many, so that more may be within than the name says. Means over ${this.stored.settings.seeds} seeds with 95 % intervals; "generation 1 within" is the least of all seeds. Random search is one generation.`,
    );
  }

  /**
   * Volume that the networks found so far dominate (validation error, multiply-adds, parameters), as a share of what the best
   * front of the whole table dominates, against networks evaluated: a panel a search, the one without early exit in grey.
   */
  volumes(): FigureView {
    const title = "How much of the best possible front is found?";
    return volumesFigure(this.summary.arms, { ...this.stored.settings, title, all: "the best possible" });
  }

  /** Cost, front and choice of each search, against the search without early exit of the same seed. */
  table(): Table {
    return armsTable(
      this.summary.arms,
      `${EVALUATIONS} evaluations of NAS-Bench-201, CIFAR-10`,
      `Cost: in trainings of the table's mean network, by multiply-adds. Volume: of the best possible. Test accuracy: of the network that validates best. Differences to the first search of the same seed, with 95 % intervals over ${this.stored.settings.seeds} seeds.`,
    );
  }

  /** What is true of these searches. */
  findings(): Findings {
    const { sizesAgree } = this.summary;
    const exits = (["ga-75", "ga-50", "ga-25"] as const).map((arm) => this.of(arm));
    const [children, two, random] = (["ga-50-children", "ga-two", "random"] as const).map((arm) => this.of(arm));
    const list = (of: (one: EeeaArmSummary) => string) =>
      exits.map((one) => `${EEEA_ARMS[one.arm].title.replace("early exit ", "")}: ${of(one)}`).join("; ");
    const first = ({ volumes }: EeeaArmSummary) => percent(volumes[0].mean, 0);
    const least = Math.min(...exits.map(({ firstWithin }) => firstWithin!));
    return findings([
      `The early exit is respected by ${percent(least, 0)} of the first generation in every seed; of the draws it rejects, ${list(({ rejection, limit }) => `${percent(rejection!.mean, 0)} where ${percent(1 - limit!.within, 0)} of all cells are beyond`)}.`,
      `It holds the first generation alone; of the networks of all later ones, so many are beyond the limit, ${list(({ laterBeyond }) => percent(laterBeyond!.mean, 0))}.`,
      `The whole search costs, as a share of the one without early exit, ${list(({ cost }) => ratio(cost.against!))}.`,
      `Dominated volume at the end: ${percent(this.of("ga").volume.mean.mean, 2)} of the best possible without early exit; with it, ${list(({ volume }) => differenceInWords(scaled(volume.against!), "points"))}. ${this.paperOnVolumes(exits)}`,
      `After the first generation it is ${first(this.of("ga"))} without early exit, and with it, ${list(first)}.`,
      `Test accuracy of the choice, against no early exit, ${list(({ accuracy }) => differenceInWords(accuracy.against!, "points"))}.`,
      `Held to the limit throughout (${percent(children.limit!.within, 0)} of cells are within), the search costs ${ratio(children.cost.against!)} of that, and its choice has a test accuracy of ${children.accuracy.mean.mean.toFixed(2)} %: ${differenceInWords(children.accuracy.against!, "points")}.`,
      `Random search at as many evaluations: volume ${differenceInWords(scaled(random.volume.against!), "points")}, test accuracy ${differenceInWords(random.accuracy.against!, "points")}; it costs ${ratio(random.cost.against!)} of the evolution, which turns to smaller networks.`,
      `Two objectives in place of three: volume ${differenceInWords(scaled(two.volume.against!), "points")}, networks on the front ${differenceInWords(two.front.against!, "")}. On this table multiply-adds order cells as parameters do (rho ${sizesAgree.table.toFixed(2)}), so the third objective adds nothing here but crowding; over ${DRAWN_PAIRS} random pairs of the paper's own cells rho is ${sizesAgree.paper.toFixed(2)}.`,
    ]);
  }

  /** The paper's own finding: without early exit the volume is the largest (figure 6, in words). */
  private paperOnVolumes(exits: readonly EeeaArmSummary[]): string {
    const signs = exits.map(({ volume }) => sign(volume.against!));
    const paper = "The paper found the largest volume without early exit";
    if (signs.every((one) => one < 0)) return `${paper}; so it is here.`;
    if (signs.some((one) => one > 0)) return `${paper}; that is not so here.`;
    if (signs.some((one) => one < 0))
      return `${paper}; here that is so for ${signs.filter((one) => one < 0).length} of ${signs.length} limits.`;
    return `${paper}; here no difference is larger than its interval.`;
  }

  async [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.volumes());
  }
}

/**
 * The stored searches of EEEA-Net's early exit.
 * @param path Of a file that `npx blockwise study eeea` wrote; the one that ships with Blockwise when left out.
 * @throws DataError when there is none.
 */
export function eeea(path?: string): LabEeea {
  return new LabEeea(storedEeea(path));
}
