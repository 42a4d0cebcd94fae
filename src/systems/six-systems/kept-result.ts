import { existsSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { fingerprint, makeFolder, readJsonAs, writeJson } from "../../core";

/**
 * A result of some seconds' work that a file keeps, whole or not at all; work that was stopped begins anew, so that its seconds are
 * those of all of it.
 * @param decides Everything that decides the result; the file is named by it.
 * @throws CheckpointError when the file is damaged.
 */
export async function keptResult<T>(
  folder: string,
  name: string,
  decides: object,
  schema: z.ZodType<T>,
  make: () => Promise<T>,
): Promise<T> {
  makeFolder(folder);
  const file = join(folder, `${name}-${fingerprint(decides)}.json`);
  const purpose = { what: `a result of ${name}`, mend: "delete it and run the same command again" };
  if (existsSync(file)) return readJsonAs(file, schema, purpose);
  const result = await make();
  writeJson(file, result);
  return result;
}
