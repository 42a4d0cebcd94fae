import { z } from "zod";
import { MOST, SpaceError } from "../core";
import { upTo } from "../core/config-schema";
import { completeOp } from "./ops";
import type { CandidateOp, GivenOp } from "./types";

const kernel = upTo(MOST.kernelSize).refine((size) => size % 2 === 1, "must be odd");

/** A candidate operation by its values, as in TypeScript: what is usual may be left out. */
const op = z.unknown().transform((value, context): CandidateOp => {
  try {
    return completeOp(value, "op");
  } catch (error) {
    if (!(error instanceof SpaceError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
});

/** One list of ops, or one a block. Which is meant the first entry says, so that a mistake is named at its place. */
const opLists = z
  .custom<readonly GivenOp[] | readonly (readonly GivenOp[])[]>(Array.isArray, "must be a list")
  .transform((value, context) => {
    const list = z.array(op).min(1).max(MOST.choices);
    const result = (Array.isArray(value[0]) ? z.array(list).min(1).max(MOST.blocks) : list).safeParse(value);
    if (result.success) return result.data;
    for (const { path, message } of result.error.issues) context.addIssue({ code: "custom", path, message });
    return z.NEVER;
  });

/** A search space around a teacher's blocks, see `blockSpace`, as a configuration says it. */
export const blockSpaceSchema = z
  .strictObject({
    /** MBConv layers of these, where any of them is given; the others are then those of DNA. */
    kernels: z.array(kernel).min(1).max(MOST.choices).optional(),
    expansions: z.array(upTo(MOST.expansion)).min(1).max(MOST.choices).optional(),
    seRatio: z.number().min(0).max(1).optional(),
    /**
     * Operations of every layer, or a list of them for each block: `[[{ "kind": "conv", "kernelSize": 3 }], [...]]`; in place
     * of kernels, expansions and seRatio.
     */
    ops: opLists.optional(),
    /** `[block][cell]`; without it cells follow from the teacher's shapes. */
    cells: z
      .array(
        z
          .array(z.strictObject({ depth: upTo(MOST.depth), width: upTo(MOST.channels) }))
          .min(1)
          .max(MOST.choices),
      )
      .max(MOST.blocks)
      .optional(),
    /** At most so many cells a block: 1 is the paper's single cell. */
    cellsPerBlock: upTo(MOST.choices).optional(),
    /** Whether cells of other widths than the teacher's are rated in their own, behind a 1x1 convolution of the supernet. */
    adapter: z.boolean().default(true),
  })
  .superRefine(({ ops, kernels, expansions, seRatio }, context) => {
    if (ops && [kernels, expansions, seRatio].some((given) => given !== undefined)) {
      context.addIssue({
        code: "custom",
        path: ["ops"],
        message: "stand in place of kernels, expansions and seRatio: leave those out",
      });
    }
  });
