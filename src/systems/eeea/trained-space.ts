import { Rng } from "../../core";
import { cellNetworkCost } from "../../cost";
import {
  type CellArchitecture,
  type CellPair,
  type CellPairSpace,
  cellPairSpace,
  DARTS_STYLE,
  EEEA_OPS,
  eeeaSpace,
} from "../../space";
import { type ExitLimit, limitAmong } from "./run-arm";
import { EEEA_ARMS, type EeeaArmName } from "./settings";
import { TRAINED } from "./trained-settings";

const INPUT = { height: 28, width: 28, channels: 1 } as const;

/**
 * A network of a pair of cells that trains in a second or two: a strided stem, the normal cell, the reduction cell
 * with twice the channels. The paper trains eight cells of 32 channels.
 */
export function smallPair(cells: CellPair): CellArchitecture {
  const { stem, channels } = TRAINED.network;
  return {
    kind: "cells",
    name: "eeea-small",
    input: INPUT,
    stem: { kernelSize: 3, stride: 2, channels: stem, padding: "symmetric" },
    cells: { ...cells },
    stack: [
      { kind: "cell", cell: "normal", width: channels, stride: 1 },
      { kind: "cell", cell: "reduction", width: 2 * channels, stride: 2 },
    ],
    head: { kind: "classifier", before: "nothing" },
    classes: 10,
    style: DARTS_STYLE,
    batchNormEpsilon: 1e-5,
  };
}

/** EEEA-Net's space, nine operations and four blocks, with small networks. */
export function smallPairSpace(): CellPairSpace {
  return cellPairSpace({
    name: "eeea-small",
    ops: EEEA_OPS,
    nodes: 4,
    reads: "one more each",
    output: "unused",
    network: smallPair,
  });
}

/** Multiply-adds and parameters of a pair's network at its final size. */
export interface FinalSize {
  readonly macs: number;
  readonly params: number;
}

/** Counts networks at their final size; each pair of cells once. */
export function finalSizes(): (pair: CellPair) => FinalSize {
  const space = eeeaSpace({ ...TRAINED.final, input: INPUT, classes: 10 });
  const known = new Map<string, FinalSize>();
  return (pair) => {
    const key = space.key(pair);
    const found = known.get(key);
    if (found) return found;
    const { macs, params } = cellNetworkCost(space.architecture(pair));
    known.set(key, { macs, params });
    return { macs, params };
  };
}

/** The early exits' limits: quantiles of the parameters of random pairs of cells, drawn once and for all. */
export function drawnLimits(arms: readonly EeeaArmName[] = TRAINED.arms): Partial<Record<EeeaArmName, ExitLimit>> {
  const space = smallPairSpace();
  const rng = new Rng(TRAINED.limit.seed).fork("eeea/limit");
  const sizeOf = finalSizes();
  const sizes = Array.from({ length: TRAINED.limit.draws }, () => sizeOf(space.sample(rng)).params);
  const limits: Partial<Record<EeeaArmName, ExitLimit>> = {};
  for (const arm of arms) {
    const limit = limitAmong(sizes, EEEA_ARMS[arm]);
    if (limit) limits[arm] = limit;
  }
  return limits;
}
