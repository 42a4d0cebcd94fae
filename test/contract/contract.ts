/**
 * One thing that an implementation must do. Suites are lists of these, so that any test runner runs them:
 * `for (const { title, run } of searcherContract(...)) it(title, run);`
 */
export interface ContractCheck {
  readonly title: string;
  /** @throws AssertionError where the implementation breaks the contract. */
  readonly run: () => void | Promise<void>;
}
