import { existsSync, readFileSync } from "node:fs";
import { isAbsolute, resolve } from "node:path";
import { CheckpointError, ConfigError, checkOptions, decoderReason, type OptionRules, rule, shown } from "../../core";
import { checkPreprocessing, checkPreprocessingScale, type Preprocessing } from "../../data";
import { tf } from "../../engine";
import { type Architecture, type ForeignLayer, formatShape, type ImageShape, validateArchitecture } from "../../space";
import { Teacher } from "../teacher";
import { type NodeCost, nodeCosts } from "./costs";
import { type CutPoint, cutPoints, namedCuts, usualCuts } from "./cuts";
import { isLayersModel, type ModelGraph } from "./graph";
import { LayersNetwork, weightsOf } from "./network";
import { logitsTopology } from "./topology";

/** What a `tf.LayersModel` does not say itself. */
export interface LayersTeacherOptions {
  /**
   * Names of the layers that end its blocks, in the order in which images pass them; what follows the last is its head, which
   * is not imitated. Unless given it can be cut behind every convolution that all paths pass.
   */
  readonly cuts?: readonly string[];
  /** Size of the images, where the model takes any. */
  readonly input?: { readonly height: number; readonly width: number };
  /** How it sees images, on the scale 0..1; what an exported model of Blockwise has in its metadata unless given. */
  readonly preprocessing?: Preprocessing;
  /** Names of the classes in the order of its answers; those of its metadata, else "0", "1", ... unless given. */
  readonly classes?: readonly string[];
  /** Data set that it was trained on; "unknown" unless given. */
  readonly dataset?: string;
  /** Known top-1 accuracy on the validation images of the data set, 0..1; not measured unless given. */
  readonly accuracy?: number;
  /** Multiply-adds for one image of layers that are of no class of TensorFlow.js, by name. */
  readonly macs?: Readonly<Record<string, number>>;
}

export const LAYERS_TEACHER_RULES: OptionRules<LayersTeacherOptions> = {
  cuts: rule.list(rule.text),
  input: rule.any,
  preprocessing: rule.any,
  classes: rule.list(rule.text),
  dataset: rule.text,
  accuracy: rule.within(0, 1),
  macs: rule.any,
};

/**
 * A teacher from a model of TensorFlow.js, whose structure and weights are copied: what happens to the model later does not
 * change the teacher. Probabilities that a softmax makes at its end are taken back to logits.
 * @param model A sequential or functional model from one image `[batch, height, width, channels]` to logits or probabilities
 *   `[batch, classes]`.
 * @throws ConfigError when it is none, an option is not known or cannot be, or its preprocessing is not said.
 * @throws SpaceError when it cannot be cut behind the layers named in `cuts`; CheckpointError when a weight is not finite.
 */
export function teacherFromModel(model: tf.LayersModel, options: LayersTeacherOptions = {}): Teacher {
  checkOptions("teacher", options, LAYERS_TEACHER_RULES);
  if (!isLayersModel(model)) {
    throw new ConfigError(
      `teacher: the model must be a tf.LayersModel, e.g. of tf.sequential or tf.model, got ${shown(model)}`,
    );
  }
  const { preprocessing: seenSo, classes: named } = metadataOf(model);
  const { name } = model;
  const input = inputOf(model, options.input);
  const preprocessing = options.preprocessing ?? seenSo;
  if (!preprocessing) {
    throw new ConfigError(
      `teacher: it must be said how the model ${name} sees images: preprocessing: { mean: [...], std: [...] }, one number a channel on the scale 0..1; data.dataset.preprocessing where it was trained on this data, { mean: 0, std: 1/255 } a channel where it takes 0..255 itself`,
    );
  }
  checkPreprocessing(preprocessing, input, "teacher: preprocessing");
  if (options.preprocessing) checkPreprocessingScale(preprocessing, "teacher");
  const network = LayersNetwork.build(logitsTopology(model), weightsOf(model), `teacher: ${name}`);
  try {
    const architecture = architectureOf(network, name, input, options);
    const classes = options.classes ?? named ?? Array.from({ length: architecture.classes }, (_, i) => String(i));
    if (classes.length !== architecture.classes) {
      throw new ConfigError(
        `teacher: classes must name the ${architecture.classes} that the model ${name} tells apart, got ${classes.length}`,
        { expected: architecture.classes, got: classes.length },
      );
    }
    const { dataset = "unknown", accuracy } = options;
    const history = { epochs: [], accuracy, validationImages: 0, imagesPerSecond: 0 };
    return new Teacher(network, { architecture, preprocessing, classes, dataset, history });
  } catch (error) {
    network.dispose();
    throw error;
  }
}

