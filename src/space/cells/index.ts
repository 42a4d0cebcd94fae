export { canonicalCell, cellKey } from "./canonical";
export { cellDrawing, cellDrawings, cellWords } from "./drawing";
export { type EdgeSpaceOptions, edgeSpace } from "./edge-space";
export * from "./graph";
export { checkMixedCell, computedOps, discretised, type MixedCell, mixedEdges, mixedGraph } from "./mixed-cell";
export { nodeOrders } from "./node-orders";
export {
  CELL_OP_KINDS,
  CELL_OPS,
  cellOpParts,
  cellOpPrimitives,
  cellOpWords,
  checkCellOp,
  isCellOp,
  type OpPlace,
} from "./ops";
export {
  type CellPairCount,
  type CellPairOptions,
  type CellPairSpace,
  cellPairSpace,
  DARTS_OPS,
  dartsSpace,
  ECONAS_OPS,
  EEEA_OPS,
  econasSpace,
  eeeaSpace,
} from "./pair-space";
export * from "./plan";
export {
  PNAS_OPS,
  type PnasBlockCount,
  type PnasOptions,
  type PnasSpace,
  pnasBlocks,
  pnasCellSpace,
  pnasSpace,
} from "./pnas-space";
export { cellNames, cellPreset, isCellPreset } from "./presets";
export { type CellPair, DARTS_STYLE, type DartsScale, dartsNetwork } from "./presets/darts";
export { PUBLISHED_CELLS } from "./presets/darts-cells";
export {
  NAS_BENCH_201_EDGES,
  NAS_BENCH_201_OPS,
  nasBench201,
  nasBench201Cell,
  nasBench201Key,
} from "./presets/nas-bench-201";
export { PNAS_STYLE, type PnasScale, pnasNet5Cell, pnasNetwork } from "./presets/pnasnet";
export { POCKETNET_OPS, POCKETNET_STYLE, type PocketNetScale, pocketNet } from "./presets/pocketnet";
export * from "./primitives";
export { cellArchitectureSchema, cellSchema, meansCells, parseCellArchitecture, validateCells } from "./schema";
export type {
  CellArchitecture,
  CellEdge,
  CellGraph,
  CellHead,
  CellNode,
  CellOp,
  CellOpKind,
  CellStem,
  CellStyle,
  StackedPart,
} from "./types";
