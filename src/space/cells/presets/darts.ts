import { checkOptions, IMAGE_RULE, type OptionRules, rule } from "../../../core";
import type { CellArchitecture, CellGraph, CellStyle, StackedPart } from "../types";

/** DARTS' operations as its code has them: ReLU, convolution, batch norm; nothing after a pooling. */
export const DARTS_STYLE: CellStyle = {
  activation: "relu",
  pointwise: "conv",
  poolNorm: false,
  stridedSkip: "factorised",
  firstInput: "prepared",
};

/** A normal and a reduction cell. */
export interface CellPair {
  readonly normal: CellGraph;
  readonly reduction: CellGraph;
}

/** How large a network of DARTS' design is. */
export interface DartsScale {
  /** Channels of the first cells; they double at each reduction. */
  readonly channels: number;
  /** Cells in all; those at a third and at two thirds reduce. */
  readonly layers: number;
  readonly input?: CellArchitecture["input"];
  readonly classes?: number;
}

const SCALE_RULES: OptionRules<DartsScale> = {
  channels: rule.wholeFrom(1),
  layers: rule.wholeFrom(1),
  input: IMAGE_RULE,
  classes: rule.wholeFrom(1),
};

/** @throws ConfigError when a size is not known, missing or no whole number from 1. */
export function checkDartsScale(where: string, scale: DartsScale): void {
  checkOptions(where, scale, SCALE_RULES);
  const { channels = null, layers = null } = scale;
  checkOptions(where, { channels, layers }, { channels: SCALE_RULES.channels, layers: SCALE_RULES.layers });
}

/** Cells one after another, the channels doubled at each reduction. */
export function stackOf(channels: number, layers: number, reductions: readonly number[]): StackedPart[] {
  let width = channels;
  return Array.from({ length: layers }, (_, i) => {
    const reduces = reductions.includes(i);
    if (reduces) width *= 2;
    return { kind: "cell", cell: reduces ? "reduction" : "normal", width, stride: reduces ? 2 : 1 };
  });
}

/**
 * A network of DARTS' design (Liu et al., ICLR 2019; released code): stem of three times the channels, cells with reductions at
 * a third and two thirds, global pooling; no auxiliary head. EEEA-Net and EcoNAS have it too.
 * @throws ConfigError when a size is not known, missing or no whole number from 1.
 */
export function dartsNetwork(name: string, cells: CellPair, scale: DartsScale): CellArchitecture {
  checkDartsScale("dartsNetwork", scale);
  const { channels, layers, input = { height: 32, width: 32, channels: 3 }, classes = 10 } = scale;
  return {
    kind: "cells",
    name,
    input,
    stem: { kernelSize: 3, stride: 1, channels: 3 * channels, padding: "symmetric" },
    cells: { ...cells },
    stack: stackOf(channels, layers, [Math.floor(layers / 3), Math.floor((2 * layers) / 3)]),
    head: { kind: "classifier", before: "nothing" },
    classes,
    style: DARTS_STYLE,
    batchNormEpsilon: 1e-5,
  };
}
