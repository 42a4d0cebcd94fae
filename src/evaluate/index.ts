export * from "./benchmark-evaluators";
export * from "./evaluator";
export * from "./table-evaluator";
