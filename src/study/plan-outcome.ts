import type { JournalRecord } from "./journal";
import type { PlannedStep } from "./planned-step";

/** What becomes of a planned step in a directory. */
export interface StepOutcome {
  readonly step: PlannedStep;
  /** "reused": done as it is wanted; "again": done otherwise, or its files are not what they were; "open": not done yet. */
  readonly state: "reused" | "again" | "open";
  /** Why again: "search.weights: nothing, now [1,2]", "builds on ratings", "ratings/block0.json is missing". */
  readonly because: readonly string[];
  /** Whether it was done from something else, not only lost its files. */
  readonly changed: boolean;
}

export interface OutcomeSources {
  /** What is done, by step. */
  readonly done: ReadonlyMap<string, JournalRecord>;
  /** The plan of the configuration that the directory had before: what records without fingerprints were made by. */
  readonly before: readonly PlannedStep[];
  /** Where the configurations differ: "search.weights: nothing, now [1,2]". */
  readonly differences: readonly string[];
  /** What is wrong with the files of a record, if anything. */
  readonly damage: (step: PlannedStep, record: JournalRecord) => string | undefined;
}

/** Compares a plan with what is done. */
export function planOutcomes(
  plan: readonly PlannedStep[],
  { done, before, differences, damage }: OutcomeSources,
): StepOutcome[] {
  const earlier = new Map(before.map((step) => [step.name, step]));
  const changed = new Map<string, PlannedStep>();
  return plan.map((step): StepOutcome => {
    const record = done.get(step.name);
    if (!record) return { step, state: "open", because: [], changed: false };
    const made = earlier.get(step.name);
    const fingerprint = record.fingerprint ?? made?.fingerprint;
    if (fingerprint !== step.fingerprint) {
      changed.set(step.name, step);
      const reads = (record.reads as PlannedStep["reads"] | undefined) ?? made?.reads;
      const own = reads ? changedReads(reads, step.reads, differences) : ["made with another configuration"];
      const on = step.after.flatMap((name) => changed.get(name)?.family ?? []);
      const builds = [...new Set(on)].filter((family) => family !== step.family).map((family) => `builds on ${family}`);
      const because = own.length > 0 ? own : builds;
      return {
        step,
        state: "again",
        because: because.length > 0 ? because : ["what it builds on changed"],
        changed: true,
      };
    }
    const broken = damage(step, record);
    const state = broken ? "again" : "reused";
    return { step, state, because: broken ? [broken] : [], changed: false };
  });
}

/** What changed of the things that a step reads, as the configuration has it where it says so. */
function changedReads(
  before: PlannedStep["reads"],
  now: PlannedStep["reads"],
  differences: readonly string[],
): string[] {
  const places = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((at) => before[at] !== now[at]);
  const told = places.flatMap((place) => {
    const own = differences.filter(
      (text) => text.startsWith(`${place}:`) || text.startsWith(`${place}.`) || text.startsWith(`${place}[`),
    );
    return own.length > 0 ? own : [`${place} changed`];
  });
  return [...new Set(told)];
}

/** Reasons that are told of a family before the rest is only counted. */
const TOLD = 3;

/**
 * The outcomes in words, family by family: "reused: teacher, ratings"; "again: search (search.weights: ...)"; nothing for
 * steps that were not done before.
 */
export function describeOutcomes(outcomes: readonly StepOutcome[]): string[] {
  const families = [...new Set(outcomes.map(({ step }) => step.family))];
  const lines: string[] = [];
  const reused = families.filter((family) => of(outcomes, family).every(({ state }) => state === "reused"));
  if (reused.length > 0) lines.push(`reused: ${reused.join(", ")}`);
  for (const family of families) {
    const all = of(outcomes, family);
    const again = all.filter(({ state }) => state === "again");
    if (again.length === 0) continue;
    const some = again.length < all.length ? `${again.length} of ${all.length} ` : "";
    const reasons = [...new Set(again.flatMap(({ because }) => because))];
    const rest = reasons.length > TOLD ? ` and ${reasons.length - TOLD} more` : "";
    lines.push(`again: ${some}${family} (${reasons.slice(0, TOLD).join("; ")}${rest})`);
  }
  return lines;
}

function of(outcomes: readonly StepOutcome[], family: string): StepOutcome[] {
  return outcomes.filter(({ step }) => step.family === family);
}
