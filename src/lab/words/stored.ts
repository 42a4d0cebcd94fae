import { existsSync } from "node:fs";
import { z } from "zod";
import {
  ConfigError,
  checkOptions,
  DataError,
  fingerprint,
  type OptionRules,
  readJsonAs,
  rule,
  writeJson,
} from "../../core";
import { differences, provenanceOf } from "../../study";

export interface StoredOptions<T> {
  /** All that decides the result, as plain data: a file that was made with others is refused. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Makes the result: plain data, as JSON has it. Called only with `anew`. */
  readonly make: () => T | Promise<T>;
  /** Whether the result is made again and replaces what the file holds. Default false. */
  readonly anew?: boolean;
}

const STORED_RULES: OptionRules<StoredOptions<unknown>> = {
  settings: rule.any,
  make: rule.any,
  anew: rule.boolean,
};

/** How a file of a stored result is; the form of the result itself is the notebook's. */
const storedSchema = z.looseObject({
  settings: z.record(z.string(), z.unknown()),
  result: z.unknown(),
  provenance: z.looseObject({ finished: z.string() }),
});

const MEND =
  "make the result again with anew: true (where it is a notebook's parameter: -p anew=true), or fetch the file anew";
/** More differing settings are only counted. */
const LISTED = 3;

/**
 * A result that takes long: read from its file, which says by what settings, code and machine it was made; or made anew, and
 * kept there. So a notebook can be run by who has no time to train, and says so where its settings were changed.
 * @throws DataError when the file does not exist, CheckpointError when it is damaged or something else.
 * @throws ConfigError when it was made with other settings, or the result is not plain data with finite numbers.
 */
export async function stored<T>(path: string, options: StoredOptions<T>): Promise<T> {
  checkOptions("lab.stored", options, STORED_RULES);
  const { settings, make, anew = false } = options;
  if (typeof path !== "string" || typeof make !== "function") {
    throw new ConfigError(
      'lab.stored: it must get a file and how to make what is in it, e.g. lab.stored("expected/ratings.json", { settings, make: () => ..., anew })',
    );
  }
  if (anew) return write(path, settings, await make());
  if (!existsSync(path)) {
    throw new DataError(`lab.stored: ${path} must hold a stored result, and does not exist; ${MEND}`, { path });
  }
  const file = readJsonAs(path, storedSchema, { what: "a stored result", mend: MEND });
  const other = differences(file.settings, plain(settings, "the settings"));
  if (other.length === 0) return file.result as T;
  const listed = other.slice(0, LISTED).join("; ");
  const more = other.length > LISTED ? `; and ${other.length - LISTED} more` : "";
  throw new ConfigError(
    `lab.stored: ${path} must have been made with these settings, and was with others (${listed}${more}); ${MEND}, or take those settings`,
    { path, differences: other },
  );
}

function write<T>(path: string, settings: StoredOptions<T>["settings"], result: T): T {
  const kept = plain(result, "the result");
  const provenance = provenanceOf(`lab.stored(${JSON.stringify(path)}, { anew: true, ... })`);
  writeJson(path, { settings: plain(settings, "the settings"), result: kept, provenance });
  return kept;
}

/** As it comes back from a file: both ways give the same. @throws ConfigError when JSON cannot hold it. */
function plain<T>(value: T, what: string): T {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
    const back = text === undefined ? undefined : JSON.parse(text);
    if (text !== undefined && fingerprint(back) === fingerprint(value)) return back;
  } catch (cause) {
    throw new ConfigError(`lab.stored: ${what} must be plain data, as JSON has it: ${String(cause)}`, {}, { cause });
  }
  throw new ConfigError(
    `lab.stored: ${what} must be plain data with finite numbers, as JSON has it, got ${text ?? String(value)}, which is not what was given`,
  );
}
