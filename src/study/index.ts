export * from "./differences";
export * from "./environment";
export * from "./journal";
export * from "./lock";
export * from "./process-identity";
export * from "./run-directory";
