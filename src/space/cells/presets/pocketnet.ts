import { checkOptions, IMAGE_RULE, type OptionRules, rule } from "../../../core";
import { parseCell } from "../graph";
import type { CellArchitecture, CellOp, CellStyle } from "../types";
import { type CellPair, stackOf } from "./darts";

/** PocketNet's conventions (released code): PReLU, separable 1x1 convolutions, batch norm after a pooling. */
export const POCKETNET_STYLE: CellStyle = {
  activation: "prelu",
  pointwise: "separable",
  poolNorm: true,
  stridedSkip: "factorised",
  firstInput: "prepared",
};

/** How large a network of PocketNet's design is. */
export interface PocketNetScale {
  readonly channels: number;
  /** Cells in all; those at a third, at two thirds and the last reduce. */
  readonly layers: number;
  /** Features of an image. */
  readonly embedding: number;
  readonly input?: CellArchitecture["input"];
  /** Those found on CASIA-WebFace unless given. */
  readonly cells?: CellPair;
  /** Of the first 1x1 convolution of the head; 512 unless given. */
  readonly headChannels?: number;
}

/** What PocketNet chooses from on each edge, in the order of the released code. */
export const POCKETNET_OPS: readonly CellOp[] = ["none", "max3", "avg3", "skip", "dw1", "dw3", "dw5", "dw7"];

const SCALE_RULES: OptionRules<PocketNetScale> = {
  channels: rule.wholeFrom(1),
  layers: rule.wholeFrom(1),
  embedding: rule.wholeFrom(1),
  input: IMAGE_RULE,
  cells: rule.any,
  headChannels: rule.wholeFrom(1),
};

/** The cells that PocketNet's search found on CASIA-WebFace. */
function foundCells(): CellPair {
  return {
    normal: parseCell("dw3(0)+dw1(1) | dw3(2)+dw5(0) | dw3(3)+dw3(0) | dw3(4)+skip(0)", { output: "all" }),
    reduction: parseCell("dw3(1)+dw7(0) | skip(2)+dw5(1) | max3(0)+skip(2) | max3(0)+max3(1)", { output: "all" }),
  };
}

/**
 * A network of PocketNet's design (Boutros et al., IEEE Access 2022), with the cells that it found on CASIA-WebFace unless given.
 * @throws ConfigError when a size is not known, missing or no whole number from 1.
 */
export function pocketNet(name: string, scale: PocketNetScale): CellArchitecture {
  checkOptions("pocketNet", scale, SCALE_RULES);
  const { channels, layers, embedding, input = { height: 112, width: 112, channels: 3 } } = scale;
  return {
    kind: "cells",
    name,
    input,
    stem: { kernelSize: 3, stride: 2, channels: 4 * channels, padding: "symmetric" },
    cells: { ...(scale.cells ?? foundCells()) },
    stack: stackOf(channels, layers, [Math.floor(layers / 3), Math.floor((2 * layers) / 3), layers - 1]),
    head: { kind: "embedding", channels: scale.headChannels ?? 512 },
    classes: embedding,
    style: POCKETNET_STYLE,
    batchNormEpsilon: 1e-5,
  };
}

const SCALES = { s: { channels: 16, layers: 18 }, m: { channels: 32, layers: 9 } } as const;

/** PocketNetS-128, S-256, M-128 and M-256. */
export const POCKET_NETWORKS: Readonly<Record<string, () => CellArchitecture>> = Object.fromEntries(
  Object.entries(SCALES).flatMap(([size, scale]) =>
    [128, 256].map((embedding) => {
      const name = `pocketnet-${size}-${embedding}`;
      return [name, () => pocketNet(name, { ...scale, embedding })];
    }),
  ),
);
