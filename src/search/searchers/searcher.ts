/** What an evaluation may spend, by name: `{ epochs: 4, images: 5000 }`. Left out, it spends what the evaluator usually does. */
export type EvaluationBudget = Readonly<Record<string, number>>;

/** What came of evaluating an architecture. Plain JSON but for `state`. */
export interface Outcome<State = unknown> {
  /** By name, such as "validation" and "test": percent or what the evaluator says. NaN where training failed; it never wins. */
  readonly values: Readonly<Record<string, number>>;
  /** What the architecture costs, by name: "macs", "params", ...; and what the evaluation did: "trainingMacs". */
  readonly costs: Readonly<Record<string, number>>;
  /** Of the evaluation; undefined where it was not measured. */
  readonly seconds?: number;
  /** From what a larger budget may go on, e.g. weights; undefined where there is nothing. */
  readonly state?: State;
  /** Names everything that decided the outcome. */
  readonly fingerprint: string;
}

/** An architecture that a searcher wants to have evaluated. */
export interface Trial<A> {
  /** From 0, in the order of asking. */
  readonly id: number;
  readonly architecture: A;
  /** Of the space. */
  readonly key: string;
  readonly budget?: EvaluationBudget;
  /** The trial of the same architecture whose state this one goes on from. */
  readonly from?: number;
}

/** A trial with what came of it. */
export interface ToldTrial<A> {
  readonly trial: Trial<A>;
  readonly outcome: Outcome;
}

/**
 * Proposes architectures and learns how good they were; whoever holds it decides where, when and how many at a time they are
 * evaluated.
 *
 * - `ask(n)` is n times `ask(1)`.
 * - A searcher has no state but what follows from its options (seed included) and the order of its calls, so that one that is
 *   made anew and asked and told the same again is where the first one was: so a search resumes from its journal.
 * - Values that are NaN never win against others.
 *
 * `test/contract/searcher-contract.ts` has the suite that any searcher must pass.
 */
export interface Searcher<A> {
  readonly name: string;
  /**
   * Up to `count` trials, 1 unless given; fewer, even none, where outcomes must be told first, or where nothing is left to
   * propose: none though nothing is pending means the end.
   * @throws ConfigError when `count` is no whole number from 1.
   */
  ask(count?: number): Trial<A>[];
  /**
   * Checks an outcome before it is told, so that what would be refused is kept nowhere. A searcher that goes by no value has none.
   * @throws ConfigError when the outcome lacks a value that the searcher goes by.
   */
  checkOutcome?(outcome: Outcome): void;
  /**
   * @throws ConfigError when the trial was not asked or was told before, or when the outcome lacks a value that the searcher
   *   goes by.
   */
  tell(trial: Trial<A>, outcome: Outcome): void;
}