function inputOf(model: tf.LayersModel, given: LayersTeacherOptions["input"]): ImageShape {
  const [, height, width, channels] = model.inputs[0].shape;
  const own = { height: height ?? given?.height, width: width ?? given?.width, channels: channels ?? 0 };
  if (own.height && own.width && own.channels) return own as ImageShape;
  throw new ConfigError(
    `teacher: the model ${model.name} takes images of any size: the size must be said, input: { height, width }, got [${model.inputs[0].shape}]`,
  );
}

function architectureOf(
  network: LayersNetwork,
  name: string,
  input: ImageShape,
  { cuts: names, macs }: LayersTeacherOptions,
): Architecture {
  const { graph } = network;
  const shapes = network.shapesFor([input.height, input.width, input.channels]);
  const answer = shapes[shapes.length - 1];
  if (answer.length !== 2) {
    throw new ConfigError(
      `teacher: the model ${name} must answer with [batch, classes], got [batch, ${answer.slice(1)}]; put a pooling and a linear layer behind it, with featuresOnly any: tf.sequential({ layers: [model, tf.layers.globalAveragePooling2d({}), tf.layers.dense({ units: 10 })] })`,
    );
  }
  const points = cutPoints(graph, shapes);
  const cuts = names ? namedCuts(graph, points, names, shapes) : usualCuts(graph, points);
  if (cuts.length === 0) {
    throw new ConfigError(
      `teacher: the model ${name} must have a layer that all paths pass and whose map is its ${formatShape(input)} image halved some times, and has none; students imitate such maps`,
    );
  }
  const costs = nodeCosts(graph, shapes, checkedMacs(macs, graph));
  const layers = cuts.map((cut, i): ForeignLayer => {
    const before = cuts[i - 1];
    const stride = 2 ** (cut.halvings - (before?.halvings ?? 0));
    const between = { name: cut.name, stride, input: before?.shape ?? input, output: cut.shape };
    return { kind: "foreign", ...between, ...added(costs.slice((before?.node ?? 0) + 1, cut.node + 1)) };
  });
  const last = cuts[cuts.length - 1];
  const head: ForeignLayer = {
    ...{ kind: "foreign", name: graph[graph.length - 1].name, stride: 1 },
    ...{ input: last.shape, output: { height: 1, width: 1, channels: answer[1] } },
    ...added(costs.slice(last.node + 1)),
  };
  network.cutAt(cuts.map((cut) => cut.name));
  const blocks = names ? layers.map((layer) => [layer]) : byResolution(layers, cuts);
  const architecture: Architecture = {
    ...{ name, input, stem: [], blocks, head: [head], classes: answer[1] },
    // As TensorFlow has them: what students are built with.
    ...{ padding: "same", batchNormEpsilon: 1e-3 },
  };
  validateArchitecture(architecture);
  return architecture;
}

/** Stages: layers whose maps have one size. */
function byResolution(layers: readonly ForeignLayer[], cuts: readonly CutPoint[]): ForeignLayer[][] {
  const stages = [...new Set(cuts.map(({ halvings }) => halvings))];
  return stages.map((stage) => layers.filter((_, i) => cuts[i].halvings === stage));
}

function added(costs: readonly NodeCost[]): NodeCost {
  const sum = (key: keyof NodeCost) => costs.reduce((total, cost) => total + cost[key], 0);
  return { params: sum("params"), macs: sum("macs"), activationBytes: sum("activationBytes") };
}

function checkedMacs(macs: LayersTeacherOptions["macs"], graph: ModelGraph): Readonly<Record<string, number>> {
  for (const [layer, value] of Object.entries(macs ?? {})) {
    const isLayer = graph.some(({ name }) => name === layer);
    if (isLayer && Number.isSafeInteger(value) && value >= 0) continue;
    const what = isLayer ? `a whole number from 0, got ${shown(value)}` : `a layer's, and the model has no "${layer}"`;
    throw new ConfigError(`teacher: macs["${layer}"] must be ${what}`, { layer });
  }
  return macs ?? {};
}

