export * from "./block-supernet";
export * from "./cell-checkpoint";
export * from "./cell-supernet";
export * from "./distill-block";
export * from "./distill-cell";
export * from "./distill-options";
export * from "./feature-source";
export * from "./path-sampler";
