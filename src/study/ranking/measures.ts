import type { BlockScores } from "../../benchmark/ranking";
import { ConfigError } from "../../core";
import { SCORES } from "../../rate";

type Score = (typeof SCORES)[number];

/**
 * A rating of blocks: one that was taken, or its logarithm, whose sum over the blocks is the logarithm of their product (the
 * released DNA script joins blocks by sum or by product).
 */
export type Measure = Score | `log ${Score}`;
export const MEASURES: readonly Measure[] = SCORES.flatMap((score): Measure[] => [score, `log ${score}`]);

/** The blocks' ratings under every measure that was taken. */
export type Measures = Partial<Record<(typeof SCORES)[number], readonly BlockScores[]>>;

/**
 * The ratings of every block under a measure.
 * @throws ConfigError when the measure was not taken.
 */
export function blockScoresOf(
  { measures, variant }: { readonly measures: Measures; readonly variant: string },
  measure: Measure,
): readonly BlockScores[] {
  const isLog = measure.startsWith("log ");
  const taken = measures[(isLog ? measure.slice(4) : measure) as keyof typeof measures];
  if (!taken) {
    throw new ConfigError(
      `ranking: the ratings of ${variant} must have ${measure}, and lack it; set rate.score to it`,
      {
        variant,
        measure,
      },
    );
  }
  if (!isLog) return taken;
  return taken.map((block) => Object.fromEntries(Object.entries(block).map(([key, score]) => [key, Math.log(score)])));
}
