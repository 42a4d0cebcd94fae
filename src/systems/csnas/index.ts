export { allCells, type CellCode, type CellCodeFigures, cellCode, cellCodeFigures } from "./cell-code";
export { COMPARED_ARMS, middleCell, usualChoice } from "./chosen-cells";
export * from "./results-file";
export { type CsnasRun, runCsnasArm, type ScoredCell, type ScoreTable, type SearchSizes } from "./run-arm";
export * from "./settings";
export { smallCellCode, smallCsnasNetwork } from "./small-network";
export * from "./summary";
export { csnasCells, csnasData } from "./trainings";
