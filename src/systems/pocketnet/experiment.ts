import { z } from "zod";
import { MOST } from "../../core";
import { upTo } from "../../core/config-schema";
import { parseConfig } from "../../core/parse-config";
import { POCKETNET_SETTINGS, type PocketNetSettings } from "./settings";

/**
 * The form of settings: where the usual value is a whole number, one from 1 on (seeds: any); else a number above 0. What is left
 * out is as usual.
 */
function formOf(usual: Readonly<Record<string, unknown>>): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(usual).map(([name, value]) => [name, valueForm(name, value)]));
}

function valueForm(name: string, usual: unknown): z.ZodType {
  if (name === "order") return z.union([z.literal(1), z.literal(2)]).default(usual as 1);
  if (name === "seeds")
    return z
      .array(z.int())
      .min(1)
      .default(usual as number[]);
  if (typeof usual === "object") return z.strictObject(formOf(usual as Record<string, unknown>)).prefault({});
  if (/seed$/i.test(name)) return z.int().default(usual as number);
  const number = Number.isInteger(usual) && !/weight|scale/i.test(name) ? z.int().min(1) : z.number().gt(0);
  return number.default(usual as number);
}

const experimentForm = z.strictObject({
  system: z.literal("pocketnet"),
  /** Names the run directory; the file's name when left out. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, dots, dashes and underscores")
    .optional(),
  /** Threads of the engine; the physical cores when left out. */
  threads: upTo(MOST.threads).optional(),
  ...formOf(POCKETNET_SETTINGS),
});

/** An experiment of PocketNet: the study's settings, each of which may be another. */
export interface PocketNetExperiment {
  readonly name?: string;
  readonly threads?: number;
  readonly settings: PocketNetSettings;
}

/**
 * Checks an experiment of PocketNet and fills in the study's settings.
 * @throws ConfigError listing everything that is wrong, each with its place.
 */
export function parsePocketNet(value: unknown, where = "experiment"): PocketNetExperiment {
  const parsed = parseConfig(experimentForm, value, { where, what: "an experiment" });
  const { system: _, name, threads, ...settings } = parsed as Record<string, unknown>;
  return {
    ...(name !== undefined && { name: name as string }),
    ...(threads !== undefined && { threads: threads as number }),
    settings: settings as unknown as PocketNetSettings,
  };
}
