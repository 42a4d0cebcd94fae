import { z } from "zod";
import { CheckpointError, ConfigError, fingerprint, Rng, type StepContext } from "../core";
import { type NetworkCost, networkCost } from "../cost";
import type { Preprocessing, Split } from "../data";
import type { tf } from "../engine";
import { loadState, Network, readSafetensors, type StoredTensor, saveState, writeSafetensors } from "../nn";
import { type Architecture, isForeign, trunkLayers } from "../space";
import { type Evaluation, epochRecordSchema, evaluate, type TrainingHistory } from "../train";
import { architectureSchema, preprocessingSchema } from "./architecture-schema";
import { LayersNetwork } from "./layers-model/network";
import type { Topology } from "./layers-model/topology";
import { foreignWeights } from "./recognise";
import {
  balancedCuts,
  blocksAt,
  checkSplitPoints,
  cutIndices,
  type SplitPoints,
  type TeacherBlock,
  type TrunkLayer,
} from "./split";

const FORMAT = "blockwise-teacher-1";

/** What belongs to a teacher's weights. */
export interface TeacherRecord {
  readonly architecture: Architecture;
  readonly preprocessing: Preprocessing;
  readonly classes: readonly string[];
  /** Data set it was trained on. */
  readonly dataset: string;
  /** Its accuracy there is on the validation split. */
  readonly history: TrainingHistory;
  /** What a user should know of how it was read, each a sentence. */
  readonly remarks?: readonly string[];
}

/** A teacher as plain data. */
export interface SharedTeacher {
  readonly record: TeacherRecord;
  readonly weights: Map<string, StoredTensor>;
  /** The structure of a model of TensorFlow.js; what is ours is built by its architecture. */
  readonly model?: Topology;
}

/** A trained network whose blocks are imitated. */
export class Teacher {
  readonly architecture: Architecture;
  readonly preprocessing: Preprocessing;
  readonly classes: readonly string[];
  readonly history: TrainingHistory;
  readonly dataset: string;
  readonly remarks: readonly string[];
  readonly cost: NetworkCost;

  constructor(
    private readonly body: Network | LayersNetwork,
    private readonly record: TeacherRecord,
  ) {
    this.architecture = record.architecture;
    this.preprocessing = record.preprocessing;
    this.classes = record.classes;
    this.history = record.history;
    this.dataset = record.dataset;
    this.remarks = record.remarks ?? [];
    this.cost = networkCost(record.architecture);
  }

  /** Top-1 accuracy on the validation split, 0..1; undefined where it was never measured. */
  get accuracy(): number | undefined {
    return this.history.accuracy;
  }

  /**
   * The network, of Blockwise's layers.
   * @throws ConfigError when the teacher is a model of TensorFlow.js, which has none.
   */
  get network(): Network {
    if (this.body instanceof Network) return this.body;
    throw new ConfigError(
      `teacher: ${this.architecture.name} is a model of TensorFlow.js, which can be imitated, measured and saved as a teacher; for all else, such as fine-tuning or other formats, train or convert the model itself`,
      { architecture: this.architecture.name },
    );
  }

  /** Stem and blocks, layer by layer: what can be cut. */
  get trunk(): TrunkLayer[] {
    return trunkOf(this.architecture, this.cost);
  }

  /**
   * Divides the teacher, without its head, into consecutive blocks.
   * @param points How many blocks (of about equal MACs, cut where the resolution changes if possible), "stages", or the
   *   last layer of every block but the final one: `[2, 5]`, `{ after: ["block0.1", "block2.3"] }`.
   * @throws SpaceError when there are fewer layers than blocks, or cut points do not rise or name no layer.
   */
  split(points: SplitPoints): TeacherBlock[] {
    return splitArchitecture(this.architecture, points, this.cost);
  }

  /** Logits `[batch, classes]` of preprocessed images `[batch, height, width, channels]`. */
  logits(images: tf.Tensor4D): tf.Tensor2D {
    return this.body.logits(images, { mode: "eval" });
  }

  /** Logits `[batch, classes]` that follow from a feature map `[batch, height, width, channels]` at a block's end. */
  logitsAfter({ lastLayer }: TeacherBlock, map: tf.Tensor4D): tf.Tensor2D {
    return this.body.logitsAfter(lastLayer, map, { mode: "eval" });
  }

  /** Accuracy and cross-entropy on a split. */
  evaluate(split: Split, context: StepContext = {}): Promise<Evaluation> {
    const { preprocessing } = this;
    return evaluate(this.body, split, { shape: this.architecture.input, preprocessing }, context, "evaluate teacher");
  }

  /** Names all that its answers depend on: architecture, weights, preprocessing, classes (hexadecimal). */
  fingerprint(): string {
    const { architecture, preprocessing, classes } = this;
    const { weights, model } = this.share();
    return fingerprint({ architecture, preprocessing, classes, weights, ...(model && { model }) });
  }

