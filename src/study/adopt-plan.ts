import { BlockwiseError, engineLabel } from "../core";
import type { DataIdentity } from "../data";
import { engine } from "../engine";
import { describeOutcomes, type StepOutcome } from "./plan-outcome";
import type { PlannedStep } from "./planned-step";
import type { RunContext } from "./run-context";
import type { RunDirectory } from "./run-directory";

/** The steps of a run as its configuration wants them. */
export interface WantedPlan {
  readonly plan: readonly PlannedStep[];
  /**
   * The plan of the configuration that the directory had before, for steps that older versions recorded without fingerprints.
   * @throws BlockwiseError where nobody can say any more what they were made by.
   */
  planOf(configBefore: unknown): Promise<readonly PlannedStep[]>;
}

/**
 * The result of a run's last step, where all is done as it is wanted; the plan is then the run's own.
 * @param unrecorded Steps that older versions did not record.
 */
export async function completeResult<T>(
  run: RunDirectory,
  last: string,
  wanted: WantedPlan,
  unrecorded: readonly string[] = [],
): Promise<T | undefined> {
  const result = run.result<T>(last);
  if (!result) return undefined;
  const outcomes = run.compare(wanted.plan, await planBefore(run, wanted));
  if (!outcomes.every(({ step, state }) => state === "reused" || unrecorded.includes(step.name))) return undefined;
  run.adopt(wanted.plan, outcomes);
  return result;
}

/**
 * Makes a plan the run's own and tells what is reused, what is done again and why, and where another engine was at work.
 * @param beforeDrop Told what is done again before the run forgets it: what lies in files may have to go, too.
 */
export async function adoptPlan(
  run: RunDirectory,
  wanted: WantedPlan,
  note: (text: string) => void,
  beforeDrop: (outcomes: readonly StepOutcome[]) => void = () => {},
): Promise<void> {
  const outcomes = run.compare(wanted.plan, await planBefore(run, wanted));
  tell(run, outcomes, note);
  beforeDrop(outcomes);
  run.adopt(wanted.plan, outcomes);
}

/**
 * Records which images a run is made with, as its step "data".
 * @param reads What of the configuration decides which images there are.
 * @param onOtherTest Called where networks were measured on other test images.
 */
export async function recordImages(
  run: RunDirectory,
  images: DataIdentity,
  reads: Readonly<Record<string, unknown>>,
  onOtherTest: () => void,
): Promise<void> {
  const measuredOn = run.result<DataIdentity>("data");
  if (measuredOn && measuredOn.test !== images.test) onOtherTest();
  const known = run.resultOf<DataIdentity>("data", reads);
  if (known && (known.training !== images.training || known.test !== images.test)) run.drop("data", ["images changed"]);
  await run.step("data", () => images, { reads });
}

/** A context whose progress notices in the middle of a step that the directory is gone. */
export function watching(run: RunDirectory, context: RunContext): RunContext {
  return {
    ...context,
    onProgress(event) {
      run.checkInPlace();
      context.onProgress?.(event);
    },
  };
}

async function planBefore(run: RunDirectory, { planOf }: WantedPlan): Promise<readonly PlannedStep[]> {
  const { configBefore } = run;
  if (configBefore === undefined || run.records.every(({ fingerprint }) => fingerprint !== undefined)) return [];
  try {
    return await planOf(configBefore);
  } catch (error) {
    // Nobody can say any more what they were made by: they are done again.
    if (error instanceof BlockwiseError) return [];
    throw error;
  }
}

interface UsedEngine {
  backend?: string;
  isa?: string;
}

function tell(run: RunDirectory, outcomes: readonly StepOutcome[], note: (text: string) => void): void {
  if (outcomes.some(({ state }) => state === "again")) for (const line of describeOutcomes(outcomes)) note(line);
  else if (run.changes.length > 0) note(`changed, and nothing done so far depends on it: ${run.changes.join("; ")}`);
  // Any number of threads gives the same bytes.
  const now = engineLabel(engine.info());
  const engines = run.records.flatMap(({ engine: of }) => {
    const used = of as UsedEngine | undefined;
    return used ? [engineLabel(used)] : [];
  });
  const others = [...new Set(engines)].filter((engine) => engine !== now);
  if (others.length === 0) return;
  note(
    `steps done so far were computed by ${others.join(" and ")}, the rest is by ${now}: last digits may differ from a run by one of them alone`,
  );
}
