import { formatCount } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { rankedTrials, shownTrials, type TrialResult, trialBudgetWords, trialGoalTitle } from "../../systems/trials";
import { trialsFigure } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { LabCells } from "./cells";

const BEST_SHOWN = 5;

/** What a search trial by trial came to: its networks, their costs, and the choice. */
export class LabTrials implements Displayable {
  constructor(
    readonly result: TrialResult,
    /** Where the run lies; `blockwise run --name` goes on with it, too. */
    readonly directory: string,
  ) {}

  /** The network that the search would choose; undefined where every training diverged. */
  get best(): LabCells | undefined {
    return this.result.best && new LabCells(this.result.best.network);
  }

  /** The best trials, or as many as asked for. */
  table(count = BEST_SHOWN): Table {
    const { goal, evaluations, best, trials } = this.result;
    const hasBudgets = trials.some(({ budget }) => budget);
    const hasTest = trials.some(({ values }) => values.test !== undefined);
    return new Table({
      maxRows: count,
      title: `${evaluations} networks evaluated; the ${Math.min(count, evaluations)} best by ${goal.name}`,
      columns: [
        "trial",
        "network",
        ...(hasBudgets ? ["budget"] : []),
        trialGoalTitle(goal),
        ...(hasTest ? ["test (%)"] : []),
        "MACs",
      ],
      rows: rankedTrials(this.result)
        .slice(0, count)
        .map(({ trial, key, budget, values, costs }) => [
          trial,
          key,
          ...(hasBudgets ? [budget ? trialBudgetWords(budget) : ""] : []),
          values[goal.name].toFixed(3),
          ...(hasTest ? [values.test?.toFixed(2) ?? "not measured"] : []),
          formatCount(costs.macs),
        ]),
      note: best
        ? `The choice, the best of those with the longest training: ${best.key} (trial ${best.trial}). Run: ${this.directory}.`
        : "No network was measured: every training diverged.",
    });
  }

  /** All trials over their cost, with the front. */
  figure(): FigureView {
    const { goal, trials } = this.result;
    return new FigureView(
      trialsFigure({
        title: `${trials.length} networks by ${goal.name}`,
        ...shownTrials(trials, goal),
      }),
    );
  }

  [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }
}
