import { parseCell } from "../graph";
import type { CellGraph } from "../types";
import type { CellPair } from "./darts";

function pair(
  normal: string,
  reduction: string,
  outputs: { normal?: CellGraph["output"]; reduction?: CellGraph["output"] } = {},
): CellPair {
  return {
    normal: parseCell(normal, { output: outputs.normal ?? "unused" }),
    reduction: parseCell(reduction, { output: outputs.reduction ?? "unused" }),
  };
}

const all = { normal: "all", reduction: "all" } as const;

/** Cells found in DARTS' space and its kin, by the name of their network; as in the released code of each paper. */
export const PUBLISHED_CELLS: Readonly<Record<string, () => CellPair>> = {
  // Liu et al., ICLR 2019: found with the first- and the second-order gradient.
  "darts-v1": () =>
    pair(
      "sep3(1)+sep3(0) | skip(0)+sep3(1) | skip(0)+sep3(1) | sep3(0)+skip(2)",
      "max3(0)+max3(1) | skip(2)+max3(0) | max3(0)+skip(2) | skip(2)+avg3(0)",
      all,
    ),
  "darts-v2": () =>
    pair(
      "sep3(0)+sep3(1) | sep3(0)+sep3(1) | sep3(1)+skip(0) | skip(0)+dil3(2)",
      "max3(0)+max3(1) | skip(2)+max3(1) | max3(0)+skip(2) | skip(2)+max3(1)",
      all,
    ),
  // Termritthikun et al., 2021: EEEA-Net with a budget of 3, 4 and 5M parameters, and without one.
  "eeea-a": () =>
    pair(
      "max3(0)+inv3(0) | dil3(1)+max3(0) | skip(2)+inv3(0) | avg3(2)+skip(3) | avg3(4)+skip(3)",
      "skip(0)+dil3(0) | max3(1)+avg3(0) | dil3(0)+avg3(0) | skip(2)+skip(3) | dil3(3)+dil5(0)",
    ),
  "eeea-b": () =>
    pair(
      "skip(0)+max3(0) | max3(1)+skip(1) | skip(1)+skip(2) | dil3(3)+sep3(1) | max3(4)+sep3(4)",
      "skip(0)+inv5(0) | avg3(0)+dil3(1) | inv3(1)+skip(1) | max3(1)+avg3(1) | avg3(2)+dil3(3)",
    ),
  "eeea-c": () =>
    pair(
      "dil5(0)+max3(0) | inv5(0)+inv3(0) | dil5(2)+inv3(2) | sep5(1)+skip(2) | sep3(1)+avg3(4)",
      "inv3(0)+dil3(0) | avg3(0)+inv3(0) | dil5(1)+max3(1) | skip(3)+max3(3) | inv5(4)+inv3(2)",
    ),
  "eeea-ea": () =>
    pair(
      "dil3(0)+max3(0) | inv5(1)+dil5(1) | avg3(1)+avg3(1) | inv5(3)+inv3(2) | sep3(4)+max3(3)",
      "avg3(0)+inv3(0) | inv5(1)+dil3(0) | inv3(0)+dil5(0) | max3(3)+skip(3) | max3(0)+sep3(0)",
    ),
  // Zhou et al., CVPR 2020: the two cells of the released retraining script.
  "econas-g1": () =>
    pair(
      "skip(0)+skip(1) | sep5(2)+dil3(2) | sep3(0)+sep3(0) | sep5(4)+skip(2)",
      "dil3(1)+skip(0) | dil3(2)+avg3(0) | avg3(3)+max3(1) | sep5(0)+max3(0)",
      { normal: "all", reduction: [3, 4, 5] },
    ),
  "econas-g2": () =>
    pair(
      "sep3(1)+sep3(0) | skip(1)+sep5(0) | sep3(0)+max3(0) | skip(0)+skip(0)",
      "max3(1)+sep5(1) | skip(0)+avg3(2) | dil5(3)+max3(0) | dil3(0)+max3(1)",
      { normal: "all", reduction: [2, 4, 5] },
    ),
};
