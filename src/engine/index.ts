export * as fused from "./fused";
export { tf } from "./tf";
