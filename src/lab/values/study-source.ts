import type { TrueNetwork } from "../../benchmark";
import type { StoredStudy, StoredStudyOptions, StudyConfig } from "../../study/ranking";
import type { StudySummary } from "../../systems/dna-studies";

/** What tables and figures of a study are made from. */
export interface StudySource {
  /** What the command `blockwise study` knows the study by. */
  readonly name: string;
  readonly config: StudyConfig;
  /** The benchmark's distinct networks. */
  readonly truth: readonly TrueNetwork[];
  /** @param variant Of this one alone; of all, the first one leading, when left out. */
  summary(draws?: number, variant?: string): StudySummary;
  stored(options?: StoredStudyOptions): StoredStudy;
  standing(options?: StoredStudyOptions & { readonly seed?: number }): string[];
}
