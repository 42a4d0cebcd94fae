export * from "./layout";
export * from "./names";
export * from "./state-shapes";
