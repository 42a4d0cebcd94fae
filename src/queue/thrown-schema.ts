import { z } from "zod";
import type { Thrown } from "../tasks";

const CODES = [
  "SHAPE",
  "SPACE",
  "BUDGET_INFEASIBLE",
  "ENGINE",
  "CHECKPOINT",
  "DATA",
  "TRAINING",
  "INTERRUPTED",
  "CONFIG",
  "STUDY",
] as const satisfies readonly Thrown["code"][];

/** What a task threw on another machine. */
export const THROWN: z.ZodType<Thrown> = z.lazy(() =>
  z.strictObject({
    name: z.string().optional(),
    message: z.string(),
    stack: z.string().optional(),
    code: z.enum(CODES).optional(),
    details: z.record(z.string(), z.unknown()),
    cause: THROWN.optional(),
  }),
);
