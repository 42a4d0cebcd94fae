export * from "./results-file";
export type { DartsRun } from "./run-darts";
export { bestRated, type DnaRun } from "./run-dna";
export {
  growingCells,
  type LookedUpSystem,
  type SearchedTrainings,
  type SystemRun,
  searchSystem,
} from "./search-system";
export * from "./settings";
export { type SharedTable, sharedTable, type TimedRow, type TrainingCosts, trainingCosts } from "./shared-table";
export * from "./summary";
export { oneNodeCells, type StageRow } from "./trainings";
