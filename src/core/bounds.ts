import { ConfigError } from "./errors";

/**
 * The most that sizes and counts may be. Far beyond what is of use, and below what a machine dies of: a slip of the keyboard
 * is told at once, before minutes and gigabytes are spent.
 */
export const MOST = {
  /** Of the engine. */
  threads: 1024,
  epochs: 100_000,
  /** Images of a split, of features, of a rating. */
  images: 100_000_000,
  batchSize: 65_536,
  /** Blocks of a teacher. */
  blocks: 1000,
  /** Entries of a list of kernels, expansions or cells. */
  choices: 64,
  kernelSize: 255,
  expansion: 256,
  /** Channels of a feature map. */
  channels: 65_536,
  /** Layers of a cell. */
  depth: 64,
  /** Layers that one block string stands for. */
  repeats: 1000,
  /** Candidates of a block: each is rated. */
  candidates: 1_000_000,
  /** Networks that are retrained, or given by a search. */
  networks: 1000,
  /** Rounds of a measurement. */
  rounds: 100_000,
  /** Height or width of an image. */
  side: 16_384,
  /** Numbers of one feature map: 1 GiB in float32. */
  mapSize: 2 ** 28,
  classes: 65_536,
} as const;

/**
 * Checks a whole number.
 * @throws ConfigError naming where, what must hold and what came.
 */
export function checkCount(where: string, value: number, { least = 1, most }: { least?: number; most: number }): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw new ConfigError(`${where}: must be a whole number from ${least} to ${most}, got ${value}`, {
    value,
    least,
    most,
  });
}
