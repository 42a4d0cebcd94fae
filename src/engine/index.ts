export { type EngineInfo, type EngineName, type EngineOptions, engine } from "./engine";
export * as fused from "./fused";
export { checkRounding, roundingClass } from "./rounding-class";
export { tf } from "./tf";
