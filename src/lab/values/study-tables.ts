import type { Agreement } from "../../benchmark/ranking";
import type { RawRatings, StoredVariant, VariantSummary } from "../../study/ranking";
import { type SposComparison, type StudyJob, type StudySummary, sposRows } from "../../systems/dna-studies";
import { decimals } from "../display/numbers";
import { Table } from "../display/table";

type Sum = "plain" | "weighted";

/** Raw ratings, one row a seed. */
export function rawRatingsTable(
  title: string,
  raws: readonly RawRatings[],
  { distill, rate }: Pick<StudyJob["experiment"], "distill" | "rate">,
): Table {
  const minutes = ({ durationsMs }: RawRatings, step: string) =>
    Object.entries(durationsMs).reduce((sum, [name, ms]) => (name.startsWith(step) ? sum + ms : sum), 0) / 60000;
  return new Table({
    title: `${title}: raw ratings of ${raws.length} seeds`,
    columns: [
      "seed",
      "teacher",
      "its accuracy (validation)",
      "distillation",
      "rated candidates",
      "rated on",
      "distillation (thread min)",
      "rating (min)",
      "measured at commit",
    ],
    rows: raws.map((raw) => [
      raw.seed,
      raw.teacher.architecture,
      `${(100 * raw.teacher.accuracy).toFixed(1)} %`,
      `${distill.epochs} epochs x ${distill.images} images, ${distill.sampler}`,
      raw.blocks.map((block) => Object.keys(block).length).join(" + "),
      `${rate.images} images`,
      minutes(raw, "distill/").toFixed(1),
      minutes(raw, "rate/").toFixed(1),
      raw.provenance.commit?.slice(0, 8) ?? "",
    ]),
    note: "Times were taken while other work ran on the machine.",
  });
}

/** One setting under every measure, two rows each: plain and weighted. */
export function measuresTable(measures: readonly VariantSummary[]): Table {
  const row = (name: string, of: Agreement, weights = "", blocks = "") => [
    name,
    weights,
    ...[of.tau, of.spearman, of.pearson, of.partialTau, of.concordance].map((value) => decimals(value)),
    decimals(of.regret, 2),
    blocks,
  ];
  return new Table({
    title: "Every measure, plain and weighted; means over seeds",
    columns: [
      "rating",
      "weights",
      "tau-b",
      "rho",
      "r",
      "tau given MACs",
      "equal-MACs concordance",
      "regret (points)",
      "tau of each block",
    ],
    rows: measures.flatMap(({ measure, plain, weighted, weights, blockTaus }) => {
      const name = measure.startsWith("log ") ? `${measure.slice(4)}, product` : `${measure}, sum`;
      return [
        row(name, plain, "", blockTaus.map((tau) => tau.toFixed(2)).join(" ")),
        row(name, weighted, weights.join(" ")),
      ];
    }),
    note: "Equal-MACs concordance: (concordant - discordant) / all pairs whose MACs differ by at most 2.5 %. Regret: mean over 12 budgets from 20 to 75 M of the best true accuracy less that of the best scored network.",
  });
}

/** The ratings of the first setting beside DNA's own, a fitted predictor, and rankings that need no search. */
export function rivalsTable(
  { measures, measure, baselines, macsByBlock, ridge, architectures, tuningNetworks }: StudySummary,
  { raws, summary, intervals }: StoredVariant & { readonly summary: VariantSummary },
): Table {
  const interval = (sum: Sum, name: keyof Agreement) => {
    const ends = intervals?.[sum][name];
    return ends ? `${ends[0].toFixed(3)} to ${ends[1].toFixed(3)}` : "";
  };
  const row = (name: string, known: number | string, of: Agreement, sum?: Sum) => [
    name,
    known,
    decimals(of.tau),
    sum ? interval(sum, "tau") : "",
    decimals(of.partialTau),
    decimals(of.concordance),
    sum ? interval(sum, "concordance") : "",
    decimals(of.regret, 2),
    sum ? interval(sum, "regret") : "",
  ];
  const own = measures.find((one) => one.measure === "relativeL1");
  // One block has nothing to weight: the rows would be the plain ones again.
  const isWhole = summary.cuts.length === 0;
  return new Table({
    title: `Rankings of the ${architectures - tuningNetworks} networks that were not tuned on`,
    columns: [
      "ranking",
      "accuracies used",
      "tau-b",
      "tau-b, 95 %",
      "tau given MACs",
      "equal-MACs concordance",
      "equal MACs, 95 %",
      "regret (points)",
      "regret, 95 %",
    ],
    rows: [
      ...(own
        ? [
            row("DNA's own rating (relative L1), plain sum", 0, own.plain),
            ...(isWhole ? [] : [row("DNA's own, weighted", tuningNetworks, own.weighted)]),
          ]
        : []),
      row(`ours (${measure}), plain sum`, tuningNetworks, summary.plain, "plain"),
      ...(isWhole ? [] : [row("ours, weighted", tuningNetworks, summary.weighted, "weighted")]),
      ...(ridge ? [row("ridge on all ratings", ridge.networks, ridge)] : []),
      row("MACs alone", 0, baselines.macs),
      ...(macsByBlock ? [row("MACs by block, weighted", tuningNetworks, macsByBlock)] : []),
      row("parameters alone", 0, baselines.params),
      row("one training against another", "all", baselines.ceiling),
    ],
    note: `Accuracies used: true accuracies of networks that are not among those ranked; ours plain used them to choose its measure.${isWhole ? " With one block there is nothing to weight." : ""} Ratings: means over ${raws.length} seeds. Intervals: bootstrap over networks, mean over seeds; they do not contain the spread between seeds, which is below.`,
  });
}

/** The global supernet and its rivals, all on the networks that it rated, with paired differences. */
export function sposTable(spos: SposComparison): Table {
  return new Table({
    title: `SPOS and others on the same ${spos.networks} networks, seeds ${spos.seeds.join(", ")}`,
    columns: ["ranking", "tau-b", "equal-MACs concordance", "regret (points)", "tau less SPOS's", "95 %", "by seed"],
    rows: sposRows(spos).map(({ name, of, ahead }) => [
      name.replace("on the same: ", "").replace(/, on .*/, ""),
      decimals(of.tau),
      decimals(of.concordance),
      decimals(of.regret, 2),
      decimals(ahead?.mean),
      ahead ? ahead.interval.map((end) => decimals(end)).join(" to ") : "",
      ahead ? ahead.bySeed.map((value) => decimals(value)).join(" ") : "",
    ]),
    note: "Differences are paired: the same networks, each seed's ratings against the supernet of the same seed; the bootstrap draws networks, the same for both.",
  });
}

/** Weighted sums, one row a seed. */
export function seedsTable({ seeds, weightedBySeed, weights }: VariantSummary): Table {
  return new Table({
    title: "Seed by seed, weighted",
    columns: ["seed", "tau-b", "rho", "tau given MACs", "equal-MACs concordance", "regret (points)"],
    rows: weightedBySeed.map((of, i) => [
      seeds[i],
      ...[of.tau, of.spearman, of.partialTau, of.concordance].map((value) => decimals(value)),
      decimals(of.regret, 2),
    ]),
    note: `Weights ${weights.join(", ")} for all seeds.`,
  });
}
