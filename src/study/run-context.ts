import { rmSync } from "node:fs";
import { isDamage } from "../core";
import type { TaskStepContext } from "../tasks";

/** What the steps of a run accept: also whom to tell what is reused, what is done again and why. */
export interface RunContext extends TaskStepContext {
  readonly onNote?: (text: string) => void;
}

/**
 * Does a training that finds its checkpoint; one that is damaged, or of another training, makes way.
 * @param checkpoint Inside the run directory: nobody else's.
 */
export async function freshIfForeign<T>(
  checkpoint: string,
  { onWarning }: RunContext,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isDamage(error) || error.details.path !== checkpoint) throw error;
    onWarning?.(`${checkpoint} is damaged or of another training: trained from the start`);
    rmSync(checkpoint, { force: true });
    return work();
  }
}
