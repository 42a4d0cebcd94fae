import { z } from "zod";
import { isPercent, parseCountOf } from "../core";
import { architectureSchema, preprocessingSchema } from "../teacher";

/** Marks a found network's file and its version. */
export const FOUND_FORMAT = "blockwise-found-1";

/** What `cost.flops` is: the counter behind the published figures, not multiply-adds. */
export const FLOPS_COUNTER = "the papers' counter: macs + 2 per batch-norm input + 1 per pooling input";

/** A count; what a share is of, a file does not know. */
const counted = z.union([z.number(), z.string()]).transform((value, context): number => {
  try {
    return parseCountOf(value, undefined);
  } catch {
    const message = isPercent(value)
      ? `must be a count, got ${JSON.stringify(value)}: it is a share of a teacher's, which the file does not know; give the number that it stood for`
      : `must be a count such as 4e6 or "4M", got ${JSON.stringify(value)}`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  }
});

/** How an architecture was arrived at. */
export const originSchema = z.object({
  /** "exact front", "traversal", "random", "given", ... */
  method: z.string(),
  /** Name of the search space. */
  space: z.string().optional(),
  /** Limits that held, e.g. `{ macs: 4e6 }`; given also as text such as "4M". */
  budget: z.record(z.string(), counted).default({}),
  /** The choice in each block; `score` is its rating (lower is better). */
  candidates: z
    .array(
      z.object({
        block: z.number(),
        cell: z.number(),
        path: z.array(z.number()),
        score: z.number().optional(),
      }),
    )
    .default([]),
  /** Sum of the ratings. */
  score: z.number().optional(),
  /** Name of what was rated by: one of our measures, or an own one. */
  rating: z.string().optional(),
  /** Networks that were trained briefly to calibrate the ratings, if any were. */
  evidence: z.object({ networks: z.number(), epochs: z.number().optional(), images: z.number().optional() }).optional(),
  /** Seeds of the steps before, e.g. `{ distill: 1 }`. */
  seeds: z.record(z.string(), z.number()).default({}),
});

/** The content of `found.json`. */
export const foundSchema = z.object({
  format: z.literal(FOUND_FORMAT),
  architecture: architectureSchema,
  /** The stages as timm writes them. */
  timm: z.array(z.string()).optional(),
  cost: z.object({
    params: z.number(),
    macs: z.number(),
    /** By the papers' counter, see `flopsCounter`. */
    flops: z.number(),
    /** What `flops` counts, in words, for who opens the file; files of older versions have none. */
    flopsCounter: z.string().optional(),
  }),
  preprocessing: preprocessingSchema,
  classes: z.array(z.string()).min(1),
  /** Each accuracy with what it was measured on. */
  measured: z.array(
    z.object({
      dataset: z.string(),
      split: z.enum(["validation", "test"]),
      images: z.number(),
      accuracy: z.number().min(0).max(1),
    }),
  ),
  origin: originSchema,
  /** Settings of the retraining, its seed included. */
  training: z.record(z.string(), z.unknown()),
  versions: z.record(z.string(), z.string()),
  weights: z.object({
    /** In the folder of the JSON file. */
    file: z.string().regex(/^[^/\\]+$/, "must be a file name without a folder"),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits"),
  }),
});

export type FoundRecord = z.output<typeof foundSchema>;
/** How an architecture was arrived at; lists may be left out. */
export type Origin = z.input<typeof originSchema>;
