import { fingerprint } from "../core";

/** One step of a run as it is wanted: what it reads by itself and what it builds on. */
export interface PlannedStep {
  /** In the journal: "teacher", "rate/block0". */
  readonly name: string;
  /** In messages: "teacher", "ratings"; steps of one family are told together. */
  readonly family: string;
  /** Names all that decides the outcome: what the step reads, and the fingerprints of the steps before. */
  readonly fingerprint: string;
  /** Fingerprints of what it reads, by the place in the configuration: "distill.epochs", "data". */
  readonly reads: Readonly<Record<string, string>>;
  /** Names of the steps that it builds on. */
  readonly after: readonly string[];
  /** Files inside the directory that belong to the result. */
  readonly files: (result: unknown) => readonly string[];
}

/** What of a planned step is not computed. */
export interface StepParts {
  readonly name: string;
  readonly family: string;
  /** Values of what it reads, by place; those undefined count as absent. */
  readonly reads: Readonly<Record<string, unknown>>;
  readonly after?: readonly string[];
  readonly files?: (result: never) => readonly string[];
}

/**
 * Fills the fingerprints of steps in.
 * @param parts Each step behind those that it builds on.
 */
export function planSteps(parts: readonly StepParts[]): PlannedStep[] {
  const planned = new Map<string, PlannedStep>();
  for (const { name, family, reads: values, after = [], files = () => [] } of parts) {
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    const reads = Object.fromEntries(given.map(([place, value]) => [place, fingerprint(value)]));
    const before = after.map((step) => planned.get(step)!.fingerprint);
    planned.set(name, {
      name,
      family,
      reads,
      after,
      fingerprint: fingerprint({ name, reads, before }),
      files: files as PlannedStep["files"],
    });
  }
  return [...planned.values()];
}

/** Values under their places in the configuration: `{ "rate.images": 512 }`. */
export function placed(place: string, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${place}.${key}`, value]));
}
