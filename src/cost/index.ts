export * from "./block-cost";
export * from "./distillation-cost";
export * from "./latency-costs";
export * from "./latency-spread";
export * from "./latency-table";
export * from "./layer-cost";
export * from "./network-cost";
export * from "./shrink";
