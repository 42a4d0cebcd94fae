import { z } from "zod";
import { SpaceError, shown } from "../core";
import { architecturePreset } from "./presets";
import { validateArchitecture } from "./shapes";
import type { Architecture } from "./types";

const activation = z.enum(["none", "silu", "relu", "relu6", "hardswish"]);
const shape = z.strictObject({ height: z.number(), width: z.number(), channels: z.number() });
const layer = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("conv"),
    kernelSize: z.number(),
    stride: z.number(),
    outChannels: z.number(),
    activation,
  }),
  z.strictObject({
    kind: z.literal("mbconv"),
    kernelSize: z.number(),
    stride: z.number(),
    expansion: z.number(),
    outChannels: z.number(),
    seRatio: z.number(),
    seDesign: z.literal("mobilenetv3").optional(),
    activation,
    residual: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal("identity") }),
  z.strictObject({
    kind: z.literal("residual"),
    design: z.enum(["basic", "bottleneck"]),
    kernelSize: z.number(),
    stride: z.number(),
    innerChannels: z.number(),
    outChannels: z.number(),
    activation,
  }),
  z.strictObject({ kind: z.literal("maxpool"), kernelSize: z.number(), stride: z.number() }),
  z.strictObject({
    kind: z.literal("foreign"),
    name: z.string(),
    stride: z.number(),
    input: shape,
    output: shape,
    params: z.number().min(0),
    macs: z.number().min(0),
    activationBytes: z.number().min(0),
  }),
]);
const layers = z.array(layer);

const architecture = z.strictObject({
  name: z.string(),
  input: shape,
  stem: layers,
  blocks: z.array(layers),
  head: layers,
  hidden: z.strictObject({ features: z.number(), activation }).optional(),
  classes: z.number(),
  padding: z.enum(["same", "symmetric"]),
  batchNormEpsilon: z.number().positive(),
  dropout: z.number().min(0).max(1).optional(),
  dropConnect: z.number().min(0).max(1).optional(),
});

/** A preset for images of another size, or for other classes. */
const changed = z.strictObject({
  preset: z.string(),
  input: architecture.shape.input.optional(),
  classes: z.number().optional(),
});

/** A preset for images of another size, or for other classes. */
export type ChangedPreset = z.input<typeof changed>;

/**
 * Reads an architecture from parsed JSON: the architecture itself, a found network's record that has one under
 * `architecture`, or a preset with another input or number of classes, `{ "preset": "resnet18", "classes": 5 }`.
 * @throws SpaceError naming the first part that is missing, unknown or malformed.
 */
export function parseArchitecture(value: unknown, where = "architecture"): Architecture {
  const held = typeof value === "object" && value !== null && "architecture" in value ? value.architecture : value;
  const preset = typeof held === "object" && held !== null && "preset" in held;
  const result = (preset ? changed : architecture).safeParse(held);
  const keys = Object.keys(architecture.shape);
  if (!preset && (typeof held !== "object" || held === null || !keys.some((key) => key in held))) {
    throw new SpaceError(
      `${where}: must be a network: an architecture { ${keys.slice(0, 7).join(", ")}, ... }, a found network's file (a run's found/*.json), or a preset with changes such as { "preset": "resnet18", "classes": 5 }; got ${shown(held)}, which has none of these keys`,
    );
  }
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new SpaceError(`${where}: ${issue.path.length > 0 ? issue.path.join(".") : "the whole"}: ${issue.message}`);
  }
  const read = "preset" in result.data ? changedPreset(result.data) : result.data;
  validateArchitecture(read);
  return read;
}

function changedPreset({ preset, ...changes }: z.output<typeof changed>): Architecture {
  return { ...architecturePreset(preset), ...changes };
}
