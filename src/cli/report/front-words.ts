import { formatCount, percent } from "../../core";
// Not the room's index: that loads an engine.
import { comparisons } from "../../retrain/compare/front-comparison";
import { againstRivals } from "../../retrain/compare/front-verdict";
import { alsoFoundWords, compare, type MeasuredFront } from "../../retrain/compare/measured-front";
import { ratedWords } from "../../retrain/compare/rated-by";

/**
 * What a run found, a sentence or two each: the best network beside the teacher, what it was searched by, and each found
 * network beside random ones and shrunk teachers of its cost, with standard errors.
 */
export function frontSentences(front: MeasuredFront): string[] {
  const compared = compare(front);
  const { best, teacher, macsShare, toTeacher } = compared;
  const share =
    macsShare === undefined ? `${formatCount(best.macs)} MACs` : `${percent(macsShare, 1)} of the teacher's MACs`;
  const beside =
    teacher && toTeacher !== undefined
      ? `, ${points(toTeacher)} the teacher (${percent(teacher.accuracy)}).`
      : `. ${FEATURES_ONLY}`;
  return [
    `${best.label}, the best rated within the budget, has ${share} and ${percent(best.accuracy)} test accuracy${beside}`,
    ...(front.ratedBy ? [ratedWords(front.ratedBy)] : []),
    ...againstRivals(comparisons(front.measured)),
    ...(compared.alsoFound.length > 0 ? [alsoFoundWords(compared).trim()] : []),
  ];
}

/** What stands in place of the teacher's accuracy, where it was taken for its features only. */
export const FEATURES_ONLY =
  "The teacher gave its feature maps alone: it does not tell these classes apart, and has no accuracy here.";

/** "1.20 points below". */
export function points(difference: number): string {
  return `${Math.abs(100 * difference).toFixed(2)} points ${difference < 0 ? "below" : "above"}`;
}
