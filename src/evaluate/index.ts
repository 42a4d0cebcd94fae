export * from "./benchmark-evaluators";
export * from "./brief-trainings";
export * from "./evaluator";
export * from "./label-free";
export * from "./table-evaluator";
export * from "./trained-cells";
export * from "./trained-rows";
