import { ConfigError } from "../core";

/**
 * How far several rankings of the same networks contradict each other, in bits: for each pair of networks the entropy of the
 * share p of rankings that have the one above the other, `-p log2 p - (1 - p) log2 (1 - p)`, a tie counting half for either; the
 * mean over all pairs. 0: all agree; 1: half say this, half that. EcoNAS measures an entropy of ranks, too; this formula is ours.
 * @param rankings Of each ranking the values of all networks, in one order of networks.
 * @throws ConfigError when there are fewer than two rankings or networks, or a value is NaN.
 */
export function rankEntropy(rankings: readonly (readonly number[])[]): number {
  const networks = rankings[0]?.length ?? 0;
  const isComplete = rankings.every((values) => values.length === networks && !values.some(Number.isNaN));
  if (rankings.length < 2 || networks < 2 || !isComplete) {
    throw new ConfigError(
      `rankEntropy: there must be at least two rankings of the same two or more networks, without NaN, got ${rankings.length} of ${rankings.map(({ length }) => length).join(", ")}`,
    );
  }
  let sum = 0;
  for (let i = 0; i < networks; i++) {
    for (let j = 0; j < i; j++) {
      let above = 0;
      for (const values of rankings) above += values[i] > values[j] ? 1 : values[i] === values[j] ? 0.5 : 0;
      sum += binaryEntropy(above / rankings.length);
    }
  }
  return sum / ((networks * (networks - 1)) / 2);
}

function binaryEntropy(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);
}
