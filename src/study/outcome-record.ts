import { StudyError } from "../core";
import type { Outcome } from "../search";
import type { JournalRecord } from "./journal";

/** A number as JSON has it: NaN is null, an infinite one its name. */
type Kept = number | null | "Infinity" | "-Infinity";

/** What came of an evaluation, as a journal keeps it: NaN and what is infinite are that again when it is read. */
export interface OutcomeRecord extends JournalRecord {
  readonly values: Readonly<Record<string, Kept>>;
  readonly costs: Readonly<Record<string, Kept>>;
  readonly seconds?: number;
  readonly state?: unknown;
  readonly fingerprint: string;
}

/**
 * What a journal keeps of an outcome.
 * @throws StudyError when it is none: nothing is to be kept of what could not be read again.
 */
export function outcomeRecord(step: string, outcome: Outcome, evaluator: string): OutcomeRecord {
  if (!isNumbers(outcome?.values) || !isNumbers(outcome?.costs) || typeof outcome?.fingerprint !== "string") {
    throw new StudyError(
      `${step}: the evaluator ${evaluator} must give { values, costs, fingerprint }, values and costs numbers by name, fingerprint a text, got ${JSON.stringify(outcome)?.slice(0, 200)}`,
      { evaluator },
    );
  }
  const { values, costs, seconds, state, fingerprint } = outcome;
  return { step, values: written(values), costs: written(costs), seconds, state, fingerprint };
}

export function recordedOutcome({ values, costs, seconds, state, fingerprint }: OutcomeRecord): Outcome {
  return { values: read(values), costs: read(costs), seconds, state, fingerprint };
}

function isNumbers(given: unknown): boolean {
  return typeof given === "object" && given !== null && Object.values(given).every((one) => typeof one === "number");
}

function written(numbers: Readonly<Record<string, number>>): Record<string, Kept> {
  const kept = (value: number): Kept =>
    Number.isFinite(value) ? value : Number.isNaN(value) ? null : value > 0 ? "Infinity" : "-Infinity";
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, kept(value)]));
}

function read(numbers: Readonly<Record<string, Kept>>): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value ?? Number.NaN)]));
}
