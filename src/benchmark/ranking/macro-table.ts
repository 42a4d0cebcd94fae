import { ConfigError } from "../../core";
import { type FoundNetwork, type RatingTable, ratingTable } from "../../search";
import { NAS_BENCH_MACRO_CUTS, nasBenchMacroSpace } from "../../space";
import type { BlockScores } from "./block-scores";

/**
 * NAS-Bench-Macro's rating table for the searchers: its candidates with their weighted ratings and counted costs.
 * @param weights DNA's lambda, from 0; all 1 when left out.
 * @throws ConfigError when a block lacks a rating, or is cut elsewhere than where a stage ends: only then is every
 * combination of candidates a network of its own.
 */
export function macroTable(
  blocks: readonly BlockScores[],
  cuts: readonly number[],
  weights: readonly number[] = blocks.map(() => 1),
): RatingTable {
  if (!cuts.every((cut) => NAS_BENCH_MACRO_CUTS.includes(cut))) {
    throw new ConfigError(
      `macroTable: blocks must end where stages do (${NAS_BENCH_MACRO_CUTS.join(", ")}), got cuts [${cuts.join(", ")}]`,
      { cuts },
    );
  }
  return ratingTable(nasBenchMacroSpace(cuts), ({ block, path }) => {
    const digits = path.join("");
    const score = blocks[block]?.[digits];
    if (score === undefined || weights[block] === undefined) {
      throw new ConfigError(`macroTable: block ${block} must have a weight and a rating of ${digits}, and lacks one`, {
        block,
        digits,
      });
    }
    return weights[block] * score;
  });
}

/** The benchmark's key of a network found in {@link macroTable}: its eight digits. */
export function macroKey({ choice }: Pick<FoundNetwork, "choice">): string {
  return choice.flatMap(({ path }) => path).join("");
}
