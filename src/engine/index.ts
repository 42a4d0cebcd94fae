export { type EngineName, type EngineOptions, engine } from "./engine";
export type { EngineInfo } from "./engine-words";
export * as fused from "./fused";
export { needNative } from "./need-native";
export { checkRounding, roundingClass } from "./rounding-class";
export { storedRows } from "./stored-rows";
export { tf } from "./tf";
