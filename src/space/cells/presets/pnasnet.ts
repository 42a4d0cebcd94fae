import { checkOptions, IMAGE_RULE, type OptionRules, rule } from "../../../core";
import { parseCell } from "../graph";
import type { CellArchitecture, CellGraph, CellStyle, StackedPart } from "../types";

/** PNASNet's and NASNet's conventions (released TensorFlow code). */
export const PNAS_STYLE: CellStyle = {
  activation: "relu",
  pointwise: "conv",
  poolNorm: false,
  stridedSkip: "conv",
  firstInput: "raw",
};

const PNAS_EPSILON = 1e-3;

/**
 * PNASNet-5's cell (Liu et al., ECCV 2018; released code): normal and reduction cells are one. The released network joins all
 * five blocks, also the one that another reads.
 */
export function pnasNet5Cell(): CellGraph {
  const text = "sep5(0)+max3(0) | sep7(1)+max3(1) | sep5(1)+sep3(1) | sep3(4)+max3(1) | sep3(0)+skip(1)";
  return parseCell(text, { output: "all" });
}

/** N normal cells, a reduction, N normal cells, a reduction, N normal cells; a reduction is the same cell with stride 2. */
export interface PnasScale {
  /** Normal cells between reductions: N. */
  readonly repeats: number;
  /** Channels of the first cells: F. They double at each reduction. */
  readonly channels: number;
  readonly input?: CellArchitecture["input"];
  readonly classes?: number;
}

const SCALE_RULES: OptionRules<PnasScale> = {
  repeats: rule.wholeFrom(1),
  channels: rule.wholeFrom(1),
  input: IMAGE_RULE,
  classes: rule.wholeFrom(1),
};

/** @throws ConfigError when a size is not known, missing or no whole number from 1. */
export function checkPnasScale(where: string, scale: PnasScale): void {
  checkOptions(where, scale, SCALE_RULES);
  const { repeats = null, channels = null } = scale;
  checkOptions(where, { repeats, channels }, { repeats: SCALE_RULES.repeats, channels: SCALE_RULES.channels });
}

const stage = (cell: string, width: number, stride: 1 | 2, times: number): StackedPart[] =>
  Array.from({ length: times }, () => ({ kind: "cell", cell, width, stride }));

/**
 * A network of PNAS' design for small images: stem of three times the channels, (N, reduction) twice, N.
 * @throws ConfigError when a size is not known, missing or no whole number from 1.
 */
export function pnasNetwork(name: string, cell: CellGraph, scale: PnasScale): CellArchitecture {
  checkPnasScale("pnasNetwork", scale);
  const { repeats, channels, input = { height: 32, width: 32, channels: 3 }, classes = 10 } = scale;
  return {
    kind: "cells",
    name,
    input,
    stem: { kernelSize: 3, stride: 1, channels: 3 * channels, padding: "symmetric" },
    cells: { cell },
    stack: [0, 1, 2].flatMap((of) => [
      ...stage("cell", channels << of, 2, of === 0 ? 0 : 1),
      ...stage("cell", channels << of, 1, repeats),
    ]),
    head: { kind: "classifier", before: "activation" },
    classes,
    style: PNAS_STYLE,
    batchNormEpsilon: PNAS_EPSILON,
  };
}

/**
 * PNASNet-5 for ImageNet as released: stem with stride 2 without padding, two reductions of a quarter and a half of the
 * channels, then three stages of N cells, the first of the second and the third a reduction; no auxiliary head.
 */
function pnasNet5(
  name: string,
  { side, stem, channels, cells }: { side: number; stem: number; channels: number; cells: number },
): CellArchitecture {
  return {
    kind: "cells",
    name,
    input: { height: side, width: side, channels: 3 },
    stem: { kernelSize: 3, stride: 2, channels: stem, padding: "valid" },
    cells: { cell: pnasNet5Cell() },
    stack: [
      ...stage("cell", Math.floor(channels / 4), 2, 1),
      ...stage("cell", Math.floor(channels / 2), 2, 1),
      ...stage("cell", channels, 1, cells),
      ...stage("cell", 2 * channels, 2, 1),
      ...stage("cell", 2 * channels, 1, cells - 1),
      ...stage("cell", 4 * channels, 2, 1),
      ...stage("cell", 4 * channels, 1, cells - 1),
    ],
    head: { kind: "classifier", before: "activation" },
    classes: 1000,
    style: PNAS_STYLE,
    batchNormEpsilon: PNAS_EPSILON,
    dropout: 0.5,
  };
}

/** PNASNet-5 mobile (N 3, F 54, 224x224) and large (N 4, F 216, 331x331). */
export const PNAS_NETWORKS: Readonly<Record<string, () => CellArchitecture>> = {
  "pnasnet-5-mobile": () => pnasNet5("pnasnet-5-mobile", { side: 224, stem: 32, channels: 54, cells: 3 }),
  "pnasnet-5-large": () => pnasNet5("pnasnet-5-large", { side: 331, stem: 96, channels: 216, cells: 4 }),
};
