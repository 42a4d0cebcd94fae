// Not the room's index: that loads an engine.
import { comparisons } from "../../retrain/compare/front-comparison";
import { againstRivals, againstTeacher, drawnAndFound } from "../../retrain/compare/front-verdict";
import { compare, type MeasuredFront } from "../../retrain/compare/measured-front";
import { ratedWords } from "../../retrain/compare/rated-by";

/**
 * What a run found, a sentence or two each: the best network beside the teacher, what it was searched by, and each found
 * network beside random ones and shrunk teachers of its cost, with standard errors.
 */
export function frontSentences(front: MeasuredFront): string[] {
  const { best, teacher } = compare(front);
  return [
    againstTeacher(`${best.label}, the best rated within the budget,`, best, teacher),
    ...(front.ratedBy ? [ratedWords(front.ratedBy)] : []),
    ...againstRivals(comparisons(front.measured)),
    ...drawnAndFound(front.measured),
  ];
}
