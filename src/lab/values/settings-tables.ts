import type { TrueNetwork } from "../../benchmark";
import type { Agreement } from "../../benchmark/ranking";
import {
  type ComparedSetting,
  type ComparedSettings,
  differenceVerdict,
  type SumOfBlocks,
  settingBlockTaus,
  settingVerdict,
} from "../../study/ranking";
import { studyBars } from "../../viz";
import { FigureView } from "../display/figure-view";
import { decimals, signedDecimals } from "../display/numbers";
import { Table } from "../display/table";

export const SUMS: readonly SumOfBlocks[] = ["plain", "weighted"];
/** What settings are compared by, and what columns call it. */
export const COMPARED = { tau: "tau-b", partialTau: "tau given MACs", concordance: "equal MACs", regret: "regret" };
export const COMPARED_NAMES = Object.keys(COMPARED) as (keyof typeof COMPARED)[];
/** The same where they stand alone. */
export const COMPARED_TITLES = ["tau-b", "tau given MACs", "equal-MACs concordance", "regret (points)"];
/** What a figure's axis calls a measure. */
export const MEASURE_AXES = { tau: "Kendall's tau-b", concordance: "equal-MACs concordance" };

const MARKS = { "as seeds differ": " ≈", "hardly more than seeds": " ?", "more than seeds": "", "not known": "" };

/** "+0.012 ≈": a difference with the mark of what it is worth beside the range of seeds. */
export function markedDifference(value: number, from: number, range: number): string {
  const difference = value - from;
  return `${signedDecimals(difference)}${MARKS[differenceVerdict(difference, range)]}`;
}

/** What the marks mean. */
export function marksNote({ ranges }: ComparedSettings): string {
  return Number.isNaN(ranges.weighted.tau)
    ? "Fewer than two seeds are there: no difference can be judged."
    : "≈: less than seeds of one setting differ; ?: less than twice that.";
}

/** Columns of {@link comparedCells}. @param first Whose differences they are, "DNA's". */
export function comparedColumns(first: string): string[] {
  const short = { tau: "tau", partialTau: "given MACs", concordance: "equal MACs", regret: "regret" };
  return COMPARED_NAMES.flatMap((name) => [COMPARED[name], `${short[name]} less ${first}`]);
}

/** What a setting reaches, each with its difference from the first one's. */
export function comparedCells({ first, ranges }: ComparedSettings, one: ComparedSetting, sum: SumOfBlocks): string[] {
  return COMPARED_NAMES.flatMap((name) => [
    decimals(one[sum][name]),
    first && one !== first ? markedDifference(one[sum][name], first[sum][name], ranges[sum][name]) : "",
  ]);
}

/** What multiply-adds alone reach, in the same columns. */
export function macsCells({ macs }: ComparedSettings): string[] {
  return [decimals(macs.tau), "", "", "", decimals(macs.concordance), "", decimals(macs.regret), ""];
}

/** Plain and weighted sums of the settings, with the stored intervals of the networks where all have them. */
export function settingBars(
  shown: readonly ComparedSetting[],
  measure: keyof Agreement,
  titles: {
    readonly groups: readonly string[];
    readonly title: string;
    readonly subtitle: string;
    readonly yTitle: string;
  },
): FigureView {
  const complete = shown.length > 0 && shown.every(({ intervals }) => intervals);
  return new FigureView(
    studyBars({
      ...titles,
      series: SUMS.map((sum) => ({
        name: `${sum} sum`,
        y: shown.map((one) => one[sum][measure]),
        ...(complete && { interval: shown.map(({ intervals }) => intervals?.[sum][measure] ?? null) }),
      })),
    }),
  );
}

/** A column for each block: "tau, block 1", "tau, block 2", ... */
export function eachBlock({ there }: ComparedSettings, text: string): string[] {
  const blocks = Math.max(1, ...there.map(({ raw }) => raw.cuts.length + 1));
  return Array.from({ length: blocks }, (_, block) => `${text} ${block + 1}`);
}

/** Tau of each block's rating with the true effects of its candidates, and the loss that its distillation ended with. */
export function settingBlocks(
  compared: ComparedSettings,
  shown: readonly ComparedSetting[],
  truth: readonly TrueNetwork[],
  { what, note }: { readonly what: string; readonly note: string },
): Table {
  const losses = eachBlock(compared, "last loss, block");
  return new Table({
    title: `Block by block, seed ${compared.seed}`,
    columns: [what, ...eachBlock(compared, "tau, block"), ...losses],
    rows: shown.map((one) => [
      one.title,
      ...settingBlockTaus(compared, one, truth).map((tau) => decimals(tau, 2)),
      ...losses.map((_, block) => one.raw.losses[block]?.at(-1)?.toPrecision(3) ?? ""),
    ]),
    note,
  });
}

/** A sentence: how a setting differs from the first one, and what the differences are worth. */
export function settingSentence(compared: ComparedSettings, one: ComparedSetting): string {
  const said = (measure: keyof Agreement, digits = 3) => {
    const { difference, verdict } = settingVerdict(compared, one, measure);
    return `${signedDecimals(difference, digits)} (${verdict})`;
  };
  return `${one.title}: tau ${said("tau")}, equal MACs ${said("concordance")}, regret ${said("regret", 2)}`;
}

/** What a notebook records of each setting, rated or not: `<setting>_tau_plain`, `_tau`, `_concordance`, `_regret`. */
export function settingNumbers(
  { stored, there }: ComparedSettings,
  more: (one?: ComparedSetting) => Readonly<Record<string, number | null>> = () => ({}),
): Record<string, number | null> {
  const of = (one?: ComparedSetting) => ({
    ...more(one),
    tau_plain: one?.plain.tau ?? null,
    tau: one?.weighted.tau ?? null,
    concordance: one?.weighted.concordance ?? null,
    regret: one?.weighted.regret ?? null,
  });
  return Object.fromEntries(
    stored.variants.flatMap(({ name }) =>
      Object.entries(of(there.find((one) => one.name === name))).map(([key, value]) => [
        `${name.replaceAll("-", "_")}_${key}`,
        value,
      ]),
    ),
  );
}
