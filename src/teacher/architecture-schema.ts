import { z } from "zod";
import type { Architecture } from "../space";

const activation = z.enum(["none", "silu", "relu", "relu6"]);

const layer = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("conv"),
    kernelSize: z.number(),
    stride: z.number(),
    outChannels: z.number(),
    activation,
  }),
  z.object({
    kind: z.literal("mbconv"),
    kernelSize: z.number(),
    stride: z.number(),
    expansion: z.number(),
    outChannels: z.number(),
    seRatio: z.number(),
    activation,
    residual: z.boolean().optional(),
  }),
  z.object({ kind: z.literal("identity") }),
]);

const shape = z.object({ height: z.number(), width: z.number(), channels: z.number() });

/** An architecture as files hold it; whether its numbers make sense is for `validateArchitecture` to say. */
export const architectureSchema: z.ZodType<Architecture> = z.object({
  name: z.string(),
  input: shape,
  stem: z.array(layer),
  blocks: z.array(z.array(layer)),
  head: z.array(layer),
  classes: z.number(),
  padding: z.enum(["same", "symmetric"]),
  batchNormEpsilon: z.number().positive(),
  dropout: z.number().optional(),
  dropConnect: z.number().optional(),
});

/** Preprocessing as files hold it. */
export const preprocessingSchema = z.object({
  mean: z.array(z.number()),
  std: z.array(z.number().positive()),
});
