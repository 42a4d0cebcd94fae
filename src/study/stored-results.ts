import { existsSync } from "node:fs";
import type { z } from "zod";
import { DataError, readJson, wrongForm } from "../core";

/**
 * The results that a command of `blockwise study` has stored.
 * @param from The study's name on the command line, and what its file is.
 * @throws DataError when the file is absent, or another one; it names the command that makes one.
 */
export function readStoredResults<T>(path: string, schema: z.ZodType, from: { study: string; what: string }): T {
  const mend = `make it with npx blockwise study ${from.study}`;
  if (!existsSync(path))
    throw new DataError(`study ${from.study}: ${path} must exist, and does not; ${mend}`, { path });
  const value = readJson(path);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as T;
  throw new DataError(
    `study ${from.study}: ${path} must be ${from.what}, and is not (${wrongForm(parsed.error, value)}); ${mend}`,
    { path },
  );
}
