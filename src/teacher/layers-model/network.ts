import { CheckpointError } from "../../core";
import { tf } from "../../engine";
import { copyOf, type StoredTensor, valueFault } from "../../nn";
import { compute, graphOf, type ModelGraph } from "./graph";
import { modelOf, type Topology } from "./topology";

/** A `tf.LayersModel` that answers with logits, cut behind some of its layers: what a teacher computes with. */
export class LayersNetwork {
  private constructor(
    private readonly model: tf.LayersModel,
    readonly topology: Topology,
    readonly graph: ModelGraph,
  ) {}

  /** Nodes behind which it is cut, in order. */
  private ends: readonly number[] = [];

  /**
   * Builds a model and puts weights in.
   * @param state As {@link LayersNetwork.state} gives them.
   * @throws CheckpointError when the structure cannot be built, or a weight is missing, of another shape or not finite.
   */
  static build(topology: Topology, state: ReadonlyMap<string, StoredTensor>, where: string): LayersNetwork {
    const model = modelOf(topology, where);
    try {
      loadWeights(model, state, where);
      return new LayersNetwork(model, topology, graphOf(model));
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  /** Cuts it behind layers; the layers of a teacher's trunk end with them. @throws CheckpointError for an unknown name. */
  cutAt(names: readonly string[]): this {
    this.ends = names.map((name) => {
      const node = this.graph.findIndex((each) => each.name === name);
      if (node < 0)
        throw new CheckpointError(`teacher: the model must have layer ${name}, which is missing; the file is damaged`);
      return node;
    });
    return this;
  }

  /** Shapes `[1, ...]` of what leaves each node for one image. */
  shapesFor(image: readonly [height: number, width: number, channels: number]): number[][] {
    return tf.tidy(() => {
      const x = tf.zeros([1, ...image]);
      return compute(this.graph, new Map([[0, x]]), [...this.graph.keys()]).map(({ shape }) => shape);
    });
  }

  /** Logits `[batch, classes]` of preprocessed images `[batch, height, width, channels]`. */
  logits(x: tf.Tensor4D, _context?: unknown): tf.Tensor2D {
    const [logits] = compute(this.graph, new Map([[0, x]]), [this.graph.length - 1]);
    return logits as tf.Tensor2D;
  }

  /** Logits `[batch, classes]` from a feature map as it leaves a trunk layer. */
  logitsAfter(layer: number, x: tf.Tensor4D, _context?: unknown): tf.Tensor2D {
    const [logits] = compute(this.graph, new Map([[this.ends[layer], x]]), [this.graph.length - 1]);
    return logits as tf.Tensor2D;
  }

  /** Feature maps `[batch, height, width, channels]` after the given trunk layers, in one pass. */
  featuresAt(x: tf.Tensor4D, _context: unknown, cuts: readonly number[]): tf.Tensor4D[] {
    const wanted = cuts.map((cut) => this.ends[cut]);
    return compute(this.graph, new Map([[0, x]]), wanted) as tf.Tensor4D[];
  }

  /** Copies all weights, in the model's order: "weight.0", "weight.1", ... */
  state(): Map<string, StoredTensor> {
    return weightsOf(this.model);
  }

  /** Frees the weights. */
  dispose(): void {
    this.model.dispose();
  }
}

/** Copies a model's weights. @throws CheckpointError when it is disposed. */
export function weightsOf(model: tf.LayersModel): Map<string, StoredTensor> {
  const weights = model.getWeights();
  return new Map(weights.map((weight, i) => [`weight.${i}`, { shape: weight.shape, data: copyOf(weight) }]));
}

function loadWeights(model: tf.LayersModel, state: ReadonlyMap<string, StoredTensor>, where: string): void {
  const shapes = model.getWeights().map(({ shape }) => shape);
  const names = model.weights.map(({ originalName }) => originalName);
  if (state.size !== shapes.length) {
    throw new CheckpointError(
      `${where}: the model must have ${shapes.length} weights, got ${state.size}; write the file anew`,
    );
  }
  tf.tidy(() => {
    const tensors = shapes.map((shape, i) => {
      const stored = state.get(`weight.${i}`);
      if (stored?.shape.join() !== shape.join()) {
        throw new CheckpointError(
          `${where}: weight ${i} of the model must be [${shape}], got ${stored ? `[${stored.shape}]` : "none"}; write the file anew`,
        );
      }
      const fault = valueFault(names[i], stored.data, /(^|\/)moving_variance$/.test(names[i]));
      if (fault) {
        throw new CheckpointError(
          `${where}: weight ${i} of the model, ${names[i]}, ${fault}; train it anew, or take an earlier state`,
        );
      }
      return tf.tensor(stored.data, shape);
    });
    model.setWeights(tensors);
  });
}
