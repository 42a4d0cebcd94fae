import { type CellArchitecture, type CellGraph, DARTS_STYLE } from "../../space";
import { type CellCode, cellCode } from "./cell-code";
import { type CellCodeName, CSNAS_SETTINGS, type CsnasSettings } from "./settings";

/**
 * A network that trains in seconds: a strided stem, then the cell twice, the second time as a reduction with twice the
 * channels. The released code searches with eight cells of 32 channels.
 */
export function smallCsnasNetwork(
  cell: CellGraph,
  { network }: Pick<CsnasSettings, "network"> = CSNAS_SETTINGS,
): CellArchitecture {
  const { stem, channels, input } = network;
  return {
    kind: "cells",
    name: "csnas-small",
    input,
    stem: { kernelSize: 3, stride: 2, channels: stem, padding: "symmetric" },
    cells: { cell },
    stack: [
      { kind: "cell", cell: "cell", width: channels, stride: 1 },
      { kind: "cell", cell: "cell", width: 2 * channels, stride: 2 },
    ],
    head: { kind: "classifier", before: "nothing" },
    classes: 10,
    style: DARTS_STYLE,
    batchNormEpsilon: 1e-5,
  };
}

/** The study's space by one of its codes. */
export function smallCellCode(code: CellCodeName, settings: CsnasSettings = CSNAS_SETTINGS): CellCode {
  const { ops, nodes } = settings;
  return cellCode(code, { ops, nodes, network: (cell) => smallCsnasNetwork(cell, settings) });
}
