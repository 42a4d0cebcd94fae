export * from "./layout";
export * from "./names";
export * from "./state-shapes";
export * from "./weights-file";
