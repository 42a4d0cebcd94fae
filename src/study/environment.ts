import { existsSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { z } from "zod";
import { contentHash, readJsonAs, readOrSetAside, type StepContext, writeJson } from "../core";
import { engine } from "../engine";

const schema = z.looseObject({
  node: z.string(),
  platform: z.string(),
  cpu: z.string(),
  cores: z.number(),
  memoryBytes: z.number(),
  engine: z.looseObject({
    backend: z.string().optional(),
    device: z.string(),
    threads: z.number(),
    isa: z.string().optional(),
    versions: z.record(z.string(), z.string()),
  }),
});

/** What a run's numbers may depend on beside its configuration. */
export type Environment = z.output<typeof schema>;

const sitting = schema.extend({
  /** When the run was opened there first. */
  since: z.string().optional(),
});

/** A run's environment from a time on: it may be stopped on one machine and go on at another. */
export type Sitting = z.output<typeof sitting>;

/** Older versions wrote the last environment alone. */
const fileSchema = z.union([
  z.object({ sittings: z.array(sitting).min(1) }).transform(({ sittings }) => sittings),
  schema.transform((only): Sitting[] => [only]),
]);

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

/**
 * The environments of a run in order of time; none when the file is not there.
 * @throws CheckpointError when it is damaged.
 */
export function readSittings(path: string): Sitting[] {
  if (!existsSync(path)) return [];
  const mend = "delete it: the same blockwise run writes it again";
  return readJsonAs<Sitting[]>(path, fileSchema as z.ZodType<Sitting[]>, { what: "a run's environment", mend });
}
