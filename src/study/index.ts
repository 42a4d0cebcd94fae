export * from "./copy-run";
export * from "./differences";
export * from "./environment";
export * from "./journal";
export * from "./plan-outcome";
export * from "./planned-step";
export * from "./run-directory";
export { isRun } from "./run-files";
export { damageOf, doneSteps } from "./step-records";
