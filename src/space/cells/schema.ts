import { z } from "zod";
import { MOST, SpaceError, shown, unknownName } from "../../core";
import { checkShape } from "../shapes";
import { checkCell } from "./graph";

import { planCells } from "./plan";
import type { CellArchitecture, CellOp } from "./types";

const whole = z.number().int().positive();
const stride = z.union([z.literal(1), z.literal(2)]);

/** A cell as a graph. Names of operations are checked by {@link checkCell}, which knows the nearest. */
export const cellSchema = z.strictObject({
  inputs: z.union([z.literal(1), z.literal(2)]),
  nodes: z.array(z.array(z.strictObject({ op: z.string() as unknown as z.ZodType<CellOp>, from: z.number() }))),
  output: z.union([z.literal("unused"), z.literal("all"), z.array(z.number())]),
});

const styleSchema = z.strictObject({
  activation: z.enum(["relu", "prelu"]),
  pointwise: z.enum(["conv", "separable"]),
  poolNorm: z.boolean(),
  stridedSkip: z.enum(["factorised", "conv"]),
  firstInput: z.enum(["prepared", "raw"]),
});

/** A network of cells: nothing more, nothing less than {@link CellArchitecture}. */
export const cellArchitectureSchema = z.strictObject({
  kind: z.literal("cells"),
  name: z.string(),
  input: z.strictObject({ height: z.number(), width: z.number(), channels: z.number() }),
  stem: z.strictObject({
    kernelSize: whole.refine((kernel) => kernel % 2 === 1, "must be odd"),
    stride,
    channels: whole,
    padding: z.enum(["symmetric", "valid"]),
  }),
  cells: z.record(z.string(), cellSchema),
  stack: z
    .array(
      z.discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("cell"), cell: z.string(), width: whole, stride }),
        z.strictObject({ kind: z.literal("residual"), width: whole, stride }),
      ]),
    )
    .min(1)
    .max(1000),
  head: z.discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("classifier"),
      before: z.enum(["nothing", "activation", "norm and activation"]),
    }),
    z.strictObject({ kind: z.literal("embedding"), channels: whole }),
  ]),
  classes: whole.max(MOST.classes),
  style: styleSchema,
  batchNormEpsilon: z.number().positive(),
  dropout: z.number().min(0).lt(1).optional(),
});

/** Whether a value means to be a network of cells, so that its mistakes are told as those of one. */
export function meansCells(value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "cells";
}

/**
 * Reads a network of cells from parsed JSON: itself, or a record that has it under `architecture`.
 * @throws SpaceError naming the first part that is missing, unknown or malformed, or does not fit.
 */
export function parseCellArchitecture(value: unknown, where = "architecture"): CellArchitecture {
  const held = typeof value === "object" && value !== null && "architecture" in value ? value.architecture : value;
  const result = cellArchitectureSchema.safeParse(held);
  if (!result.success) {
    const [issue] = result.error.issues;
    const place = issue.path.length > 0 ? issue.path.join(".") : "the whole";
    if (issue.code === "unrecognized_keys") {
      const known = knownKeys(issue.path);
      throw new SpaceError(`${where}: ${place}: ${unknownName(`key "${issue.keys[0]}"`, issue.keys[0], known)}`);
    }
    throw new SpaceError(`${where}: ${place}: ${issue.message}`);
  }
  validateCells(result.data, where);
  return result.data;
}

/** Keys of the object at a path, for the nearest name; those of the whole where the path leads into a union. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  const of: Readonly<Record<string, readonly string[]>> = {
    stem: Object.keys(cellArchitectureSchema.shape.stem.shape),
    style: Object.keys(styleSchema.shape),
    input: Object.keys(cellArchitectureSchema.shape.input.shape),
    cells: path.length > 2 ? ["op", "from"] : Object.keys(cellSchema.shape),
    stack: ["kind", "cell", "width", "stride"],
    head: ["kind", "before", "channels"],
  };
  return [...(of[String(path[0])] ?? Object.keys(cellArchitectureSchema.shape))];
}

/**
 * Checks a network of cells: every cell, every name, and that shapes fit together.
 * @throws SpaceError naming the place.
 */
export function validateCells(architecture: CellArchitecture, where = architecture.name): void {
  const { cells, stack, input } = architecture;
  checkShape(input, `${where}: input`);
  for (const [name, cell] of Object.entries(cells)) checkCell(cell, `${where}: cells.${name}`);
  for (const [i, item] of stack.entries()) {
    if (item.kind !== "cell" || Object.hasOwn(cells, item.cell)) continue;
    throw new SpaceError(
      `${where}: stack.${i}: ${unknownName(`cell ${shown(item.cell)}`, item.cell, Object.keys(cells))}`,
    );
  }
  planCells(architecture);
}
