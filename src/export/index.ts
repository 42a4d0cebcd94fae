export * from "./export-network";
export { type Exportable, type ExportSource, isExportSource } from "./exportable";
export { diagramLayers } from "./network-diagram";
export { type OnnxOptions, onnxGraph } from "./onnx/graph";
export { encodeOnnx, type OnnxGraph } from "./onnx/model";
