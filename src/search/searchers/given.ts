import { ConfigError, shown } from "../../core";
import type { Space } from "../../space";
import type { Outcome } from "./searcher";

/**
 * Checks that a searcher was given a space.
 * @param needs Functions that it calls.
 * @throws ConfigError saying what a space must have.
 */
export function checkSpace(where: string, space: unknown, needs: readonly (keyof Space<unknown>)[]): void {
  const lacking = needs.filter((name) => typeof (space as Space<unknown> | undefined)?.[name] !== "function");
  if (lacking.length === 0) return;
  throw new ConfigError(
    `${where}: space must be one with ${needs.join(", ")}, such as nasBench201Cells() or chainSpace(spacePreset("dna-mini")), ${typeof space === "object" && space !== null ? `and lacks ${lacking.join(", ")}` : `got ${shown(space)}`}`,
    { lacking },
  );
}

/** Checks that an outcome has the form of one. @throws ConfigError saying what one is. */
export function checkOutcomeForm(where: string, outcome: unknown): asserts outcome is Outcome {
  const { values, costs } = (outcome ?? {}) as Partial<Outcome>;
  if ([values, costs].every((of) => typeof of === "object" && of !== null)) return;
  throw new ConfigError(
    `${where}: a trial's outcome must be { values, costs, fingerprint }, e.g. { values: { validation: 91.2 }, costs: {}, fingerprint: "..." }, got ${shown(outcome)}`,
  );
}
