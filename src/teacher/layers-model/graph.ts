import { ConfigError } from "../../core";
import { tf } from "../../engine";

/** One use of a layer in a model, models inside the model taken apart. */
export interface GraphNode {
  /** The layer's name; of a layer in a model inside the model "outer/inner", of one that is used again "name#2". */
  readonly name: string;
  readonly layer: tf.layers.Layer;
  /** Places of the nodes whose outputs enter. */
  readonly inputs: readonly number[];
  /** Which of the layer's outputs it is. */
  readonly output: number;
}

/** Whether a value is a `tf.LayersModel`, of whichever copy of TensorFlow.js. */
export function isLayersModel(value: unknown): value is tf.LayersModel {
  const keys: readonly (keyof tf.LayersModel)[] = ["inputs", "outputs", "layers", "getConfig", "getWeights"];
  return typeof value === "object" && value !== null && keys.every((key) => key in value);
}

/** A layers model as nodes in an order in which they can be computed; node 0 is the image, the last one the answer. */
export type ModelGraph = readonly GraphNode[];

/**
 * Takes a model apart.
 * @throws ConfigError unless it has one input, an image, and one output.
 */
export function graphOf(model: tf.LayersModel): ModelGraph {
  const { inputs, outputs } = model;
  if (inputs.length !== 1 || outputs.length !== 1) {
    throw new ConfigError(
      `teacher: the model ${model.name} must have one input and one output, got ${inputs.length} and ${outputs.length}; make one of them: tf.model({ inputs, outputs: the logits or probabilities })`,
    );
  }
  if (inputs[0].shape.length !== 4) {
    throw new ConfigError(
      `teacher: the model ${model.name} must take images [batch, height, width, channels], got [${inputs[0].shape}]`,
    );
  }
  const nodes: GraphNode[] = [{ name: inputs[0].name, layer: inputs[0].sourceLayer, inputs: [], output: 0 }];
  add(nodes, model, [0], "");
  return nodes;
}

/** Adds the nodes of a model; returns the places of its outputs. */
function add(nodes: GraphNode[], model: tf.LayersModel, inputs: readonly number[], prefix: string): number[] {
  const places = new Map<number, number>(model.inputs.map(({ id }, i) => [id, inputs[i]]));
  const inner = new Map<string, number[]>();
  const place = (tensor: tf.SymbolicTensor): number => {
    const known = places.get(tensor.id);
    if (known !== undefined) return known;
    const { sourceLayer: layer, inputs: from, tensorIndex, nodeIndex } = tensor;
    if (from.length === 0) {
      throw new ConfigError(`teacher: the model ${model.name} must have one input, and ${layer.name} is another`);
    }
    const entering = from.map(place);
    let at: number;
    if (isLayersModel(layer)) {
      const key = `${layer.name}/${nodeIndex}`;
      const outputs = inner.get(key) ?? add(nodes, layer, entering, `${prefix}${layer.name}/`);
      inner.set(key, outputs);
      at = outputs[tensorIndex];
    } else {
      const uses = nodes.filter((node) => node.layer === layer).length;
      const name = `${prefix}${layer.name}${uses > 0 ? `#${uses + 1}` : ""}`;
      nodes.push({ name, layer, inputs: entering, output: tensorIndex });
      at = nodes.length - 1;
    }
    places.set(tensor.id, at);
    return at;
  };
  return model.outputs.map(place);
}

/**
 * Computes nodes as in inference, from those that are given; tensors that are not asked for are freed.
 * @param given Values by place; all paths to the wanted nodes must pass them.
 */
export function compute(
  graph: ModelGraph,
  given: ReadonlyMap<number, tf.Tensor>,
  wanted: readonly number[],
): tf.Tensor[] {
  return tf.tidy(() => {
    const needed = neededFor(graph, wanted, given);
    const lastUse = new Map<number, number>();
    for (const node of needed) for (const input of graph[node].inputs) lastUse.set(input, node);
    const values = new Map(given);
    for (const node of needed) {
      const { layer, inputs, output } = graph[node];
      const entering = inputs.map((input) => values.get(input)!);
      values.set(node, applied(layer, entering, output));
      for (const input of new Set(inputs)) {
        if (lastUse.get(input) !== node || given.has(input) || wanted.includes(input)) continue;
        values.get(input)!.dispose();
        values.delete(input);
      }
    }
    return wanted.map((node) => (given.has(node) ? values.get(node)!.clone() : values.get(node)!));
  });
}

function applied(layer: tf.layers.Layer, inputs: readonly tf.Tensor[], output: number): tf.Tensor {
  const all = layer.apply(inputs.length === 1 ? inputs[0] : [...inputs], { training: false }) as
    | tf.Tensor
    | tf.Tensor[];
  return Array.isArray(all) ? all[output] : all;
}

/** The nodes to be computed, in order. */
function neededFor(graph: ModelGraph, wanted: readonly number[], given: ReadonlyMap<number, unknown>): number[] {
  const needed = new Set<number>();
  const ask = (node: number): void => {
    if (given.has(node) || needed.has(node)) return;
    needed.add(node);
    graph[node].inputs.forEach(ask);
  };
  wanted.forEach(ask);
  return [...needed].sort((a, b) => a - b);
}

/** Nodes that every path from the image to the answer passes, in order, the image left out. */
export function articulations(graph: ModelGraph): number[] {
  // Node j is one when no edge from before it leads behind it.
  const found: number[] = [];
  let furthest = 0;
  const reach = graph.map((_, node) =>
    graph.reduce((last, { inputs }, user) => (inputs.includes(node) ? user : last), node),
  );
  for (let node = 0; node < graph.length; node++) {
    if (node > 0 && furthest <= node) found.push(node);
    furthest = Math.max(furthest, reach[node]);
  }
  return found;
}
