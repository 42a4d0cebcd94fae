import { CheckpointError, ConfigError, decoderReason } from "../../core";
import { tf } from "../../engine";
import { graphOf, type ModelGraph } from "./graph";

/** A model's structure as plain JSON. */
export interface Topology {
  readonly kind: "Sequential" | "Model";
  readonly config: Json;
}

type Json = { [key: string]: unknown };

/** Layers that change the form of answers only. */
const RESHAPING = ["Reshape", "Flatten", "Dropout", "Permute"];

/**
 * A model's structure, with logits in place of the probabilities that a softmax makes of them at its end.
 * @throws ConfigError unless it ends with logits or a softmax, or when a layer has its channels first.
 */
export function logitsTopology(model: tf.LayersModel): Topology {
  const graph = graphOf(model);
  const kind = model.getClassName() === "Sequential" ? "Sequential" : "Model";
  // A copy: what a layer gives may be its own.
  const config = JSON.parse(JSON.stringify(model.getConfig())) as Json;
  const first = graph.find(({ layer }) => layer.getConfig().dataFormat === "channelsFirst");
  if (first) {
    throw new ConfigError(
      `teacher: the model ${model.name} must have its channels last, and layer ${first.name} has them first; build it with dataFormat: "channelsLast"`,
    );
  }
  const answering = answeringLayer(graph);
  const ending = answering && activationOf(answering);
  if (!answering || ending === "linear") return { kind, config };
  if (ending !== "softmax") {
    throw new ConfigError(
      `teacher: the model ${model.name} must end with logits or with a softmax over the classes, and ${answering.name} ends with ${ending}; give a model that ends before it: tf.model({ inputs: model.inputs, outputs: the layer before })`,
    );
  }
  const found = entriesOf(config, answering.name);
  if (found.length !== 1) {
    throw new ConfigError(
      `teacher: the model ${model.name} must have one layer called ${answering.name}, got ${found.length}; give its last layer a name of its own`,
    );
  }
  const [entry] = found;
  if (entry.className === "Softmax") {
    entry.className = "Activation";
    entry.config = { name: answering.name, activation: "linear" };
  } else (entry.config as Json).activation = "linear";
  return { kind, config };
}

function answeringLayer(graph: ModelGraph): tf.layers.Layer | undefined {
  let node = graph.length - 1;
  while (RESHAPING.includes(graph[node].layer.getClassName())) [node] = graph[node].inputs;
  return node === 0 ? undefined : graph[node].layer;
}

function activationOf(layer: tf.layers.Layer): string {
  const kind = layer.getClassName();
  if (["Softmax", "ReLU", "LeakyReLU", "ELU", "PReLU", "ThresholdedReLU"].includes(kind)) return kind.toLowerCase();
  const { activation = "linear" } = layer.getConfig() as { activation?: unknown };
  return typeof activation === "string" ? activation : "linear";
}

/** Entries of a layer's name in the lists of layers of a configuration, those of models inside it, too. */
function entriesOf(value: unknown, name: string): { className: string; config: unknown }[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((entry) => entriesOf(entry, name));
  const { className, config } = value as { className?: unknown; config?: { name?: unknown } };
  const isIt = typeof className === "string" && typeof config === "object" && config?.name === name;
  return isIt
    ? [value as { className: string; config: unknown }]
    : Object.values(value).flatMap((entry) => entriesOf(entry, name));
}

type FromConfig = (cls: unknown, config: Json, customObjects?: object, fastWeightInit?: boolean) => tf.LayersModel;

/**
 * Builds a model, its weights 0.
 * @throws CheckpointError for a layer that is not registered, or a structure that is malformed.
 */
export function modelOf({ kind, config }: Topology, where: string): tf.LayersModel {
  const cls = (kind === "Sequential" ? tf.Sequential : tf.LayersModel) as unknown as { fromConfig: FromConfig };
  try {
    return cls.fromConfig(cls, JSON.parse(JSON.stringify(config)) as Json, {}, true);
  } catch (cause) {
    throw new CheckpointError(
      `${where}: the model must be one that TensorFlow.js builds of its description, and it is not (${decoderReason(cause)}); own layers are made known by tf.serialization.registerClass`,
      {},
      { cause },
    );
  }
}
