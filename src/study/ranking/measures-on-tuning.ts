import type { TrueNetwork } from "../../benchmark";
import { agreement, divide, networkScores, tuneWeights } from "../../benchmark/ranking";
import { mean } from "../../core/statistics";
import { blockScoresOf, MEASURES, type Measure } from "./measures";
import type { RawRatings } from "./raw-ratings";

/** The measures that ratings were taken by, and their logarithms. */
export function measuresTaken({ measures }: Pick<RawRatings, "measures">): readonly Measure[] {
  return MEASURES.filter((measure) => measure.replace("log ", "") in measures);
}

/** Tau-b of each measure, weighted, on the tuning networks; means over seeds. By it a study chooses its measure. */
export function measuresOnTuning(
  truth: readonly TrueNetwork[],
  raws: readonly RawRatings[],
): { readonly measure: Measure; readonly tau: number }[] {
  const { tuning } = divide(truth);
  const [{ cuts }] = raws;
  return measuresTaken(raws[0]).map((measure) => {
    const seeds = raws.map((raw) => blockScoresOf(raw, measure));
    const weights = tuneWeights(tuning, seeds, cuts);
    const taus = seeds.map((blocks) => agreement(tuning, networkScores(tuning, blocks, cuts, weights)).tau);
    return { measure, tau: mean(taus) };
  });
}
