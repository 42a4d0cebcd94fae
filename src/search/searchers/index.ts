export * from "./dominance";
export * from "./evolution";
export { bestTrial, budgetSize, type Goal, namedValue, scoreOf } from "./goal";
export * from "./nsga2";
export * from "./ordered";
export type { PredictedValue, Predictor } from "./predictor";
export { type GrowingSpace, type ProgressiveOptions, progressiveSearcher } from "./progressive";
export * from "./random";
export * from "./searcher";
export {
  checkSearcher,
  type Scored,
  SEARCHER_RULES,
  type SearcherOptions,
  SingleGoalSearcher,
} from "./single-goal";

export * from "./smbo";
export * from "./staged-evolution";
export * from "./successive-halving";
export * from "./tpe";
export { TrialLog } from "./trial-log";
