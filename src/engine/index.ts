export { type EngineInfo, type EngineName, type EngineOptions, engine } from "./engine";
export * as fused from "./fused";
export { tf } from "./tf";
