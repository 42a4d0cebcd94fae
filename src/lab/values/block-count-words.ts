import { seedRange } from "../../study/ranking";
import { BASE_BLOCKS, type BlockCounts, type RatedBlockCount } from "../../systems/dna-studies";
import { decimals } from "../display/numbers";
import { differenceFrom } from "./block-count-differences";
import { DIFFERENCE_WORDS } from "./difference-words";

/** Which K is best, how much of its limit each reaches, what of the differences the seeds explain, what more images change. */
export function conclusions(counts: BlockCounts): string[] {
  const { rated, base, rerated } = counts;
  if (rated.length === 0) return ["NO RATINGS YET: there is no result."];
  const images = base?.experiment.rate.images;
  return [
    best(counts),
    ...rated.map(
      ({ K, summary, limit, control }) =>
        `K = ${K}: of the tau ${decimals(limit.tau)} that a sum over its blocks could reach, the ratings reach ${decimals(summary.weighted.tau)} weighted and ${decimals(summary.plain.tau)} plain; MACs by block, weighted alike, ${decimals(control.tau)}.`,
    ),
    ...(base ? [beyondSeeds(rated, base)] : []),
    ...(rerated && base
      ? [
          `Rated on ${rerated.experiment.rate.images} images instead of ${images}, K = ${rerated.K} has a tau of ${decimals(rerated.summary.weighted.tau)} instead of ${decimals(base.summary.weighted.tau)}.`,
        ]
      : []),
  ];
}

function best(counts: BlockCounts): string {
  const { rated, byMacs } = counts;
  return [
    `Result, of the K rated so far (${rated.map(({ K }) => K).join(", ")}), weighted sums:`,
    `tau is highest with ${leader(counts, "tau", `MACs alone ${decimals(byMacs.tau)}`)},`,
    `equal-MACs concordance with ${leader(counts, "concordance")},`,
    `regret lowest with ${leader(counts, "regret", `MACs alone ${decimals(byMacs.regret, 2)}`)}.`,
  ].join(" ");
}

/** "K = 2 (0.79 points, one seed; MACs alone 2.65; the difference from K = 3, 1.21, is as seeds differ)". */
function leader({ rated, base }: BlockCounts, name: "tau" | "concordance" | "regret", beside?: string): string {
  const value = ({ summary }: RatedBlockCount) => summary.weighted[name];
  const words = (one: RatedBlockCount) => decimals(value(one), name === "regret" ? 2 : 3);
  const [first, second] = [...rated].sort((a, b) => (name === "regret" ? value(a) - value(b) : value(b) - value(a)));
  // The seeds that judge a difference are those of the base: where it leads itself, the next is compared with it.
  const other = first === base ? second : base;
  const from = base && other && differenceFrom(base, first === base ? other : first, name);
  return `K = ${first.K} (${[
    `${words(first)}${name === "regret" ? " points" : ""}${first.summary.seeds.length === 1 ? ", one seed" : ""}`,
    ...(beside ? [beside] : []),
    ...(from ? [`the difference from K = ${other.K}, ${words(other)}, ${DIFFERENCE_WORDS[from.verdict]}`] : []),
  ].join("; ")})`;
}

function beyondSeeds(rated: readonly RatedBlockCount[], base: RatedBlockCount): string {
  const range = seedRange(base.summary.weightedBySeed);
  if (Number.isNaN(range.tau)) return `K = ${BASE_BLOCKS} has fewer than two seeds here: no difference can be judged.`;
  const beyond = (name: "tau" | "regret") => {
    const clear = rated.filter((one) => one !== base && differenceFrom(base, one, name)?.verdict === "more than seeds");
    const which =
      clear.length === 0
        ? "no other K differs"
        : `K = ${clear.map(({ K }) => K).join(", ")} differ${clear.length === 1 ? "s" : ""}`;
    return `in ${name} ${which} from it by more than twice that`;
  };
  return `Seeds of K = ${BASE_BLOCKS} lie ${decimals(range.tau)} apart in tau, and ${beyond("tau")}; they lie ${decimals(range.regret, 2)} points apart in regret, and ${beyond("regret")}.`;
}

/** Plain sums of all K; weighted sums beside their control; the seeds of one block; rating on as few images as it. */
export function findingsOf({ rated, base, rerated, byMacs }: BlockCounts): (string | undefined)[] {
  if (rated.length === 0) return [];
  const plainest = rated.reduce((a, b) => (b.summary.plain.tau > a.summary.plain.tau ? b : a));
  const [whole] = rated.filter(({ K }) => K === 1);
  return [
    `Added up as they are, ratings have the highest tau with K = ${plainest.K}: ${rated.map(({ K, summary }) => `K = ${K} ${decimals(summary.plain.tau)}`).join(", ")}; MACs alone ${decimals(byMacs.tau)}.`,
    ...rated.filter(({ K }) => K > 1).map(besideControl),
    whole && whole.summary.seeds.length > 1
      ? `K = 1 by seed: tau ${whole.summary.plainBySeed.map(({ tau }) => decimals(tau)).join(", ")}; regret ${decimals(whole.summary.plain.regret, 2)} points, MACs alone ${decimals(byMacs.regret, 2)}.`
      : undefined,
    rerated && base
      ? `Rating K = ${rerated.K} on as few images as K = 1 changes its tau by ${decimals(rerated.summary.weighted.tau - base.summary.weighted.tau)}.`
      : undefined,
  ];
}

function besideControl({ K, summary: { weighted }, control }: RatedBlockCount): string {
  const gain = weighted.tau - control.tau;
  return `K = ${K}, weighted: tau ${decimals(weighted.tau)}, ${decimals(Math.abs(gain))} ${gain < 0 ? "below" : "above"} MACs weighted with the same knowledge (${decimals(control.tau)}); equal-MACs concordance ${decimals(weighted.concordance)} against ${decimals(control.concordance)}.`;
}

/** What one block would take to rate on as many images as the others; undefined without both. */
export function sameImages({ rated }: BlockCounts): string | undefined {
  const [whole] = rated.filter(({ K }) => K === 1);
  const usual = rated.find(({ K }) => K > 1);
  if (!whole || !usual) return undefined;
  const [few, many] = [whole, usual].map(({ experiment }) => experiment.rate.images);
  const hours = (whole.summary.rateMs * many) / few / 3600000;
  return `Rated on ${many} images as the others, K = 1 would take about ${hours.toFixed(1)} hours, more if its batch norms were recalibrated on as many.`;
}
