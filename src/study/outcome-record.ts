import type { Outcome } from "../search";
import type { JournalRecord } from "./journal";

/** What came of an evaluation, as a journal keeps it. NaN is null in JSON, and NaN again when it is read. */
export interface OutcomeRecord extends JournalRecord {
  readonly values: Readonly<Record<string, number | null>>;
  readonly costs: Readonly<Record<string, number>>;
  readonly seconds?: number;
  readonly state?: unknown;
  readonly fingerprint: string;
}

export function recordedOutcome({ values, costs, seconds, state, fingerprint }: OutcomeRecord): Outcome {
  const measured = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value ?? Number.NaN]));
  return { values: measured, costs, seconds, state, fingerprint };
}
