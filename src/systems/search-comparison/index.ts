export * from "./comparison-file";
export * from "./search-table";
export * from "./settings";
export * from "./summary";
