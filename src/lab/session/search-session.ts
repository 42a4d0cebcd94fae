import type { RatedSpace } from "../../rate";
import type { RetrainOptions } from "../../retrain";
import type { WholeCosts } from "../../search";
import type { Candidate, SearchSpace } from "../../space";
import type { Calibration } from "../../surrogate";
import type { Teacher, TeacherBlock } from "../../teacher";
import type { LabData } from "../values/data";
import type { RetrainRecipe } from "../words/retrain-recipe";

/** What all networks that come from one rating have in common. */
export interface SearchSession {
  readonly teacher: Teacher;
  /** Whether the teacher was loaded for its feature maps alone. */
  readonly featuresOnly?: boolean;
  readonly data: LabData;
  readonly blocks: readonly TeacherBlock[];
  readonly space: SearchSpace;
  readonly table: RatedSpace;
  /** Seeds of the steps so far. */
  readonly seeds: Readonly<Record<string, number>>;
  /** Name of what candidates are scored by: one of our measures, an own rating's, or what own scores are called. */
  readonly score: string;
  /** What trained networks say of calibrated ratings; the table's scores are its posterior mean. */
  readonly calibration?: Calibration;
  /** Milliseconds of the teacher by the latency table that the ratings were given, where that has its layers. */
  readonly teacherLatencyMs?: number;
  /** What each block's rating counts in the sum (the paper's lambda); 1 unless given. */
  readonly weights?: readonly number[];
  /** What the supernets learnt for a network. */
  warmStart(choice: readonly Candidate[]): NonNullable<RetrainOptions["warmStart"]>;
  /** How a network was retrained last; the next ones are trained the same way unless told otherwise. */
  recipe: RetrainRecipe;
}

/** What limits may be shares of. */
export function teacherCosts({ teacher, teacherLatencyMs }: SearchSession): WholeCosts {
  const { macs, params, activationBytes } = teacher.cost;
  return { macs, params, activationBytes, ...(teacherLatencyMs !== undefined && { latencyMs: teacherLatencyMs }) };
}
