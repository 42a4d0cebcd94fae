import type { Timed } from "./timed-model";

/** Something that runs models and says how long each run takes. */
export interface Timer {
  /** What it runs on, and the versions of what it runs with. */
  readonly device: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Makes a model ready to be run; models are called by their numbers. @param batch Images at once. */
  prepare(model: number, timed: Timed, batch: number): Promise<void>;
  /** Runs models one after another: milliseconds of each. */
  times(models: readonly number[]): Promise<number[]>;
  /** Ends it and all of its processes. */
  close(): Promise<void>;
}
