import { kendallTauB, type TrueNetwork } from "../../benchmark";
import type { BlockScores, BudgetRegrets } from "../../benchmark/ranking";
import type { Interval } from "../../core";
import { rankScatter, studyCurve } from "../../viz";
import { FigureView } from "../display/figure-view";

/** True accuracy of networks against their rating. @param scores One a network, higher is better; drawn with the sign turned, as a rating. */
export function ratingScatter(
  networks: readonly TrueNetwork[],
  scores: readonly number[],
  {
    interval,
    ...titles
  }: {
    readonly tau: number;
    readonly interval?: Interval;
    readonly title: string;
    readonly predictedTitle: string;
  },
): FigureView {
  return new FigureView(
    rankScatter({
      points: networks.map(({ key, accuracy, macs }, i) => ({ key, predicted: -scores[i], actual: accuracy, macs })),
      ...(interval && { interval }),
      ...titles,
      actualTitle: "true test accuracy (%)",
    }),
  );
}

/** True effects of a block's candidates against their ratings. */
export function effectScatter(
  effects: ReadonlyMap<string, number>,
  ratings: BlockScores,
  { title, measure }: { readonly title: string; readonly measure: string },
): FigureView {
  const digits = [...effects.keys()];
  return new FigureView(
    rankScatter({
      points: digits.map((key) => ({ key, predicted: ratings[key], actual: effects.get(key)! })),
      tau: kendallTauB(
        digits.map((key) => -ratings[key]),
        digits.map((key) => effects.get(key)!),
      ),
      title,
      predictedTitle: `rating: ${measure} (lower is better)`,
      actualTitle: "mean true accuracy with it (%)",
    }),
  );
}

/** Regret against the budget. @param seeds How many the means are of. @param of Whose, where there are several. */
export function regretCurve(
  { budgets, weighted, plain, mostMacs }: BudgetRegrets,
  seeds: number,
  of?: string,
): FigureView {
  return new FigureView(
    studyCurve({
      title: "Regret of the network picked under each budget",
      subtitle: `${of ? `${of}; ` : ""}means over ${seeds} seeds; the best possible is 0`,
      series: [
        { name: "DNA, weighted", x: [...budgets], y: [...weighted] },
        { name: "DNA, plain", x: [...budgets], y: [...plain] },
        { name: "most MACs", x: [...budgets], y: [...mostMacs] },
      ],
      xTitle: "budget (multiply-adds)",
      yTitle: "regret (points of true accuracy)",
    }),
  );
}
