import type { RatedSpace } from "../rate";
import type { SearchSpace } from "../space";
import type { Teacher, TeacherBlock } from "../teacher";
import type { LabData } from "./lab-data";
import type { RetrainRecipe } from "./retrain-recipe";

/** What all networks that come from one rating have in common. */
export interface SearchSession {
  readonly teacher: Teacher;
  readonly data: LabData;
  readonly blocks: readonly TeacherBlock[];
  readonly space: SearchSpace;
  readonly table: RatedSpace;
  /** Seeds of the steps so far. */
  readonly seeds: Readonly<Record<string, number>>;
  /** How a network was retrained last; the next ones are trained the same way unless told otherwise. */
  recipe: RetrainRecipe;
}
