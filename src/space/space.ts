import type { Rng } from "../core";
import type { Architecture } from "./types";

/** One of the choices that an architecture is made of: an op, an input, a depth. */
export interface Gene {
  /** E.g. "block 0, layer 2: op"; of no other gene of the space. */
  readonly name: string;
  /** A gene's value is a whole number from 0 below this. */
  readonly choices: number;
}

/**
 * A search space as searchers see it: they draw architectures, change them, and tell them apart, and know nothing else of
 * them. Chains of layers and cells of edges are spaces alike. `test/contract/space-contract.ts` has the suite that any space
 * must pass.
 *
 * Randomness comes from the `rng` that is handed in and from nothing else, so that equal streams give equal architectures.
 *
 * @typeParam A An architecture as the space encodes it: plain data, never changed in place.
 * @typeParam Network What is built, counted and exported.
 */
export interface Space<A, Network = Architecture> {
  /** E.g. "nas-bench-201". */
  readonly name: string;
  /** Draws an architecture; each can come. */
  sample(rng: Rng): A;
  /** One that differs from `a` in one choice, and is therefore another one: its key is another's, unless the space has only one. */
  mutate(a: A, rng: Rng): A;
  /** A child that has each choice from one parent or the other. */
  crossover?(a: A, b: A, rng: Rng): A;
  /**
   * All architectures that are one step larger, e.g. a cell with a block more (PNAS, section 4.1); none where it is complete.
   */
  extend?(a: A): Iterable<A>;
  /** The choices as numbers, in a fixed order: what TPE and predictors work on. Given together with `encode` and `decode`. */
  readonly genes?: readonly Gene[];
  /** One value a gene. Where a gene says nothing of `a`, such as the op of a layer that it lacks, the value is 0. */
  encode?(a: A): readonly number[];
  /**
   * The architecture of any values within the genes' choices: `key(decode(encode(a)))` is `key(a)`, and values that mean
   * nothing there are ignored.
   * @throws SpaceError for another number of values, or one out of a gene's choices.
   */
  decode?(values: readonly number[]): A;
  /** A short text that is equal exactly for architectures that the space takes for one and the same: canonical, for files and tables. */
  key(a: A): string;
  /** What `a` stands for. */
  architecture(a: A): Network;
}
