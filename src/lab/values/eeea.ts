import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  ARMS,
  type ArmName,
  type ArmSummary,
  DRAWN_PAIRS,
  type EeeaSummary,
  EVALUATIONS,
  type StoredEeea,
  storedEeea,
  summariseEeea,
} from "../../systems/eeea";
import type { MeanInterval } from "../../systems/search-comparison";
import { studyPanels } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { type Findings, findings } from "../words/findings";

/** EEEA-Net's early exit on NAS-Bench-201: `npx blockwise study eeea` made the searches, all figures are computed from them here. */
export class LabEeea implements Displayable {
  readonly summary: EeeaSummary;

  constructor(readonly stored: StoredEeea) {
    this.summary = summariseEeea(stored.arms);
  }

  /** The figures of one search: "ga", "ga-75", "ga-50", "ga-25", "ga-50-children", "ga-two", "random", "random-50". */
  of(arm: ArmName): ArmSummary {
    return this.summary.arms.find((one) => one.arm === arm)!;
  }

  /** What the early exit lets in: its limits, and what the generations were held to it. */
  exits(): Table {
    return new Table({
      title: "Early exit: the first generation is drawn anew until it is within the limit",
      columns: [
        "search",
        "limit (parameters)",
        "cells beyond",
        "draws rejected",
        "generation 1 within",
        "later ones beyond",
      ],
      rows: this.summary.arms.flatMap(({ arm, limit, rejection, firstWithin, laterBeyond }) =>
        limit && rejection && firstWithin !== undefined
          ? [
              [
                ARMS[arm].title,
                limit.params,
                percent(1 - limit.within),
                inPercent(rejection),
                percent(firstWithin),
                laterBeyond ? inPercent(laterBeyond) : "",
              ],
            ]
          : [],
      ),
      note: `Limits are quantiles of the parameters of all cells: many cells have as many, so that more may be within than the name says. Means over ${this.stored.settings.seeds} seeds with 95 % intervals; "generation 1 within" is the least of all seeds. Random search is one generation.`,
    });
  }

  /**
   * Volume that the networks found so far dominate (validation error, multiply-adds, parameters), as a share of what the best
   * front of the whole table dominates, against networks evaluated: a panel a search, the one without early exit in grey.
   */
  volumes(): FigureView {
    const { population } = this.stored.settings;
    const series = this.summary.arms.map(({ arm, volumes }) => ({
      name: ARMS[arm].title,
      x: volumes.map((_, i) => (i + 1) * population),
      y: volumes.map(({ mean }) => 100 * mean),
      interval: volumes.map(({ mean, interval = [mean, mean] }): [number, number] => [
        100 * interval[0],
        100 * interval[1],
      ]),
    }));
    const [reference, ...others] = series;
    return new FigureView(
      studyPanels({
        title: "How much of the best possible front is found?",
        subtitle: `dominated volume; lines: means of ${this.stored.settings.seeds} seeds, bands: 95 % intervals`,
        series: others,
        reference,
        level: { name: "the best possible", y: 100 },
        xTitle: "networks evaluated",
        yTitle: "volume (%)",
      }),
    );
  }

  /** Cost, front and choice of each search, against the search without early exit of the same seed. */
  table(): Table {
    const { arms } = this.summary;
    return new Table({
      title: `${EVALUATIONS} evaluations of NAS-Bench-201, CIFAR-10`,
      columns: [
        "search",
        "cost",
        "of the first's",
        "volume (%)",
        "difference",
        "test accuracy (%)",
        "difference",
        "front",
      ],
      rows: arms.map(({ arm, cost, volume, accuracy, front }) => [
        ARMS[arm].title,
        cost.mean.mean.toFixed(0),
        cost.against ? words(cost.against) : "",
        (100 * volume.mean.mean).toFixed(2),
        volume.against ? words(scaled(volume.against)) : "",
        accuracy.mean.mean.toFixed(2),
        accuracy.against ? words(accuracy.against) : "",
        front.mean.mean.toFixed(1),
      ]),
      note: `Cost: in trainings of the table's mean network, by multiply-adds. Volume: of the best possible. Test accuracy: of the network that validates best. Differences to the first search of the same seed, with 95 % intervals over ${this.stored.settings.seeds} seeds.`,
    });
  }

