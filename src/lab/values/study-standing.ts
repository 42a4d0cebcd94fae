import type { StoredStudy } from "../../study/ranking";

/**
 * What is there of a study, in sentences: the settings without ratings and the command that makes them, and how far the
 * figures that were stored lie from those computed from the ratings.
 * @param name What the command `blockwise study` knows the study by.
 * @param seed Settings count as rated when they have the ratings of this seed; of any seed when left out.
 */
export function standingOf(
  { variants, figures, largestDifference }: StoredStudy,
  name: string,
  seed?: number,
): string[] {
  const absent = variants.filter(({ raws }) => !raws.some((raw) => seed === undefined || raw.seed === seed));
  const titles = absent.map(({ title }) => title).join("; ");
  return [
    ...(absent.length > 0
      ? [
          `NOT RATED YET${seed === undefined ? "" : ` with seed ${seed}`}: ${titles}. npx blockwise study ${name} makes what is missing.`,
        ]
      : []),
    largestDifference === undefined
      ? `NOT COMPARED with stored figures: ${figures} is absent, or is of other ratings.`
      : `The figures computed here and the stored ones of ${figures} differ by at most ${largestDifference.toExponential(1)}.`,
  ];
}