/** What Blockwise writes into the models that it exports. */
function metadataOf(model: tf.LayersModel): { preprocessing?: Preprocessing; classes?: readonly string[] } {
  const { preprocessing, classes } = (model.getUserDefinedMetadata() ?? {}) as Record<string, unknown>;
  const { mean, std } = (preprocessing ?? {}) as { mean?: unknown; std?: unknown };
  const isNumbers = (value: unknown): value is number[] =>
    Array.isArray(value) && value.every((one) => typeof one === "number");
  const isNames = Array.isArray(classes) && classes.every((one) => typeof one === "string");
  return {
    ...(isNumbers(mean) && isNumbers(std) && { preprocessing: { mean, std } }),
    ...(isNames && { classes: classes as string[] }),
  };
}

/** Whether a path is of a model of TensorFlow.js or Keras: a `model.json`, its folder's, or what must be converted first. */
export function isModelFile(path: string): boolean {
  if (/\.(h5|hdf5|keras|pb)$/i.test(path)) return true;
  if (!path.endsWith(".json") || !existsSync(path)) return false;
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null && ("modelTopology" in value || "weightsManifest" in value);
  } catch {
    return false;
  }
}

/**
 * A teacher from the `model.json` that `model.save("file://...")`, an export or TensorFlow's converter wrote.
 * @throws CheckpointError when it is damaged or of another format; and as {@link teacherFromModel}.
 */
export async function openModelTeacher(path: string, options: LayersTeacherOptions = {}): Promise<Teacher> {
  refuseOthers(path);
  let model: tf.LayersModel;
  try {
    model = await tf.loadLayersModel(`file://${resolve(path)}`);
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError(
      `teacher: ${path} must be a layers model of TensorFlow.js, and cannot be read as one (${decoderReason(cause)}); own layers are made known by tf.serialization.registerClass`,
      { path },
      { cause },
    );
  }
  try {
    return teacherFromModel(model, options);
  } finally {
    model.dispose();
  }
}

function refuseOthers(path: string): void {
  const convert = (format: string) =>
    `in Python: pip install tensorflowjs; tensorflowjs_converter --input_format=${format} --output_format=tfjs_layers_model ${path} model/, and open model/model.json`;
  if (/\.pb$/i.test(path)) {
    throw new ConfigError(
      `teacher: ${path} must be a layers model, and is a graph without layers; save the Keras model instead`,
    );
  }
  if (!path.endsWith(".json")) {
    throw new ConfigError(
      `teacher: ${path} must be a model.json of TensorFlow.js, and is Keras's; ${convert("keras")}`,
      { path },
    );
  }
  const { format, weightsManifest } = modelJson(path);
  refuseOutside(path, weightsManifest);
  if (format !== "graph-model") return;
  throw new ConfigError(
    `teacher: ${path} must be a layers model, and is a graph model, which has no layers to cut behind; convert the Keras model that it was made of: ${convert("keras")}`,
    { path },
  );
}

function modelJson(path: string): { readonly format?: unknown; readonly weightsManifest?: unknown } {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value === "object" && value !== null) return value;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw new CheckpointError(`teacher: ${path} must be a model.json of TensorFlow.js, and is no JSON of one`, { path });
}

/** Weights are files beside the model: it names no other file of this machine. @throws CheckpointError */
function refuseOutside(path: string, manifest: unknown): void {
  const groups = Array.isArray(manifest) ? (manifest as ({ paths?: unknown } | null)[]) : [];
  const named = groups.flatMap((group) => (Array.isArray(group?.paths) ? (group.paths as unknown[]) : []));
  const outside = named.find(
    (name) => typeof name !== "string" || isAbsolute(name) || name.split(/[\\/]/).includes(".."),
  );
  if (outside === undefined) return;
  throw new CheckpointError(
    `teacher: the weights of ${path} must be files of its folder, and it names ${JSON.stringify(outside).slice(0, 120)}; it is refused`,
    { path },
  );
}
