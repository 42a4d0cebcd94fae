export * from "./differences";
export * from "./environment";
export * from "./journal";
export * from "./run-directory";
