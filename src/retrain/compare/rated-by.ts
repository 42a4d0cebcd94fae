import { formatCount, percent } from "../../core";

/** What networks were searched by: plain JSON in the records of a run. */
export interface RatedBy {
  /** The measure of the supernets' ratings, e.g. "relativeL1". */
  readonly score: string;
  /** Brief trainings that calibrated them, if any did. */
  readonly evidence?: {
    readonly networks: number;
    readonly rounds: number;
    readonly epochs: number;
    readonly images: number;
    readonly ratings: boolean;
    /** Standard deviation of one training about the sum over blocks, a share. */
    readonly noise: number;
    /** Share of the ratings in the spread of what is expected. */
    readonly ratingShare: number;
  };
}

/** "24 brief trainings (1 epoch of 16.0k images each, in 4 rounds)". */
export function evidenceWords({ networks, rounds, epochs, images }: NonNullable<RatedBy["evidence"]>): string {
  return `${networks} brief trainings (${epochs === 1 ? "1 epoch" : `${epochs} epochs`} of ${formatCount(images)} images each, in ${rounds === 1 ? "1 round" : `${rounds} rounds`})`;
}

/** One sentence on what networks were searched by. */
export function ratedWords({ score, evidence }: RatedBy): string {
  if (!evidence) return `Networks were searched by their ratings (${score}) alone: no network had been trained before.`;
  const { ratings, ratingShare } = evidence;
  const share = ratings
    ? `the ratings explain ${percent(ratingShare)} of the spread of what is expected`
    : "the ratings were left out: this is the control";
  return `Networks were searched by what ${evidenceWords(evidence)} say${ratings ? ` of their ratings (${score})` : ""}; ${share}.`;
}
