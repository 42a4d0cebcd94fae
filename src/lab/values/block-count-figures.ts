import { kendallTauB, reportedSample, type TrueNetwork } from "../../benchmark";
import { networkScores } from "../../benchmark/ranking";
import { ConfigError } from "../../core";
import { blockScoresOf, type Measure } from "../../study/ranking";
import type { BlockCounts } from "../../systems/dna-studies";
import { studyBars, studyCurve } from "../../viz";
import { FigureView } from "../display/figure-view";
import { ratingScatter } from "./study-figures";

/** What is drawn against the number of blocks. */
export type MeasureByCount = "tau" | "concordance" | "regret";

const TITLES: Readonly<Record<MeasureByCount, { readonly title: string; readonly yTitle: string }>> = {
  tau: { title: "Ranking all networks", yTitle: "Kendall's tau-b with the true accuracies" },
  concordance: { title: "Ranking networks that cost the same", yTitle: "equal-MACs concordance" },
  regret: { title: "Picking under a budget", yTitle: "mean regret over 12 budgets (points)" },
};

/** The limit, the ratings (bootstrap intervals as bands, where all K have them) and the controls against K. */
export function byBlockCount({ settings, rated, byMacs }: BlockCounts, name: MeasureByCount, by: Measure): FigureView {
  const all = settings.map(({ K }) => K);
  const there = rated.map(({ K }) => K);
  const bands = (sum: "plain" | "weighted") => {
    const interval = rated.flatMap(({ intervals }) => (intervals ? [intervals[sum][name]] : []));
    return interval.length === rated.length && interval.length > 0 ? { interval } : {};
  };
  const sums = (["weighted", "plain"] as const).map((sum) => ({
    name: `${sum} sum`,
    x: there,
    y: rated.map(({ summary }) => summary[sum][name]),
    ...bands(sum),
  }));
  return new FigureView(
    studyCurve({
      ...TITLES[name],
      subtitle: `rated by ${by}; means over seeds`,
      series: [
        { name: "if all were known", x: all, y: settings.map(({ limit }) => limit[name]) },
        ...sums,
        { name: "MACs by block, weighted", x: all, y: settings.map(({ control }) => control[name]) },
        { name: "MACs alone", x: all, y: all.map(() => byMacs[name]) },
      ],
      xTitle: "number of blocks K",
    }),
  );
}

/** Tau-b of each seed of each K. */
export function seedBars({ rated }: BlockCounts, by: Measure): FigureView {
  const seeds = [...new Set(rated.flatMap(({ summary }) => summary.seeds))].sort((a, b) => a - b);
  return new FigureView(
    studyBars({
      title: "Every seed by itself, weighted sums",
      subtitle: `rated by ${by}`,
      groups: rated.map(({ K }) => `K = ${K}`),
      series: seeds.map((seed) => ({
        name: `seed ${seed}`,
        y: rated.map(({ summary }) => summary.weightedBySeed[summary.seeds.indexOf(seed)]?.tau ?? null),
      })),
      yTitle: "Kendall's tau-b",
    }),
  );
}

/** Minutes of distillation and rating of each K. */
export function durationBars({ rated }: BlockCounts): FigureView {
  return new FigureView(
    studyBars({
      title: "Where the time goes",
      subtitle: "rated on different numbers of images, see the table",
      groups: rated.map(({ K }) => `K = ${K}`),
      series: [
        { name: "distillation", y: rated.map(({ summary }) => summary.distillMs / 60000) },
        { name: "rating", y: rated.map(({ summary }) => summary.rateMs / 60000) },
      ],
      yTitle: "minutes on two cores",
    }),
  );
}

/**
 * A draw of the networks not tuned on, weighted rating against truth, for each of some K with ratings of the seed.
 * @throws ConfigError when there are ratings, but of none of these K for the seed.
 */
export function settingScatters(
  { rated }: BlockCounts,
  truth: readonly TrueNetwork[],
  by: Measure,
  {
    seed = 1,
    networks: count = 300,
    blocks = [1, 3, 8],
  }: { readonly seed?: number; readonly networks?: number; readonly blocks?: readonly number[] },
): FigureView[] {
  const drawn = new Set(reportedSample(count));
  const networks = truth.filter(({ key }) => drawn.has(key));
  const asked = rated.filter(({ K, raws }) => blocks.includes(K) && raws.some((raw) => raw.seed === seed));
  if (rated.length > 0 && asked.length === 0) {
    const there = rated.map(({ K, summary }) => `K = ${K} (seed ${summary.seeds.join(", ")})`).join(", ");
    throw new ConfigError(
      `study.byBlockCount().scatters: one of K = ${blocks.join(", ")} must have ratings of seed ${seed}, and there are ${there}; set seed or blocks to some of them`,
      { seed, blocks },
    );
  }
  return asked.map(({ raws, summary, title }) => {
    const raw = raws.find((one) => one.seed === seed)!;
    const scores = networkScores(networks, blockScoresOf(raw, by), raw.cuts, summary.weights);
    const tau = kendallTauB(
      scores,
      networks.map(({ accuracy }) => accuracy),
    );
    const predictedTitle = "weighted sum of ratings (lower is better)";
    return ratingScatter(networks, scores, { tau, title: `${title}, seed ${seed}`, predictedTitle });
  });
}
