import { z } from "zod";
import { isPercent, MOST, parseCount } from "../core";
import { asShare, must } from "../core/config-schema";
import type { LatencyTable } from "../cost";
import type { GivenAmount } from "./relative-limits";

/** A number, text such as "4M" or "300k", or a share of what the teacher has, such as "45%". */
const amount = z.union([z.number(), z.string()], must('a number, or text such as "4M" or "45%"'));
/** An upper limit, or an interval `[low, high]`; shares of the teacher stay text, for the teacher is not known here. */
const limit = z
  .union([amount, z.tuple([amount, amount])], must('a number, text such as "4M" or "45%", or an interval of two'))
  .transform((value, context): GivenAmount | [low: GivenAmount, high: GivenAmount] => {
    const read = (one: number | string): GivenAmount => (isPercent(one) ? one : parseCount(one));
    try {
      return Array.isArray(value) ? [read(value[0]), read(value[1])] : read(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  });

const ofLatency = must('milliseconds above 0, text such as "45%" of what the teacher takes, or an interval of two');
const percentage = z.string().refine(isPercent, ofLatency);
const milliseconds = z.union([z.number().min(0), percentage]);
/** Milliseconds, or text such as "45%"; or an interval of two. */
const latencyLimit = z.union([z.number().gt(0), percentage, z.tuple([milliseconds, milliseconds])], ofLatency);

/** Limits of one budget: each an upper one or an interval `["3M", "4M"]`, as counts or as shares of what the teacher has, "45%". */
const LIMITS = {
  macs: limit.optional(),
  params: limit.optional(),
  /** Bytes of all activations for one image, float32. */
  activationBytes: limit.optional(),
  latencyMs: latencyLimit.optional(),
};

/** Further limits that the best network is asked for under. */
const budget = z
  .strictObject(LIMITS)
  .refine(
    (limits) => Object.values(limits).some((one) => one !== undefined),
    'must limit something, e.g. { "macs": "20%" }',
  );

/**
 * An exact search over a rating table as a configuration says it.
 * @param usual What is taken where it is left out: the share of the teacher's MACs that a network may have.
 */
export function searchSchema(usual: { readonly macsOfTeacher: number }) {
  return z.strictObject({
    ...LIMITS,
    /** MACs are limited by it where `macs` is left out. */
    macsOfTeacher: asShare(z.number().gt(0).max(1)).default(usual.macsOfTeacher),
    /**
     * Further budgets: the best network of each is retrained, too, and compared with random networks and shrunk teachers of its
     * own cost.
     */
    also: z.array(budget).min(1).max(MOST.choices).optional(),
    /** For `latencyMs`: the file of `blockwise latency --out`, a CSV, or the name of a table in `latency/`, "chromium-wasm". */
    latencyTable: z.string().optional(),
    /**
     * The paper's lambda, one a block; a network's rating is the weighted sum of its blocks'. All 1 when left out; a block of
     * weight 0 does not count.
     */
    weights: z
      .array(z.number().min(0))
      .max(MOST.blocks)
      .refine((weights) => weights.some((weight) => weight > 0), "must have one weight above 0")
      .optional(),
    /** "product": a network's rating is the product of its blocks', explained in `productTable`. */
    join: z.enum(["sum", "product"]).default("sum"),
    /**
     * With it, not networks along the front are retrained but the best ones that differ from each other in this share of
     * their blocks (0..1, at least one block).
     */
    difference: z.number().min(0).max(1).optional(),
  });
}

/** What a configuration says of a search. */
export type SearchConfig = z.output<ReturnType<typeof searchSchema>>;

/**
 * All of a configuration that decides which networks meet its limits, and how ratings are joined.
 * @param latencies The content of its latency table.
 */
export function limitReads(config: SearchConfig, latencies: LatencyTable | undefined): Record<string, unknown> {
  const { macsOfTeacher, macs, latencyTable: _path, difference: _difference, ...given } = config;
  // Of two limits on MACs the one that holds.
  return { ...given, ...(macs === undefined ? { macsOfTeacher } : { macs }), latencyTable: latencies };
}
