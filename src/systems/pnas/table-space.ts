import { type CellArchitecture, type CellGraph, PNAS_STYLE, type PnasSpace, parseCell, pnasSpace } from "../../space";
import { PNAS_SETTINGS } from "./settings";

/**
 * A network of a cell that trains in seconds: a strided stem, then the cell as two reductions, the second of twice the
 * channels. The paper trains its cells in larger ones (N 2, F 24).
 */
export function smallPnasNetwork(cell: CellGraph): CellArchitecture {
  const { stem, channels } = PNAS_SETTINGS.network;
  return {
    kind: "cells",
    name: "pnas-small",
    input: { height: 28, width: 28, channels: 1 },
    stem: { kernelSize: 3, stride: 2, channels: stem, padding: "symmetric" },
    cells: { cell },
    stack: [
      { kind: "cell", cell: "cell", width: channels, stride: 2 },
      { kind: "cell", cell: "cell", width: 2 * channels, stride: 2 },
    ],
    head: { kind: "classifier", before: "activation" },
    classes: 10,
    style: PNAS_STYLE,
    batchNormEpsilon: 1e-3,
  };
}

/** The space whose cells the stored table has some of. */
export function tableSpace(): PnasSpace {
  const { ops, blocks } = PNAS_SETTINGS.table;
  return pnasSpace({ name: "pnas-small", ops, blocks, network: smallPnasNetwork });
}

/** The paper's own space, five blocks of eight operations, in the same small network; all blocks are joined, as in the released one. */
export function publishedSpace(): PnasSpace {
  return pnasSpace({ name: "pnas-small-5", output: "all", network: smallPnasNetwork });
}

/** The cell of a key of PNAS' spaces. */
export function cellOfKey(key: string): CellGraph {
  return parseCell(key.replaceAll("*", ""));
}

/** Blocks of the cell of a key. */
export function blocksOfKey(key: string): number {
  return key.split("|").length;
}
