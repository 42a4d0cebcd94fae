import type { RateOptions } from "../../rate";

/** What a score says, by its measure. */
const MEASURES: Readonly<Record<RateOptions["score"], string>> = {
  relativeL1: "mean |Y \u2212 Y'| / std(Y) to the teacher's feature map",
  relativeMse: "mean (Y \u2212 Y')\u00b2 / var(Y) to the teacher's feature map",
  nsr: "noise-to-signal power to the teacher's feature map, channel by channel, averaged",
  divergence: "divergence (nats) of the teacher's answers with the candidate in the block's place",
};

/** What candidates are scored by, in words: one of our measures, or the name of an own one. */
export function measureWords(score: string): string {
  return ownMeasure(score) ?? `${MEASURES[score as keyof typeof MEASURES]} on validation images`;
}

/** The name of an own rating or of own scores; undefined of our measures. */
export function ownMeasure(score: string): string | undefined {
  return Object.hasOwn(MEASURES, score) ? undefined : score;
}