  /** What is true of these searches. */
  findings(): Findings {
    const { sizesAgree } = this.summary;
    const exits = (["ga-75", "ga-50", "ga-25"] as const).map((arm) => this.of(arm));
    const [children, two, random] = (["ga-50-children", "ga-two", "random"] as const).map((arm) => this.of(arm));
    const list = (of: (one: ArmSummary) => string) =>
      exits.map((one) => `${ARMS[one.arm].title.replace("early exit ", "")}: ${of(one)}`).join("; ");
    const first = ({ volumes }: ArmSummary) => percent(volumes[0].mean);
    const least = Math.min(...exits.map(({ firstWithin }) => firstWithin!));
    return findings([
      `The early exit is respected by ${percent(least)} of the first generation in every seed; of the draws it rejects, ${list(({ rejection, limit }) => `${percent(rejection!.mean)} where ${percent(1 - limit!.within)} of all cells are beyond`)}.`,
      `It holds the first generation alone; of the networks of all later ones, so many are beyond the limit, ${list(({ laterBeyond }) => percent(laterBeyond!.mean))}.`,
      `The whole search costs, as a share of the one without early exit, ${list(({ cost }) => ratio(cost.against!))}.`,
      `Dominated volume at the end: ${percent(this.of("ga").volume.mean.mean, 2)} of the best possible without early exit; with it, ${list(({ volume }) => verdict(scaled(volume.against!), "points"))}. ${this.paperOnVolumes(exits)}`,
      `After the first generation it is ${first(this.of("ga"))} without early exit, and with it, ${list(first)}.`,
      `Test accuracy of the choice, against no early exit, ${list(({ accuracy }) => verdict(accuracy.against!, "points"))}.`,
      `Held to the limit throughout (${percent(children.limit!.within)} of cells are within), the search costs ${ratio(children.cost.against!)} of that, and its choice has a test accuracy of ${children.accuracy.mean.mean.toFixed(2)} %: ${verdict(children.accuracy.against!, "points")}.`,
      `Random search at as many evaluations: volume ${verdict(scaled(random.volume.against!), "points")}, test accuracy ${verdict(random.accuracy.against!, "points")}; it costs ${ratio(random.cost.against!)} of the evolution, which turns to smaller networks.`,
      `Two objectives in place of three: volume ${verdict(scaled(two.volume.against!), "points")}, networks on the front ${verdict(two.front.against!, "")}. On this table multiply-adds order cells as parameters do (rho ${sizesAgree.table.toFixed(2)}), so the third objective adds nothing here but crowding; over ${DRAWN_PAIRS} random pairs of the paper's own cells rho is ${sizesAgree.paper.toFixed(2)}.`,
    ]);
  }

  /** The paper's own finding: without early exit the volume is the largest (figure 6, in words). */
  private paperOnVolumes(exits: readonly ArmSummary[]): string {
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

function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`;
}

function scaled({ mean, interval }: MeanInterval): MeanInterval {
  return { mean: 100 * mean, ...(interval && { interval: [100 * interval[0], 100 * interval[1]] }) };
}

function words({ mean, interval }: MeanInterval): string {
  return interval ? `${fixed(mean)} (${fixed(interval[0])} to ${fixed(interval[1])})` : fixed(mean);
}

/** Two decimals, never "-0.00". */
function fixed(value: number): string {
  return value.toFixed(2).replace(/^-(?=0\.00$)/, "");
}

function inPercent({ mean, interval }: MeanInterval): string {
  return interval ? `${percent(mean)} (${percent(interval[0])} to ${percent(interval[1])})` : percent(mean);
}

/** 0 where the interval has both signs. */
function sign({ interval }: MeanInterval): -1 | 0 | 1 {
  if (!interval || (interval[0] <= 0 && interval[1] >= 0)) return 0;
  return interval[0] > 0 ? 1 : -1;
}

function verdict(difference: MeanInterval, unit: string): string {
  const said = `${words(difference)}${unit && ` ${unit}`}`;
  return sign(difference) === 0 ? `not told apart, ${said}` : `${sign(difference) > 0 ? "more" : "less"}, ${said}`;
}

function ratio({ mean, interval }: MeanInterval): string {
  if (!interval) return mean.toFixed(2);
  const told = interval[0] > 1 || interval[1] < 1;
  return `${fixed(mean)} (${fixed(interval[0])} to ${fixed(interval[1])}${told ? "" : ": not told from 1"})`;
}

/**
 * The stored searches of EEEA-Net's early exit.
 * @param path Of a file that `npx blockwise study eeea` wrote; the one that ships with Blockwise when left out.
 * @throws DataError when there is none.
 */
export function eeea(path?: string): LabEeea {
  return new LabEeea(storedEeea(path));
}
