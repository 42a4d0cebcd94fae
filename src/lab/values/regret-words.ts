import type { BudgetRegrets, RankedCandidate } from "../../benchmark/ranking";
import { formatCount } from "../../core";
import { mean } from "../../core/statistics";
import { differenceVerdict, seedRange, type VariantSummary } from "../../study/ranking";
import { decimals } from "../display/numbers";
import { DIFFERENCE_WORDS } from "./difference-words";

/** Budgets at the lower end that are looked at by themselves. */
const SMALLEST = 2;

/** Where regret is lost: by budgets, by weights, by measures; and what the misplaced candidates begin with. */
export function regretFindings(
  summary: VariantSummary,
  regrets: BudgetRegrets,
  measures: readonly VariantSummary[],
  misplaced: readonly RankedCandidate[],
): string[] {
  return [
    overall(summary),
    ends(regrets),
    apart(regrets),
    ...(measures.length > 0 ? [least(measures)] : []),
    ...(misplaced.length > 0 ? [beginnings(misplaced)] : []),
  ];
}

function overall({ weighted, plain, weightedBySeed, plainBySeed }: VariantSummary): string {
  const seeds = (of: readonly { readonly regret: number }[]) => of.map(({ regret }) => decimals(regret, 2)).join(", ");
  const verdict = differenceVerdict(weighted.regret - plain.regret, seedRange(weightedBySeed).regret);
  return `Mean regret ${decimals(weighted.regret, 2)} points weighted (by seed ${seeds(weightedBySeed)}), ${decimals(plain.regret, 2)} plain (${seeds(plainBySeed)}): the difference ${DIFFERENCE_WORDS[verdict]}.`;
}

function ends({ weighted, plain, budgets }: BudgetRegrets): string {
  const both = (from: number, to?: number) =>
    [weighted, plain].map((regrets) => decimals(mean(regrets.slice(from, to)), 2));
  const [few, others] = [both(0, SMALLEST), both(SMALLEST)];
  return `At the ${SMALLEST} smallest budgets ${few[0]} weighted and ${few[1]} plain, at the other ${budgets.length - SMALLEST} ${others[0]} and ${others[1]}.`;
}

function apart({ weighted, plain, budgets }: BudgetRegrets): string {
  const gaps = weighted.map((regret, i) => regret - plain[i]);
  const most = gaps.reduce((at, gap, i) => (Math.abs(gap) > Math.abs(gaps[at]) ? i : at), 0);
  const count = (holds: (gap: number) => boolean) => gaps.filter(holds).length;
  return `The weighted sum picks worse than the plain one under ${count((gap) => gap > 0)} of ${budgets.length} budgets and better under ${count((gap) => gap < 0)}; they lie farthest apart under ${formatCount(budgets[most])}: ${decimals(weighted[most], 2)} weighted, ${decimals(plain[most], 2)} plain.`;
}

function least(measures: readonly VariantSummary[]): string {
  const [best] = measures
    .flatMap(({ measure, plain, weighted }) => [
      { name: `${measure}, plain`, regret: plain.regret },
      { name: `${measure}, weighted`, regret: weighted.regret },
    ])
    .sort((a, b) => a.regret - b.regret);
  return `Of every measure, plain and weighted, the least mean regret has ${best.name}: ${decimals(best.regret, 2)}.`;
}

function beginnings(misplaced: readonly RankedCandidate[]): string {
  const distance = ({ trueRank, ratedRank }: RankedCandidate) => Math.abs(ratedRank - trueRank);
  const farthest = Math.max(...misplaced.map(distance));
  const names = misplaced
    .filter((one) => distance(one) === farthest)
    .map(
      ({ block, digits, trueRank, ratedRank }) =>
        `${digits} of block ${block} (true rank ${trueRank}, rated ${ratedRank})`,
    );
  const bare = misplaced.filter(({ digits }) => digits.startsWith("0")).length;
  return `Of the ${misplaced.length} candidates misplaced most, ${bare} have no operation in their first layer and ${misplaced.length - bare} have one; farthest off: ${names.join(", ")}.`;
}
