import { z } from "zod";
import { type Architecture, parseArchitecture } from "../space";

/** An architecture in a file's JSON, checked whole. */
export const architectureSchema = z.unknown().transform((value, context): Architecture => {
  try {
    return parseArchitecture(value);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
    return z.NEVER;
  }
});

/** Preprocessing in a file's JSON. */
export const preprocessingSchema = z.object({
  mean: z.array(z.number()),
  std: z.array(z.number().positive()),
});
