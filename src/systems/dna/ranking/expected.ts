import { existsSync } from "node:fs";
import { relative } from "node:path";
import { readJson } from "../../../core";
import { type Agreement, agreement, type Interval } from "./agreement";
import type { Measure, RawRatings } from "./run-job";
import { networkScores } from "./scores";
import type { SposRatings } from "./spos";
import type { RatingJob } from "./study-config";
import { baselines, blocksOf, divide, meanAgreement, meanIntervals, summarise, type VariantSummary } from "./summary";
import type { TrueNetwork } from "./truth";

/** All figures of a study, computed from its raw ratings and the benchmark's table alone. */
export interface StudySummary {
  readonly study: string;
  /** Distinct networks of the benchmark, and those of them on which weights are tuned. */
  readonly architectures: number;
  readonly tuningNetworks: number;
  /** Of every variant whose ratings are there, under every measure that was taken. */
  readonly variants: readonly VariantSummary[];
  /** Rankings that need no search; "ceiling": one training of the networks against another. */
  readonly baselines: Record<"macs" | "params" | "ceiling", Agreement>;
  /** The global supernet's on the networks that it rated, beside DNA's and the MACs' on the same. */
  readonly spos?: { readonly networks: number; readonly seeds: readonly number[] } & Record<
    "spos" | "dna" | "macs",
    Agreement
  >;
  /** 95 % intervals of the bootstrap over networks; mean over seeds. */
  readonly intervals: Readonly<Record<string, Record<keyof Agreement, Interval>>>;
  /** Raw files, from the package's root. */
  readonly ratings: readonly string[];
}

/**
 * Summarises what a study has so far.
 * @param sposResults Files of the global supernet's ratings, those that exist count.
 * @param draws Of the bootstrap, see there.
 */
export function summariseStudy(
  study: string,
  jobs: readonly RatingJob[],
  truth: readonly TrueNetwork[],
  sposResults: readonly string[] = [],
  draws?: number,
): StudySummary {
  const networks = divide(truth);
  const results = jobs.map(({ result }) => result).filter(existsSync);
  const raws = results.map((path) => readJson(path) as RawRatings);
  const names = [...new Set(raws.map(({ variant }) => variant))];
  const groups = names.map((name) => raws.filter(({ variant }) => variant === name));
  const variants = groups.flatMap((group) =>
    (Object.keys(group[0].measures) as Measure[]).map((measure) => summarise(networks, group, measure)),
  );
  const spos = sposResults.filter(existsSync).map((path) => readJson(path) as SposRatings);
  const { reported } = networks;
  return {
    study,
    architectures: truth.length,
    tuningNetworks: networks.tuning.length,
    variants,
    baselines: baselines(truth),
    ...(spos.length > 0 && groups.length > 0 && { spos: compareSpos(spos, groups[0], variants[0], truth) }),
    intervals: Object.fromEntries(
      variants.flatMap(({ variant, measure, weights, cuts }) => {
        const seeds = groups[names.indexOf(variant)].map((raw) => blocksOf(raw, measure));
        const scores = (of?: readonly number[]) => seeds.map((blocks) => networkScores(reported, blocks, cuts, of));
        return [
          [`${variant}/${measure}/plain`, meanIntervals(reported, scores(), draws)],
          [`${variant}/${measure}/weighted`, meanIntervals(reported, scores(weights), draws)],
        ];
      }),
    ),
    ratings: results.map((path) => relative(process.cwd(), path)),
  };
}

function compareSpos(
  all: readonly SposRatings[],
  group: readonly RawRatings[],
  { measure, weights, cuts }: VariantSummary,
  truth: readonly TrueNetwork[],
): NonNullable<StudySummary["spos"]> {
  const rated = all.map(({ scores }) => truth.filter(({ key }) => scores[key] !== undefined));
  const of = (score: (seed: number) => number[]) => meanAgreement(all.map((_, i) => agreement(rated[i], score(i))));
  return {
    networks: rated[0].length,
    seeds: all.map(({ seed }) => seed),
    spos: of((i) => rated[i].map(({ key }) => -all[i].scores[key])),
    dna: of((i) => networkScores(rated[i], blocksOf(group[i % group.length], measure), cuts, weights)),
    macs: of((i) => rated[i].map(({ macs }) => macs)),
  };
}

/**
 * A summary as it is stored: with the leading figures by short names, `dna` being the first variant under DNA's rating with
 * its weights, and the numbers rounded to five digits.
 */
export function storedSummary(summary: StudySummary): unknown {
  const { variants, baselines, spos } = summary;
  const dna = variants[0];
  const heads = dna && {
    tau_dna: dna.weighted.tau,
    tau_dna_plain: dna.plain.tau,
    ...(spos && { tau_spos: spos.spos.tau }),
    tau_macs: baselines.macs.tau,
    tau_params: baselines.params.tau,
    concordance_dna: dna.weighted.concordance,
    concordance_macs: baselines.macs.concordance,
    partial_tau_dna: dna.weighted.partialTau,
    noise_ceiling: baselines.ceiling.tau,
    regret_dna: dna.weighted.regret,
    regret_macs: baselines.macs.regret,
    weights: dna.weights,
  };
  return JSON.parse(
    JSON.stringify({ ...heads, ...summary }, (_, value) =>
      typeof value === "number" && !Number.isInteger(value) ? Number(value.toFixed(5)) : value,
    ),
  );
}
