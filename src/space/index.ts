export * from "./block";
export * from "./enumerate";
export * from "./layers";
export * from "./shapes";
export * from "./types";
export * from "./validate";
