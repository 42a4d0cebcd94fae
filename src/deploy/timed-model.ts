import { Rng } from "../core";
import type { PlacedLayer } from "../cost";
import { tf } from "../engine";
import { encodeOnnx, type OnnxGraph, onnxGraph } from "../export";
import { type LayerSettings, Network } from "../nn";
import { toLayersModel } from "../retrain";
import type { Architecture, ImageShape } from "../space";

/** What is timed: a network as a page runs it, one layer of some, or a call in which nothing is computed. */
export type Timed =
  | { readonly kind: "network"; readonly architecture: Architecture }
  | { readonly kind: "layer"; readonly placed: PlacedLayer; readonly of: LayerSettings }
  | { readonly kind: "call"; readonly input: ImageShape; readonly upload: boolean };

/** What enters, `[height, width, channels]`. */
export function inputOf(timed: Timed): ImageShape {
  if (timed.kind === "network") return timed.architecture.input;
  return timed.kind === "layer" ? timed.placed.input : timed.input;
}

/** Weights of timed models: their values change no time. */
const SEED = 1;
const SOME_CLASSES = 2;

/**
 * The JSON of a layers model without its weights: a page makes some up. A call in which nothing is computed is a linear
 * activation, which passes its input on.
 */
export function topology(timed: Timed): string {
  return withModel(timed, (model) => JSON.stringify(model.toJSON(undefined, false)));
}

function withModel<T>(timed: Timed, use: (model: tf.LayersModel) => T): T {
  if (timed.kind === "call") {
    const { height, width, channels } = timed.input;
    const image = tf.input({ shape: [height, width, channels] });
    const same = tf.layers.activation({ activation: "linear" }).apply(image) as tf.SymbolicTensor;
    return use(tf.model({ inputs: image, outputs: same }));
  }
  return withNetwork(timed, (network, isFeatures) => {
    const model = toLayersModel(network);
    try {
      const pooled = model.getLayer("pool").input as tf.SymbolicTensor;
      return use(isFeatures ? tf.model({ inputs: model.inputs, outputs: pooled }) : model);
    } finally {
      model.dispose();
    }
  });
}

/** An ONNX file of which one number is read: what a layer gives stays where it is, as within a network. */
export function onnxBytes(timed: Timed): Uint8Array {
  return encodeOnnx(graphOf(timed), {}, "timed");
}

function graphOf(timed: Timed): OnnxGraph {
  if (timed.kind === "call") {
    const { height, width, channels } = timed.input;
    const input = { name: "image", type: "float", shape: ["batch", channels, height, width] } as const;
    return corner({ name: "call", nodes: [], constants: [], input, output: input }, "image");
  }
  return withNetwork(timed, (network, isFeatures) => {
    const graph = onnxGraph(network, { mean: [], std: [] });
    if (!isFeatures) return graph;
    const at = graph.nodes.findIndex(({ op, output }) => op === "GlobalAveragePool" && output === "pool");
    const nodes = graph.nodes.slice(0, at);
    const used = new Set(nodes.flatMap(({ inputs }) => inputs));
    const constants = graph.constants.filter(({ name }) => used.has(name));
    return corner({ ...graph, nodes, constants }, graph.nodes[at].inputs[0]);
  });
}

/** The graph whose output is the first number of a map `[batch, channels, height, width]`. */
function corner(graph: OnnxGraph, map: string): OnnxGraph {
  const whole = (name: string, values: readonly number[]) => ({
    name,
    shape: [values.length],
    data: BigInt64Array.from(values, BigInt),
  });
  return {
    ...graph,
    nodes: [...graph.nodes, { op: "Slice", inputs: [map, "corner.from", "corner.to"], output: "logits" }],
    constants: [...graph.constants, whole("corner.from", [0, 0, 0, 0]), whole("corner.to", [1, 1, 1, 1])],
    output: { name: "logits", type: "float", shape: [1, 1, 1, 1] },
  };
}

/** A network of the layer alone; pooling and classifier are those of a network that has no other layers. */
function withNetwork<T>(timed: Exclude<Timed, { kind: "call" }>, use: (network: Network, isFeatures: boolean) => T): T {
  const isFeatures = timed.kind === "layer" && timed.placed.layer.kind !== "classifier";
  const network = new Network(timed.kind === "network" ? timed.architecture : alone(timed), new Rng(SEED));
  try {
    return use(network, isFeatures);
  } finally {
    network.dispose();
  }
}

function alone({ placed: { layer, input }, of }: Extract<Timed, { kind: "layer" }>): Architecture {
  const { padding, batchNormEpsilon } = of;
  const rest = { name: "layer", input, blocks: [], head: [], padding, batchNormEpsilon };
  // A layers model pools with PyTorch's padding behind a ReLU only, and here nothing is before it.
  if (layer.kind === "maxpool") return { ...rest, padding: "same", stem: [layer], classes: SOME_CLASSES };
  if (layer.kind !== "classifier") return { ...rest, stem: [layer], classes: SOME_CLASSES };
  const { classes, hidden } = layer;
  return { ...rest, stem: [], classes, ...(hidden && { hidden }) };
}

/** Whether nothing is computed in a layer: it takes no time. */
export function isFree({ layer }: PlacedLayer): boolean {
  return layer.kind === "identity";
}
