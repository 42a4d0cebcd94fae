export * from "./nas-bench-201";
export * from "./nas-bench-201-size";
export * from "./nas-bench-macro";
export { type Estimate, pairedBootstrap } from "./paired-bootstrap";
export { rankEntropy } from "./rank-entropy";
export * from "./rank-metrics";
export * from "./tables";
