import { z } from "zod";
import { MOST } from "./bounds";
import { nearestName } from "./nearest-name";
import { shown } from "./options";
import { isPercent, parseShare } from "./units";

/** Parts that the rooms' schemas of configurations have in common. */

/** What a value of several forms must be; of names the nearest is proposed. */
export function must(expected: string, names: readonly string[] = []) {
  return {
    error({ input }: { readonly input?: unknown }) {
      const near = typeof input === "string" ? nearestName(input, names) : undefined;
      return `must be ${expected}, got ${shown(input)}${near ? `; perhaps "${near}" is meant` : ""}`;
    },
  };
}

/** A whole number from 1. */
export const upTo = (most: number) => z.int().min(1).max(most);

/** Counts that several rooms ask for. */
export const COUNTS = {
  images: upTo(MOST.images),
  epochs: upTo(MOST.epochs),
  batchSize: upTo(MOST.batchSize),
  networks: upTo(MOST.networks),
} as const;

/** A share, or text such as "27%". */
export const asShare = (least: z.ZodNumber) =>
  z.preprocess((value) => (isPercent(value) ? parseShare(value) : value), least);

/** `[low, high]` of positive numbers. */
export function risingInterval(most: number) {
  const end = z.number().gt(0).max(most);
  return z.tuple([end, end]).refine(([low, high]) => low <= high, "must be [low, high], the lower first");
}

/** Options that are newer than records which still hold: at their defaults they count as absent. */
export function withoutDefaults<Options extends object>(
  given: Options,
  defaults: { readonly [Name in keyof Options]?: unknown },
  names: readonly (keyof Options)[],
): Partial<Options> {
  const left = names.map((name) => [name, given[name] === defaults[name] ? undefined : given[name]]);
  return Object.fromEntries(left) as Partial<Options>;
}
