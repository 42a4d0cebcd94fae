export * from "./block-cost";
export * from "./layer-cost";
export * from "./network-cost";
