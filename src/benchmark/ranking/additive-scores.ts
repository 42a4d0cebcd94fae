import { blockDigits, type TrueNetwork } from "..";

/** Of the fit; blocks that end where stages do need one. */
const ROUNDS = 60;

/**
 * The sums of one number a candidate that come nearest to the networks' accuracies (least squares, block after block): what
 * a rating of blocks could reach if it knew all accuracies and still had to add. Higher is better.
 * @param cuts Layers that end a block but the last; without any, every network is a candidate and the sum is its accuracy.
 */
export function additiveScores(networks: readonly TrueNetwork[], cuts: readonly number[]): number[] {
  const mean = networks.reduce((sum, { accuracy }) => sum + accuracy, 0) / networks.length;
  const scores = networks.map(() => mean);
  const digits = networks.map(({ key }) => blockDigits(key, cuts));
  for (let round = 0; round < ROUNDS; round++) {
    for (let block = 0; block <= cuts.length; block++) {
      const rests = new Map<string, { sum: number; count: number }>();
      networks.forEach(({ accuracy }, i) => {
        const { sum, count } = rests.get(digits[i][block]) ?? { sum: 0, count: 0 };
        rests.set(digits[i][block], { sum: sum + accuracy - scores[i], count: count + 1 });
      });
      networks.forEach((_, i) => {
        const { sum, count } = rests.get(digits[i][block])!;
        scores[i] += sum / count;
      });
    }
  }
  return scores;
}
