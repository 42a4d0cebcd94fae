import { fingerprint, type OptionRules, rule } from "../../core";
import { RETRAIN_RULES, type RetrainOptions } from "../../retrain";
import type { Teacher } from "../../teacher";

/** How a found network is trained from scratch; what is left out has a default. */
export interface RetrainRecipe extends Partial<Omit<RetrainOptions, "distillation" | "task" | "warmStart">> {
  /** Learn the teacher's answers beside the labels, with this share (0..1) and temperature. */
  readonly distillation?: { readonly weight: number; readonly temperature: number };
  /** Start from what the supernets learnt, where it fits, or from given weights, instead of from drawn ones. */
  readonly warmStart?: boolean | RetrainOptions["warmStart"];
}

const { task: _task, ...retrainRules } = RETRAIN_RULES;

/** What each part of a recipe must be. */
export const RECIPE_RULES: OptionRules<RetrainRecipe> = {
  ...retrainRules,
  distillation: rule.options<NonNullable<RetrainRecipe["distillation"]>>({
    weight: rule.within(0, 1),
    temperature: rule.above(0),
  }),
  warmStart: rule.either(rule.boolean, {
    must: "weights { name, tensors }",
    holds: (value) => typeof value === "object" && value !== null && "tensors" in value,
  }),
};

/** Whether two trainings were alike but for what is trained: only then do their accuracies compare architectures. */
export function sameTraining(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  return fingerprint(a) === fingerprint(b);
}

const recipes = new WeakMap<Teacher, RetrainRecipe>();

/** Keeps how a network found with a teacher was retrained, for {@link recipeOfTeacher}. */
export function rememberRecipe(teacher: Teacher, recipe: RetrainRecipe): void {
  recipes.set(teacher, recipe);
}

/** How networks found with this teacher were retrained last; by the defaults where none was. */
export function recipeOfTeacher(teacher: Teacher): RetrainRecipe {
  return recipes.get(teacher) ?? {};
}
