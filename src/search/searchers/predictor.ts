import type { OptionRule } from "../../core";

/** What a predictor says of an architecture. */
export interface PredictedValue {
  /** In the unit of the values that it was fitted to. */
  readonly mean: number;
  /** How unsure it is, same unit, e.g. the spread of an ensemble; 0 where it does not know. */
  readonly deviation: number;
}

/**
 * Guesses values of architectures from those that were evaluated. `test/contract/predictor-contract.ts` has its suite.
 */
export interface Predictor<A> {
  readonly name: string;
  /**
   * Learns anew from all that is known, higher is better; values are finite. Equal data give an equal predictor, whatever
   * it was fitted to before.
   */
  fit(known: readonly { readonly architecture: A; readonly value: number }[]): void;
  /** In the order given. @throws ConfigError before it was fitted. */
  predict(architectures: readonly A[]): readonly PredictedValue[];
}

/** What a searcher's option of a predictor must be. */
export const PREDICTOR_RULE: OptionRule = {
  must: "a predictor, with fit and predict",
  holds: (value) =>
    typeof (value as Predictor<unknown>)?.fit === "function" &&
    typeof (value as Predictor<unknown>)?.predict === "function",
};
