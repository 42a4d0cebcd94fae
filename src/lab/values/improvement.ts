import type { Spread } from "../../benchmark/ranking";
import { ConfigError } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { type StoredImproveStudy, storedImproveStudy } from "../../systems/dna-studies";
import { studyCurve } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { spreadWords } from "../display/spread-words";
import { Table } from "../display/table";

const RANKED = ["with_ratings", "without_ratings"] as const;
const PICKED = [...RANKED, "evolution", "random_search"] as const;
const BANDS = "lines: means; bands: the middle 95 % of all draws";

/** What few trained networks are worth, with and without ratings, simulated on a table of truth (`blockwise study improve`). */
export class LabImprovement implements Displayable {
  constructor(readonly stored: StoredImproveStudy) {}

  /** Numbers of trained networks that were simulated, rising. */
  get trainings(): readonly number[] {
    return this.stored.settings.counts;
  }

  /** Rankings and picks after so many trainings, a row a search. */
  table(): Table {
    const { settings, rank, pick } = this.stored;
    const ranked = (name: (typeof PICKED)[number], count: number) => {
      if (name !== "with_ratings" && name !== "without_ratings") return [null, null];
      const { tau, concordance } = rank[name][count];
      return [spreadWords(tau, 3), spreadWords(concordance, 3)];
    };
    return new Table({
      title: `After so many trainings: mean (middle 95 % of ${settings.draws} draws for each of ${settings.ratings.length} seeds of ratings)`,
      columns: ["trained", "search", "tau-b", "equal MACs", "regret of twelve picks (points)"],
      rows: this.trainings.flatMap((count) =>
        PICKED.map((name) => [count, titleOf(name), ...ranked(name, count), spreadWords(pick[name][count].regret, 2)]),
      ),
    });
  }

  /** Regret of the picks for twelve budgets, by the number of trained networks. */
  regrets(): FigureView {
    const { pick } = this.stored;
    return new FigureView(
      studyCurve({
        title: "How much worse than the best are the twelve picks?",
        subtitle: BANDS,
        series: PICKED.map((name) => this.series(name, (count) => pick[name][count].regret)),
        xTitle: "networks trained (all budgets together)",
        yTitle: "mean regret (points)",
      }),
    );
  }

  /** Agreement of the ranking of all other networks with the truth, by the number of networks trained at random. */
  rankings(): FigureView {
    const { rank } = this.stored;
    return new FigureView(
      studyCurve({
        title: "How well do random trained networks rank all others?",
        subtitle: BANDS,
        series: RANKED.map((name) => this.series(name, (count) => rank[name][count].tau)),
        xTitle: "networks trained",
        yTitle: "tau-b with the true accuracies",
      }),
    );
  }

  /**
   * Sentences: what so many trainings give, and what is the ratings' part of it; those to pick first, then those to rank.
   * @param counts Numbers of trained networks; the middle and the most of those that were simulated when left out.
   * @throws ConfigError when a number was not simulated.
   */
  sentences(counts: readonly number[] = middleAndLast(this.trainings)): string[] {
    const { gain, pick, rank } = this.stored;
    const absent = counts.find((count) => !this.trainings.includes(count));
    if (absent !== undefined) {
      throw new ConfigError(
        `improvement: sentences are of ${this.trainings.join(", ")} trained networks, which were simulated, got ${absent}`,
        { count: absent },
      );
    }
    const regret = (name: (typeof PICKED)[number], count: number) => pick[name][count].regret.mean.toFixed(2);
    const tau = (name: (typeof RANKED)[number], count: number) => rank[name][count].tau.mean.toFixed(3);
    return [
      ...counts.map(
        (count) =>
          `To pick, ${count} trainings: regret ${regret("with_ratings", count)} points; without ratings ${regret("without_ratings", count)}, evolution ${regret("evolution", count)}, random search ${regret("random_search", count)}. Ratings change it by ${interval(gain.regret[count], 2)}: ${helps(gain.regret[count])}.`,
      ),
      ...counts.map(
        (count) =>
          `To rank, ${count} trainings: tau ${tau("with_ratings", count)}, without ratings ${tau("without_ratings", count)}; the ratings' part is ${interval(gain.tau[count], 3)}: ${helps(gain.tau[count])}.`,
      ),
    ];
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.regrets(), this.rankings());
  }

  private series(name: (typeof PICKED)[number], of: (count: number) => Spread) {
    const spreads = this.trainings.map(of);
    return {
      name: titleOf(name),
      x: this.trainings,
      y: spreads.map(({ mean }) => mean),
      interval: spreads.map(({ low, high }): [number, number] => [low, high]),
    };
  }
}

function middleAndLast(counts: readonly number[]): number[] {
  return [...new Set([counts[Math.floor((counts.length - 1) / 2)], counts[counts.length - 1]])];
}

function titleOf(name: (typeof PICKED)[number]): string {
  return name.replace("_", " ");
}

function interval({ mean, low, high }: Spread, digits: number): string {
  return `${mean.toFixed(digits)} (95 % interval ${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

function helps({ low, high }: Spread): string {
  return low > 0 || high < 0 ? "more than chance explains" : "no more than chance may explain";
}

/**
 * The stored simulation of what few trained networks make of ratings.
 * @param path Of the file that `npx blockwise study improve` wrote.
 * @throws DataError when there is none.
 */
export function improvement(path: string): LabImprovement {
  return new LabImprovement(storedImproveStudy(path));
}
