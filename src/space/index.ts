export * from "./architecture-file";
export * from "./block";
export * from "./block-space-schema";
export * from "./cells";
export { type CellSpaceSummary, cellSpaceNames, cellSpaceSummary } from "./cells/space-presets";
export * from "./chain-space";
export * from "./counted-space";
export * from "./describe";
export * from "./enumerate";
export * from "./layers";
export * from "./nas-bench-201-space";
export * from "./ops";
export * from "./presets";
export {
  BLOCK_SPACE_RULES,
  type BlockShapes,
  type BlockSpaceOptions,
  blockSpace,
  dnaCells,
  MINI_OPS,
  miniCells,
} from "./presets/block-space";
export { dnaNetworks, dnaSpace } from "./presets/dna";
export { efficientNets } from "./presets/efficientnet";
export { mobileNets } from "./presets/mobilenet";
export { NAS_BENCH_MACRO_CUTS, nasBenchMacro, nasBenchMacroKeys, nasBenchMacroSpace } from "./presets/nas-bench-macro";
export { resNets } from "./presets/resnet";
export { smallTeachers } from "./presets/teachers";
export { asTensorFlowHasIt, asTimmHasIt, timmNetworks } from "./presets/timm-networks";
export * from "./reduce-network";
export * from "./scale";
export * from "./shapes";
export * from "./space";
export * from "./timm";
export * from "./timm-network";
export * from "./types";
export * from "./validate";
