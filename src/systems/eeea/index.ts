export * from "./results-file";
export { type ArmRun, type ExitLimit, eeeaTable, exitLimit, runArm } from "./run-arm";
export * from "./settings";
export * from "./summary";
