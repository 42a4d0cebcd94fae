import { arch, cpus, platform, release, totalmem } from "node:os";
import { contentHash, readOrSetAside, type StepContext, writeJson } from "../core";
import { engine } from "../engine";
import { type Environment, readSittings, type Sitting } from "./sittings";

/** The machine and the engine in use. */
export function environment(): Environment {
  return {
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    engine: { ...engine.info() },
  };
}

/** Adds the machine and the engine in use to a run's `environment.json`, unless they are those of its last sitting. */
export function recordSitting(path: string, context: StepContext = {}): readonly Sitting[] {
  const read = () => readSittings(path);
  const before = readOrSetAside(path, read, "the machine is written anew", context) ?? [];
  const now = environment();
  const last = before.at(-1);
  if (last && contentHash(lasting(last)) === contentHash(lasting(now))) return before;
  const sittings = [...before, { ...now, since: new Date().toISOString() }];
  writeJson(path, { sittings });
  return sittings;
}

/** What does not change from one moment to the next. */
function lasting({ since: _, engine: { fallbacks: __, ...engine }, ...machine }: Sitting) {
  return { ...machine, engine };
}
