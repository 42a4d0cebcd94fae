import { z } from "zod";
import { ConfigError } from "./errors";
import { nearestName } from "./nearest-name";

/**
 * Checks a configuration and fills the defaults in; for a key that is not known the nearest is proposed.
 * @param what It must be, "an experiment".
 * @throws ConfigError listing everything that is wrong, each with its place.
 */
export function parseConfig<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  { where, what }: { readonly where: string; readonly what: string },
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const near = issues.flatMap((issue) =>
    issue.code === "unrecognized_keys" ? meant(schema, issue.path, issue.keys) : [],
  );
  throw new ConfigError(
    `${where}: must be ${what}, and is not:\n${[z.prettifyError(result.error), ...near].join("\n")}`,
    {
      where,
      issues: issues.map(({ path, message }) => ({ place: path.join("."), message })),
    },
  );
}

/** Proposals for misspelt keys of the object at a place. */
function meant(schema: z.ZodType, path: readonly PropertyKey[], keys: readonly string[]): string[] {
  let at: z.ZodType | undefined = schema;
  for (const key of path) at = at && shapeOf(at)[String(key)];
  const known = at ? Object.keys(shapeOf(at)) : [];
  return keys.flatMap((key) => {
    const near = nearestName(key, known);
    return near ? [`"${key}": perhaps "${near}" is meant`] : [];
  });
}

/** Keys of an object's schema, under what fills its defaults in. */
function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  if (schema instanceof z.ZodObject) return schema.shape as Record<string, z.ZodType>;
  const { innerType } = schema.def as { innerType?: z.ZodType };
  return innerType ? shapeOf(innerType) : {};
}