  /** All of it as plain data, for another thread. */
  share(): SharedTeacher {
    const { body, record } = this;
    if (body instanceof Network) return { record, weights: saveState(body) };
    return { record, weights: body.state(), model: body.topology };
  }

  /**
   * The teacher that plain data are of.
   * @throws CheckpointError when weights are missing, of other shapes or not finite.
   */
  static of({ record, weights, model }: SharedTeacher, where = "teacher"): Teacher {
    if (model) {
      const body = LayersNetwork.build(model, weights, where);
      const ends = trunkLayers(record.architecture).flatMap((layer) => (layer.kind === "foreign" ? [layer.name] : []));
      return new Teacher(body.cutAt(ends), record);
    }
    const network = new Network(record.architecture, new Rng(0));
    try {
      loadState(network, weights);
    } catch (error) {
      network.dispose();
      throw error;
    }
    return new Teacher(network, record);
  }

  /** Feature maps `[batch, height, width, channels]` of preprocessed images after trunk layers, in one pass. */
  featuresAt(images: tf.Tensor4D, cuts: readonly number[]): tf.Tensor4D[] {
    return this.body.featuresAt(images, { mode: "eval" }, cuts);
  }

  /** Writes weights and record into one safetensors file. */
  save(path: string): void {
    const { record, weights, model } = this.share();
    const structure = model && { model: JSON.stringify(model) };
    writeSafetensors(path, weights, { format: FORMAT, teacher: JSON.stringify(record), ...structure });
  }

  /**
   * Reads a file that {@link Teacher.save} wrote.
   * @throws CheckpointError when it is damaged or something else, or a weight is not finite.
   */
  static load(path: string): Teacher {
    const { tensors, metadata } = readSafetensors(path);
    const record = parseRecord(path, metadata, tensors.keys());
    const model = parsed(metadata.model) as Topology | null | undefined;
    if (isForeign(record.architecture) !== Boolean(model)) {
      throw new CheckpointError(
        `Teacher.load: ${path} must hold the structure of ${record.architecture.name} if that is a model of TensorFlow.js, and only then; write it anew by teacher.save`,
        { path },
      );
    }
    return Teacher.of({ record, weights: tensors, ...(model && { model }) }, `Teacher.load: ${path}`);
  }

  /** Frees the weights. */
  dispose(): void {
    this.body.dispose();
  }
}

/**
 * The blocks of a teacher as {@link Teacher.split} makes them, which its architecture alone decides.
 * @throws SpaceError as there.
 */
export function splitArchitecture(
  architecture: Architecture,
  points: SplitPoints,
  cost: NetworkCost = networkCost(architecture),
): TeacherBlock[] {
  checkSplitPoints(points);
  const layers = trunkOf(architecture, cost);
  if (typeof points === "number") return blocksAt(layers, balancedCuts(layers, points));
  // A foreign layer is called as it is in its model.
  const cuts = points === "stages" || "after" in points ? cutIndices(architecture, points) : points;
  return blocksAt(layers, cuts);
}

function trunkOf(architecture: Architecture, cost: NetworkCost): TrunkLayer[] {
  return trunkLayers(architecture).map((layer, i) => {
    const { macs, params, input, output } = cost.layers[i];
    return { macs, params, input, output, stride: layer.kind === "identity" ? 1 : layer.stride };
  });
}

/** Whether a safetensors file's metadata are of a teacher that {@link Teacher.save} wrote. */
export function isTeacherFile({ format }: Readonly<Record<string, string>>): boolean {
  return format?.startsWith("blockwise-") ?? false;
}

const recordSchema = z.object({
  architecture: architectureSchema,
  preprocessing: preprocessingSchema,
  classes: z.array(z.string()),
  dataset: z.string(),
  history: z.object({
    epochs: z.array(epochRecordSchema),
    accuracy: z.number().min(0).max(1).optional(),
    validationImages: z.number(),
    imagesPerSecond: z.number(),
  }),
  remarks: z.array(z.string()).optional(),
});

function parseRecord(
  path: string,
  { format, teacher }: Record<string, string>,
  names: Iterable<string>,
): TeacherRecord {
  const what = format === FORMAT ? recordSchema.safeParse(parsed(teacher)) : undefined;
  if (what?.success) return measuredOrNot(what.data);
  const got = what ? z.prettifyError(what.error) : `format ${format ?? "none"}`;
  const mend = (!what && foreignWeights(names, path)) || "train it anew";
  throw new CheckpointError(`Teacher.load: ${path} must be a teacher's file (${FORMAT}), got ${got}; ${mend}`, {
    path,
  });
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return undefined;
  }
}

/** Files written before say 0 where nothing was measured. */
function measuredOrNot(record: TeacherRecord): TeacherRecord {
  const { accuracy, validationImages } = record.history;
  if (accuracy !== 0 || validationImages > 0) return record;
  return { ...record, history: { ...record.history, accuracy: undefined } };
}
