import { existsSync } from "node:fs";
import { z } from "zod";
import { readJsonAs } from "../core";

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

/**
 * The environments of a run in order of time; none when the file is not there.
 * @throws CheckpointError when it is damaged.
 */
export function readSittings(path: string): Sitting[] {
  if (!existsSync(path)) return [];
  const mend = "delete it: the same blockwise run writes it again";
  return readJsonAs<Sitting[]>(path, fileSchema as z.ZodType<Sitting[]>, { what: "a run's environment", mend });
}
