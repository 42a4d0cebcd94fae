import type { RatingTable } from "../search";
import { opName, type SearchSpace } from "../space";
import { type Calibration, calibrate, type Evidence } from "./calibrate";

/**
 * Calibrates a space's ratings by trained networks, see `calibrate`: an op of one name has an effect in common over all blocks.
 * @throws ConfigError, SpaceError as there.
 */
export function calibrateSpace(
  { blocks }: Pick<SearchSpace, "blocks">,
  table: RatingTable,
  evidence: readonly Evidence[],
  options: { readonly ratings?: boolean } = {},
): Calibration {
  return calibrate(table, evidence, { ...options, ops: blocks.map(({ ops }) => ops.map(opName)) });
}
