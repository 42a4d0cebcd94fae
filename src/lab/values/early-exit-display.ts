import { percent } from "../../core";
import { EEEA_ARMS, type EeeaArmSummary } from "../../systems/eeea";
import type { MeanInterval } from "../../systems/search-comparison";
import { studyPanels } from "../../viz";
import { FigureView } from "../display/figure-view";
import { Table } from "../display/table";

/** What an early exit lets in: its limits, and what the generations were held to it. */
export function exitsTable(arms: readonly EeeaArmSummary[], note: string): Table {
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
    rows: arms.flatMap(({ arm, limit, rejection, firstWithin, laterBeyond }) =>
      limit && rejection && firstWithin !== undefined
        ? [
            [
              EEEA_ARMS[arm].title,
              limit.params,
              percent(1 - limit.within, 0),
              inPercent(rejection),
              percent(firstWithin, 0),
              laterBeyond ? inPercent(laterBeyond) : "",
            ],
          ]
        : [],
    ),
    note,
  });
}

/** What {@link volumesFigure} says of its searches. */
export interface VolumesWords {
  readonly title: string;
  readonly seeds: number;
  readonly population: number;
  /** What 100 % is. */
  readonly all: string;
}

/** Dominated volume against networks evaluated: a panel a search, the first search in grey. */
export function volumesFigure(
  arms: readonly EeeaArmSummary[],
  { title, seeds, population, all }: VolumesWords,
): FigureView {
  const series = arms.map(({ arm, volumes }) => ({
    name: EEEA_ARMS[arm].title,
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
      title,
      subtitle: `dominated volume; lines: means of ${seeds} seeds, bands: 95 % intervals`,
      series: others,
      reference,
      level: { name: all, y: 100 },
      xTitle: "networks evaluated",
      yTitle: "volume (%)",
    }),
  );
}

/** Cost, front and choice of each search, against the first search of the same seed. */
export function armsTable(arms: readonly EeeaArmSummary[], title: string, note: string): Table {
  return new Table({
    title,
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
      EEEA_ARMS[arm].title,
      cost.mean.mean.toFixed(0),
      cost.against ? words(cost.against) : "",
      (100 * volume.mean.mean).toFixed(2),
      volume.against ? words(scaled(volume.against)) : "",
      accuracy.mean.mean.toFixed(2),
      accuracy.against ? words(accuracy.against) : "",
      front.mean.mean.toFixed(1),
    ]),
    note,
  });
}

export function scaled({ mean, interval }: MeanInterval): MeanInterval {
  return { mean: 100 * mean, ...(interval && { interval: [100 * interval[0], 100 * interval[1]] }) };
}

export function words({ mean, interval }: MeanInterval): string {
  return interval ? `${fixed(mean)} (${fixed(interval[0])} to ${fixed(interval[1])})` : fixed(mean);
}

/** Two decimals, never "-0.00". */
function fixed(value: number): string {
  return value.toFixed(2).replace(/^-(?=0\.00$)/, "");
}

function inPercent({ mean, interval }: MeanInterval): string {
  return interval ? `${percent(mean, 0)} (${percent(interval[0], 0)} to ${percent(interval[1], 0)})` : percent(mean, 0);
}

/** 0 where the interval has both signs. */
export function sign({ interval }: MeanInterval): -1 | 0 | 1 {
  if (!interval || (interval[0] <= 0 && interval[1] >= 0)) return 0;
  return interval[0] > 0 ? 1 : -1;
}

export function differenceInWords(difference: MeanInterval, unit: string): string {
  const said = `${words(difference)}${unit && ` ${unit}`}`;
  return sign(difference) === 0 ? `not told apart, ${said}` : `${sign(difference) > 0 ? "more" : "less"}, ${said}`;
}

export function ratio({ mean, interval }: MeanInterval): string {
  if (!interval) return mean.toFixed(2);
  const told = interval[0] > 1 || interval[1] < 1;
  return `${fixed(mean)} (${fixed(interval[0])} to ${fixed(interval[1])}${told ? "" : ": not told from 1"})`;
}
