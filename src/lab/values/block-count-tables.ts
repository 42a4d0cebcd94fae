import type { Agreement } from "../../benchmark/ranking";
import { seedRange, type VariantSummary } from "../../study/ranking";
import { BASE_BLOCKS, type BlockCounts, type RatedBlockCount } from "../../systems/dna-studies";
import { decimals } from "../display/numbers";
import { Table } from "../display/table";
import { differenceFrom } from "./block-count-differences";

type Row = readonly (string | number)[];

/** The best sums of one number a candidate, K by K. */
export function limitsTable({ settings, byMacs, ceiling }: BlockCounts): Table {
  const row = (name: string | number, of: Agreement, error = "") => [
    name,
    error,
    decimals(of.tau),
    decimals(of.concordance),
    decimals(of.regret, 2),
  ];
  return new Table({
    title: "The best sums of block scores, if all accuracies were known",
    columns: ["K", "error (points)", "tau-b", "equal-MACs concordance", "regret (points)"],
    rows: [
      ...settings.map(({ K, limit }) => row(K, limit, decimals(limit.error, 2))),
      row("MACs alone", byMacs),
      row("one training against another", ceiling),
    ],
    note: "Error: root of the mean squared difference to the true accuracies. Equal-MACs concordance: (concordant - discordant) / all pairs whose MACs differ by at most 2.5 %. Regret: mean over 12 budgets of the best accuracy under the budget less that of the best scored network.",
  });
}

/** Plain and weighted sums of each K, means over seeds and each seed, with the control for the weights under them. */
export function agreementTable({ settings, rerated, byMacs }: BlockCounts): Table {
  return new Table({
    title: "Against the true accuracies of the networks not tuned on; means over seeds, and each seed",
    columns: [
      "K",
      "sum",
      "tau-b",
      "tau by seed",
      "tau given MACs",
      "equal MACs",
      "equal MACs by seed",
      "regret",
      "regret by seed",
      "weights",
    ],
    rows: [
      ...settings.flatMap(({ K, summary, control }): Row[] => {
        if (!summary) return [[K, "NO RATINGS YET", "", "", "", "", "", "", "", ""]];
        const plain = [K, "plain", ...figures(summary, "plain"), ""];
        if (K === 1) return [plain];
        const weighted = [K, "weighted", ...figures(summary, "weighted"), summary.weights.join(" ")];
        return [plain, weighted, [K, "MACs by block, weighted", ...single(control), control.weights.join(" ")]];
      }),
      ...(rerated ? reratedRows(rerated) : []),
      ["", "MACs alone", ...single({ ...byMacs, partialTau: Number.NaN }), ""],
    ],
  });
}

function reratedRows({ K, summary, experiment }: RatedBlockCount): Row[] {
  const words = `rated on ${experiment.rate.images} images`;
  return [
    [K, `plain, ${words}`, ...figures(summary, "plain"), ""],
    [K, `weighted, ${words}`, ...figures(summary, "weighted"), summary.weights.join(" ")],
  ];
}

/** Means over seeds, and each seed beside them. */
function figures(summary: VariantSummary, sum: "plain" | "weighted"): string[] {
  const of = summary[sum];
  const bySeed = (name: keyof Agreement, digits = 3) =>
    summary[`${sum}BySeed`].map((seed) => decimals(seed[name], digits)).join(" ");
  return [
    decimals(of.tau),
    bySeed("tau"),
    decimals(of.partialTau),
    decimals(of.concordance),
    bySeed("concordance"),
    decimals(of.regret, 2),
    bySeed("regret", 2),
  ];
}

/** What has no seeds. */
function single(of: Agreement): string[] {
  return [decimals(of.tau), "", decimals(of.partialTau), decimals(of.concordance), "", decimals(of.regret, 2), ""];
}

const MEASURES = ["tau", "concordance", "regret"] as const;

/** The range of the seeds of each K, and its difference from the base on the seeds that both have. */
export function spreadTable({ rated, base }: BlockCounts): Table {
  const distances = (one: RatedBlockCount) =>
    MEASURES.flatMap((name) => {
      const from = base && one.K !== BASE_BLOCKS ? differenceFrom(base, one, name) : undefined;
      return from ? [decimals(from.difference), from.verdict] : ["", ""];
    });
  return new Table({
    title: `Weighted sums: spread over seeds, and distance from K = ${BASE_BLOCKS}`,
    columns: [
      "K",
      "seeds",
      ...MEASURES.map((name) => `range of ${name}`),
      ...MEASURES.flatMap((name) => [`${name} less K = ${BASE_BLOCKS}'s`, `verdict on ${name}`]),
    ],
    rows: rated.map((one) => {
      const own = seedRange(one.summary.weightedBySeed);
      return [one.K, one.summary.seeds.join(" "), ...MEASURES.map((name) => decimals(own[name])), ...distances(one)];
    }),
    note: "An empty range: fewer than two seeds. Regret is better when lower.",
  });
}
