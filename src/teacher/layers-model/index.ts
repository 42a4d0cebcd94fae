export { isLayersModel } from "./graph";
export { LayersNetwork } from "./network";
export * from "./open";
export type { Topology } from "./topology";
