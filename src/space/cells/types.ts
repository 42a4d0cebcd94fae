import type { ImageShape } from "../types";

type KernelKind = "max" | "avg" | "sep" | "dw" | "dil" | "asym" | "inv" | "conv";

/** Kinds of operations of a cell. */
export type CellOpKind = "none" | "skip" | KernelKind;

/** An operation of a cell: its kind and, of all but "none" and "skip", its kernel: "sep3", "max3", "skip". */
export type CellOp = "none" | "skip" | `${KernelKind}${1 | 3 | 5 | 7}`;

/** One operation of a cell, and what it reads. */
export interface CellEdge {
  readonly op: CellOp;
  /** State that it reads. With two inputs 0 is the output of the cell before the last, 1 that of the last, 2 the first node. */
  readonly from: number;
}

/** The sum of its edges. */
export type CellNode = readonly CellEdge[];

/**
 * A cell as a graph. States are numbered: first the inputs, then the nodes in order; a node reads earlier states only.
 *
 * The output is the concatenation of nodes: those that no other reads (`"unused"`), `"all"`, or a list of states.
 */
export interface CellGraph {
  readonly inputs: 1 | 2;
  readonly nodes: readonly CellNode[];
  readonly output: "unused" | "all" | readonly number[];
}

/** What the networks of a paper have in common, whatever the cell. */
export interface CellStyle {
  /** Before every convolution of a cell; PReLU has one slope a channel (PocketNet). */
  readonly activation: "relu" | "prelu";
  /** A 1x1 convolution of a cell's inputs and of factorised reductions: a plain one, or a depthwise one before it (PocketNet). */
  readonly pointwise: "conv" | "separable";
  /** Whether batch norm follows a pooling (PocketNet). */
  readonly poolNorm: boolean;
  /** What a skip with a stride is: DARTS' factorised reduction, or a 1x1 convolution with the stride (PNASNet). */
  readonly stridedSkip: "factorised" | "conv";
  /** Whether the first cell reads the stem's map as it is for the cell before the last (PNASNet), or brought to its width. */
  readonly firstInput: "prepared" | "raw";
}

/** The first convolution with batch norm, without activation; both inputs of the first cell. */
export interface CellStem {
  readonly kernelSize: number;
  readonly stride: number;
  readonly channels: number;
  /** "symmetric": PyTorch's kernelSize >> 1 on each side; "valid": none. */
  readonly padding: "symmetric" | "valid";
}

/** One of the stacked parts: a cell, or NAS-Bench-201's residual block between its stages (two 3x3 convolutions). */
export type StackedPart =
  | {
      readonly kind: "cell";
      /** Name of the cell. */
      readonly cell: string;
      /** Channels of each node. */
      readonly width: number;
      /** Of the operations that read the cell's inputs. */
      readonly stride: 1 | 2;
    }
  | { readonly kind: "residual"; readonly width: number; readonly stride: 1 | 2 };

/**
 * After the last cell. "classifier": batch norm and activation if asked for, global average pool, linear layer with bias.
 * "embedding" (PocketNet): 1x1 convolution to `channels`, a depthwise one over the whole map, a linear one to `embedding`,
 * batch norm after each; PReLU before the first two.
 */
export type CellHead =
  | { readonly kind: "classifier"; readonly before: "nothing" | "activation" | "norm and activation" }
  | { readonly kind: "embedding"; readonly channels: number };

/** A network of stacked cells as plain data. */
export interface CellArchitecture {
  readonly kind: "cells";
  readonly name: string;
  readonly input: ImageShape;
  readonly stem: CellStem;
  /** By name, e.g. "normal" and "reduction". */
  readonly cells: Readonly<Record<string, CellGraph>>;
  readonly stack: readonly StackedPart[];
  readonly head: CellHead;
  /** Outputs: classes, or features of an embedding. */
  readonly classes: number;
  readonly style: CellStyle;
  readonly batchNormEpsilon: number;
  /** Before the classifier. Training only. */
  readonly dropout?: number;
}
