export * from "./export-network";
export { type Exportable, type ExportSource, isExportSource } from "./exportable";
export { diagramLayers } from "./network-diagram";
export type { OnnxOptions } from "./onnx/graph";
