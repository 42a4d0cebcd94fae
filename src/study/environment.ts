import { arch, cpus, platform, release, totalmem } from "node:os";
import { type EngineInfo, engine } from "../engine";

/** What a run's numbers may depend on beside its configuration. */
export interface Environment {
  readonly node: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly engine: EngineInfo;
}

/** The machine and the engine in use. */
export function environment(): Environment {
  return {
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    engine: engine.info(),
  };
}
