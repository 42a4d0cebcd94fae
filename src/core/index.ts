export * from "./atomic-file";
export * from "./errors";
export * from "./progress";
export * from "./rng";
export * from "./units";
