export * from "./open-trials";
export * from "./run-trials";
export * from "./shown-trials";
export * from "./trial-config";
export * from "./trial-defaults";
