import type { TrueNetwork } from "../../benchmark";
import {
  type Agreement,
  agreement,
  macsRatings,
  meanAgreement,
  type Networks,
  networkScores,
  pairedTau,
  type TauDifference,
} from "../../benchmark/ranking";
import { blockScoresOf, type Measure, type RawRatings, type VariantSummary } from "../../study/ranking";
import type { SposRatings } from "../spos";

/**
 * Rankings of the networks that the global supernet rated, by their titles. "paper": relative L1, plain sum; "dnaPlain" and "dna": the study's
 * rating without and with weights; "macs": multiply-adds alone; "macsByBlock": weighted on the tuning networks as `dna` is.
 */
export const SPOS_RIVALS = {
  paper: "DNA's own rating (relative L1), plain sum",
  dnaPlain: "the study's rating, plain sum",
  dna: "the study's rating, weighted",
  macs: "MACs alone",
  macsByBlock: "MACs by block, weighted",
} as const;
export type SposRival = keyof typeof SPOS_RIVALS;

/** The global supernet's ranking beside others, all on just the networks that it rated; means over seeds. */
export interface SposComparison extends Readonly<Record<SposRival, Agreement>> {
  readonly networks: number;
  /** Those of which there are both the global supernet's and the blocks' ratings. */
  readonly seeds: readonly number[];
  readonly trainMs: number;
  readonly spos: Agreement;
  readonly sposBySeed: readonly Agreement[];
  readonly ahead: Readonly<Record<SposRival, TauDifference>>;
}

const PAPER: Measure = "relativeL1";

/**
 * Compares on the networks that all seeds rated and nobody tuned on, the ratings of a seed with the global supernet of the
 * same seed.
 * @returns undefined when no seed has both.
 */
export function compareWithSpos(
  all: readonly SposRatings[],
  group: readonly RawRatings[],
  { measure, weights, cuts }: VariantSummary,
  { reported }: Networks,
  macsByBlock: { readonly truth: readonly TrueNetwork[]; readonly weights: readonly number[] },
): SposComparison | undefined {
  const pairs = all.flatMap((spos) => {
    const raw = group.find(({ seed }) => seed === spos.seed);
    return raw ? [{ spos, raw }] : [];
  });
  const rated = reported.filter(({ key }) => pairs.every(({ spos }) => spos.scores[key] !== undefined));
  if (pairs.length === 0 || rated.length < 2) return undefined;
  const byMacs = macsRatings(macsByBlock.truth, cuts);
  const scoresOf: Record<SposRival, (raw: RawRatings) => number[]> = {
    paper: (raw) => networkScores(rated, blockScoresOf(raw, PAPER), cuts),
    dnaPlain: (raw) => networkScores(rated, blockScoresOf(raw, measure), cuts),
    dna: (raw) => networkScores(rated, blockScoresOf(raw, measure), cuts, weights),
    macs: () => rated.map(({ macs }) => macs),
    macsByBlock: () => networkScores(rated, byMacs, cuts, macsByBlock.weights),
  };
  const spos = pairs.map((pair) => rated.map(({ key }) => -pair.spos.scores[key]));
  const sposBySeed = spos.map((scores) => agreement(rated, scores));
  const rivals = (Object.keys(SPOS_RIVALS) as SposRival[]).map((name) => {
    const scores = pairs.map(({ raw }) => scoresOf[name](raw));
    const found = meanAgreement(scores.map((of) => agreement(rated, of)));
    return [name, found, pairedTau(rated, scores, spos)] as const;
  });
  return {
    networks: rated.length,
    seeds: pairs.map(({ raw }) => raw.seed),
    trainMs: Math.round(pairs.reduce((sum, pair) => sum + pair.spos.trainMs, 0) / pairs.length),
    spos: meanAgreement(sposBySeed),
    sposBySeed,
    ...(Object.fromEntries(rivals.map(([name, found]) => [name, found])) as Record<SposRival, Agreement>),
    ahead: Object.fromEntries(rivals.map(([name, , ahead]) => [name, ahead])) as Record<SposRival, TauDifference>,
  };
}

/** A comparison's rows for tables: title, agreement, and where the ranking is a rival how far ahead it is. */
export function sposRows(spos: SposComparison): { name: string; of: Agreement; ahead?: TauDifference }[] {
  const rivals = Object.entries(SPOS_RIVALS) as [SposRival, string][];
  return [
    { name: `SPOS, on ${spos.networks} networks (seeds ${spos.seeds.join(" ")})`, of: spos.spos },
    ...rivals.map(([rival, title]) => ({ name: `on the same: ${title}`, of: spos[rival], ahead: spos.ahead[rival] })),
  ];
}

/** "+0.366 (0.290 to 0.440)": a difference of taus with its interval. */
export function aheadText({ mean, interval: [low, high] }: TauDifference): string {
  return `${mean < 0 ? "" : "+"}${mean.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}
