import { ConfigError } from "../../core";
import type { tf } from "../../engine";
import type { ModelGraph } from "./graph";

/** What a node costs, for one image; see `Cost`. */
export interface NodeCost {
  readonly params: number;
  readonly macs: number;
  readonly activationBytes: number;
}

type Shape = readonly number[];
/** Weights of a layer, values that leave, and values that enter, each of one image. */
interface Sizes {
  readonly weights: readonly Shape[];
  readonly input: Shape;
  readonly output: Shape;
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const size = (shape: Shape) => shape.reduce((product, side) => product * side, 1);
/** Places of a map `[batch, ..., channels]`. */
const places = (shape: Shape) => size(shape.slice(1, -1));

/** Multiply-adds of layers with a kernel, by their class in TensorFlow.js. */
const MACS: Readonly<Record<string, (sizes: Sizes) => number>> = {
  Conv1D: ({ weights: [kernel], output }) => size(kernel) * places(output),
  Conv2D: ({ weights: [kernel], output }) => size(kernel) * places(output),
  Conv3D: ({ weights: [kernel], output }) => size(kernel) * places(output),
  DepthwiseConv2D: ({ weights: [kernel], output }) => size(kernel) * places(output),
  SeparableConv2D: ({ weights: [depthwise, pointwise], output }) =>
    (size(depthwise) + size(pointwise)) * places(output),
  Conv2DTranspose: ({ weights: [kernel], input }) => size(kernel) * places(input),
  Dense: ({ weights: [kernel], output }) => size(kernel) * places(output),
};

/** Weights that no product needs: norms, and activations with a slope that is learnt. */
const WITHOUT_MACS = ["BatchNormalization", "LayerNormalization", "PReLU"];

/**
 * What each node costs: trainable numbers (of a layer that is used twice once), multiply-adds of convolutions and linear layers
 * (squeeze-excite's, too), bytes of their outputs.
 * @param shapes Of each node's output for one image, `[1, ...]`.
 * @param given Multiply-adds of layers, by name, that are of no class of TensorFlow.js.
 * @throws ConfigError for a layer with weights whose multiply-adds nobody knows.
 */
export function nodeCosts(
  graph: ModelGraph,
  shapes: readonly Shape[],
  given: Readonly<Record<string, number>> = {},
): NodeCost[] {
  const seen = new Set<tf.layers.Layer>();
  return graph.map(({ name, layer, inputs }, node) => {
    const kind = layer.getClassName();
    const weights = layer.weights.map(({ shape }) => shape as Shape);
    const isNew = !seen.has(layer);
    seen.add(layer);
    // A norm's running mean and variance are not trained.
    const trained =
      kind === "BatchNormalization" ? layer.weights.filter(({ name: of }) => !/moving_/.test(of)) : layer.weights;
    const params = isNew ? sum(trained.map(({ shape }) => size(shape as Shape))) : 0;
    const output = shapes[node];
    const counted = MACS[kind];
    if (Object.hasOwn(given, name)) return { params, macs: given[name], activationBytes: 4 * size(output) };
    if (counted) {
      const macs = counted({ weights, input: shapes[inputs[0]], output });
      return { params, macs, activationBytes: 4 * size(output) };
    }
    if (weights.length > 0 && !WITHOUT_MACS.includes(kind)) {
      throw new ConfigError(
        `teacher: the multiply-adds of layer ${name} (${kind}) for one image must be known, and it is no class that Blockwise counts; say them: macs: { ${JSON.stringify(name)}: 123456 }`,
        { layer: name, kind },
      );
    }
    return { params, macs: 0, activationBytes: 0 };
  });
}
