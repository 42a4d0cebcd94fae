import {
  type Architecture,
  describeLayer,
  type ImageShape,
  isForeign,
  type Layer,
  layerOutput,
  validateArchitecture,
} from "../space";
import { addCosts, type Cost, layerCost, linearCost, poolCost } from "./layer-cost";

/** Cost of one layer at its place. */
export interface PlacedCost extends Cost {
  /** "stem.0", "block1.2", "head.0", "pool", "classifier". */
  readonly name: string;
  /** In words of timm: "ir_k3_s2_e6_c24_se0.25". */
  readonly layer: string;
  readonly input: ImageShape;
  readonly output: ImageShape;
}

/** Cost of a network, in all and by layer. */
export interface NetworkCost extends Cost {
  readonly name: string;
  readonly input: ImageShape;
  readonly layers: readonly PlacedCost[];
}

/**
 * Counts parameters, MACs, the papers' FLOPs and activation bytes of a network, layer by layer.
 * @param input Another input `[height, width, channels]` than the architecture's own.
 * @throws SpaceError when the architecture is malformed.
 */
export function networkCost(architecture: Architecture, input: ImageShape = architecture.input): NetworkCost {
  validateArchitecture({ ...architecture, input });
  const layers: PlacedCost[] = [];
  let shape = input;
  const count = (group: readonly Layer[], place: string) => {
    for (const [i, layer] of group.entries()) {
      const output = layerOutput(layer, shape);
      layers.push({
        name: layer.kind === "foreign" ? layer.name : `${place}.${i}`,
        layer: describeLayer(layer),
        input: shape,
        output,
        ...layerCost(layer, shape),
      });
      shape = output;
    }
  };
  count(architecture.stem, "stem");
  for (const [i, block] of architecture.blocks.entries()) count(block, `block${i}`);
  count(architecture.head, "head");
  // A foreign head ends with the logits.
  if (isForeign(architecture)) return { name: architecture.name, input, ...addCosts(...layers), layers };
  const pooled = { height: 1, width: 1, channels: shape.channels };
  const { hidden } = architecture;
  let features = shape.channels;
  layers.push({ name: "pool", layer: "average pool", input: shape, output: pooled, ...poolCost(shape) });
  const linear = (name: string, channels: number) => {
    const input = { ...pooled, channels: features };
    layers.push({ name, layer: "linear", input, output: { ...pooled, channels }, ...linearCost(features, channels) });
    features = channels;
  };
  if (hidden) linear("hidden", hidden.features);
  linear("classifier", architecture.classes);
  return { name: architecture.name, input, ...addCosts(...layers), layers };
}
