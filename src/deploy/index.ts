export * from "./measure-layers";
export {
  measurePlace,
  PLACE_LATENCY_RULES,
  type PlaceLatencyOptions,
} from "./measure-place";
export { PLACE_NAMES, PLACES, type Place } from "./places";
