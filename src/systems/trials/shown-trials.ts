import { budgetName, type ReducedBudget } from "../../evaluate";
import { budgetSize } from "../../search";
import type { TrialResult, TrialRow } from "./run-trials";

/** A trial as a figure shows it. */
export interface ShownTrial {
  readonly trial: number;
  readonly label: string;
  /** Of one image. */
  readonly macs: number;
  /** What the search goes by; NaN where the training diverged. */
  readonly value: number;
  /** Undefined in searches with one budget. */
  readonly budget?: string;
}

/** What a figure of trials shows: each with the value that the search goes by, the front of those with the longest training. */
export function shownTrials(trials: readonly TrialRow[], goal: TrialResult["goal"]) {
  const shown = trials.map(
    ({ trial, key, budget, values, costs }): ShownTrial => ({
      trial,
      label: key,
      macs: costs.macs,
      // null is how JSON has what is no number.
      value: values[goal.name] ?? Number.NaN,
      ...(budget && { budget: trialBudgetWords(budget) }),
    }),
  );
  return { goal, trials: shown, frontBudget: longestBudget(trials) };
}

/** "c2r2s0e1of3", or "6 epochs" where nothing else is reduced. */
export function trialBudgetWords(budget: NonNullable<TrialRow["budget"]>): string {
  if ("channels" in budget) return budgetName(budget as unknown as ReducedBudget);
  return Object.entries(budget)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(", ");
}

/** The longest training that any trial had, in words; undefined in searches with one budget. */
function longestBudget(trials: readonly TrialRow[]): string | undefined {
  let longest: TrialRow["budget"];
  for (const { budget } of trials) {
    if (budget && (longest === undefined || budgetSize(budget) > budgetSize(longest))) longest = budget;
  }
  return longest && trialBudgetWords(longest);
}

/** Trials by what the search goes by, the best first; those without a value are left out. */
export function rankedTrials({ goal, trials }: Pick<TrialResult, "goal" | "trials">): TrialRow[] {
  const sign = goal.better === "higher" ? -1 : 1;
  const value = ({ values }: TrialRow) => values[goal.name] ?? Number.NaN;
  return trials.filter((row) => Number.isFinite(value(row))).sort((a, b) => sign * (value(a) - value(b)));
}

/** What a search goes by, with its unit, for the head of a column. */
export function trialGoalTitle({ name }: TrialResult["goal"]): string {
  if (name === "validation") return "validation accuracy (%)";
  return name === "loss" ? "contrastive loss (nats)" : name;
}
