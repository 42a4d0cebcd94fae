export { type EngineInfo, type EngineName, type EngineOptions, engine } from "./engine";
export { tf } from "./tf";
