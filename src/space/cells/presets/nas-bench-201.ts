import { checkOptions, IMAGE_RULE, type OptionRules, rule, SpaceError, shown } from "../../../core";

import type { CellArchitecture, CellGraph, CellOp, StackedPart } from "../types";
import { DARTS_STYLE } from "./darts";

/** NAS-Bench-201's operations by the digit of its table (Dong and Yang, ICLR 2020). */
export const NAS_BENCH_201_OPS: readonly CellOp[] = ["none", "skip", "conv1", "conv3", "avg3"];

/** Edges by place of the digit: from which state to which. State 0 is the cell's input, 3 its output. */
export const NAS_BENCH_201_EDGES: readonly (readonly [from: number, to: number])[] = [
  [0, 1],
  [0, 2],
  [1, 2],
  [0, 3],
  [1, 3],
  [2, 3],
];

/** A cell of NAS-Bench-201 by its six digits. @throws SpaceError for anything but six digits from 0 to 4. */
export function nasBench201Cell(key: string): CellGraph {
  if (typeof key !== "string" || !/^[0-4]{6}$/.test(key)) {
    throw new SpaceError(
      `nas-bench-201: a cell must be six digits from 0 to 4 (${NAS_BENCH_201_OPS.map((op, i) => `${i} ${op}`).join(", ")}) for the edges 0-1, 0-2, 1-2, 0-3, 1-3, 2-3, e.g. 334133, got ${shown(key)}`,
    );
  }
  const nodes = [1, 2, 3].map((state) =>
    NAS_BENCH_201_EDGES.flatMap(([from, to], i) =>
      to === state ? [{ op: NAS_BENCH_201_OPS[Number(key[i])], from }] : [],
    ),
  );
  return { inputs: 1, nodes, output: [3] };
}

/** The six digits of a cell that {@link nasBench201Cell} made. */
export function nasBench201Key({ nodes }: CellGraph): string {
  return nodes.flatMap((edges) => edges.map(({ op }) => NAS_BENCH_201_OPS.indexOf(op))).join("");
}

/** How large a network of NAS-Bench-201's design is. */
export interface NasBench201Scale {
  readonly input?: CellArchitecture["input"];
  readonly classes?: number;
  /** Of the first stage. */
  readonly channels?: number;
  /** Of a stage. */
  readonly cells?: number;
}

const SCALE_RULES: OptionRules<NasBench201Scale> = {
  input: IMAGE_RULE,
  classes: rule.wholeFrom(1),
  channels: rule.wholeFrom(1),
  cells: rule.wholeFrom(1),
};

/**
 * A network of NAS-Bench-201 by its six digits, e.g. "334133": stem of 16 channels, three stages of five cells of 16, 32, 64
 * channels, residual reductions between; batch norm and ReLU before pooling.
 * @param scale Other sizes than the benchmark's.
 * @throws ConfigError when a size is not known or no whole number from 1.
 */
export function nasBench201(key: string, scale: NasBench201Scale = {}): CellArchitecture {
  checkOptions("nasBench201", scale, SCALE_RULES);
  const { input = { height: 32, width: 32, channels: 3 }, classes = 10, channels = 16, cells = 5 } = scale;
  const stages = [channels, 2 * channels, 4 * channels];
  return {
    kind: "cells",
    name: `nas-bench-201/${key}`,
    input,
    stem: { kernelSize: 3, stride: 1, channels, padding: "symmetric" },
    cells: { cell: nasBench201Cell(key) },
    stack: stages.flatMap((width, i): StackedPart[] => [
      ...(i === 0 ? [] : [{ kind: "residual", width, stride: 2 } as const]),
      ...Array.from({ length: cells }, () => ({ kind: "cell", cell: "cell", width, stride: 1 }) as const),
    ]),
    head: { kind: "classifier", before: "norm and activation" },
    classes,
    style: DARTS_STYLE,
    batchNormEpsilon: 1e-5,
  };
}
