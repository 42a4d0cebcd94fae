import { Rng } from "../src/core";
import { fused, tf } from "../src/engine";
import {
  buildLayer,
  loadState,
  lossAndGradients,
  type Module,
  Network,
  type Optimizer,
  Sequential,
  type StoredTensor,
  saveState,
  sgd,
} from "../src/nn";
import { type Architecture, layerOutput, type MBConvLayer } from "../src/space";
import { type Contestant, type Outcome, stored, type Task, valuesOf } from "./contest";

const LEARNING_RATE = 0.01;
const EPSILON = 1e-5;
/** Rounding alone keeps both sides so far apart. */
export const SMOOTH = 1e-3;
/** In a deep net some ReLU's input lies so near to zero that rounding decides; its gradient differs wholly then. */
const KINKED = 3e-2;

/** Values of a normal distribution, the same for the same name. */
export function randomTensor(name: string, shape: readonly number[], scale = 1): StoredTensor {
  const rng = new Rng(1).fork(name);
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float32Array.from({ length: size }, () => scale * rng.normal()) };
}

export function labelsOf(batch: number, classes: number): Int32Array {
  const rng = new Rng(1).fork("labels");
  return Int32Array.from({ length: batch }, () => rng.int(classes));
}

export function toTensor<T extends tf.Tensor = tf.Tensor4D>({ shape, data }: StoredTensor): T {
  return tf.tensor(data, [...shape]) as unknown as T;
}

/** A module's fresh weights, with scales, shifts, biases and statistics that are not all ones and zeros. */
export function freshWeights(make: () => Module): Map<string, StoredTensor> {
  const module = make();
  const state = saveState(module);
  module.dispose();
  for (const [name, { shape }] of state) {
    if (shape.length > 1) continue;
    const { data } = randomTensor(name, shape, 0.1);
    const around = /gamma$/.test(name) ? 1 : 0;
    const value = /runningVariance$/.test(name) ? (v: number) => 1 + Math.abs(v) : (v: number) => around + v;
    state.set(name, { shape, data: data.map(value) });
  }
  return state;
}

export function storedWeights(weights: Map<string, StoredTensor>): object {
  return Object.fromEntries([...weights].map(([name, value]) => [name, stored(value)]));
}

/** A training step as the trainers do it: forward, loss read back, gradients, SGD, running statistics. */
class OurTraining implements Contestant {
  private readonly optimizer: Optimizer;
  private readonly parameters: Map<string, tf.Variable>;

  constructor(
    private readonly module: Module,
    private readonly loss: () => tf.Scalar,
    private readonly held: { x: tf.Tensor; target: tf.Tensor },
    momentum: number,
  ) {
    this.parameters = module.parameters();
    if (held.x instanceof tf.Variable) this.parameters.set("x", held.x);
    this.optimizer = sgd({ momentum });
  }

  run(): void {
    const { loss, gradients } = lossAndGradients(this.loss, this.parameters);
    const x = gradients.get("x");
    gradients.delete("x");
    this.optimizer.step(gradients, this.parameters, LEARNING_RATE);
    loss.dataSync();
    tf.dispose([loss, ...gradients.values(), ...(x ? [x] : [])]);
  }

  first(): Outcome {
    const { loss, gradients } = lossAndGradients(this.loss, this.parameters);
    const outcome = { loss: loss.dataSync()[0], values: valuesOf(gradients) };
    tf.dispose([loss, ...gradients.values()]);
    return outcome;
  }

  dispose(): void {
    this.optimizer.dispose();
    this.module.dispose();
    tf.dispose([this.held.x, this.held.target]);
  }
}

function withWeights<M extends Module>(module: M, weights: Map<string, StoredTensor>): M {
  loadState(module, weights);
  return module;
}

/** One MBConv and the batch it is trained on. */
export interface MBConvTraining {
  batch: number;
  size: number;
  channels: number;
  layer: MBConvLayer;
  momentum: number;
  /** Whether the input asks for a gradient, as it does inside a network. */
  inputGradient: boolean;
}

/** Training of one MBConv towards a random target, by mean squared error. */
export function mbconvTraining(request: MBConvTraining): Task {
  const { batch, size, channels, layer, momentum, inputGradient } = request;
  const settings = { padding: "symmetric", batchNormEpsilon: EPSILON } as const;
  const make = () => new Sequential([buildLayer(layer, channels, settings, new Rng(1))]);
  const weights = freshWeights(make);
  const out = layerOutput(layer, { height: size, width: size, channels });
  const x = randomTensor("x", [batch, size, size, channels]);
  const target = randomTensor("target", [batch, out.height, out.width, out.channels]);
  return {
    name: "training",
    tolerance: SMOOTH,
    payload: {
      layers: [layer],
      channels,
      epsilon: EPSILON,
      weights: storedWeights(weights),
      x: stored(x),
      target: stored(target),
      momentum,
      learningRate: LEARNING_RATE,
      inputGradient,
    },
    ours: () => {
      const module = withWeights(make(), weights);
      const given = toTensor(x);
      const held = { x: inputGradient ? tf.variable(given) : given, target: toTensor(target) };
      if (inputGradient) given.dispose();
      const loss = () =>
        fused.meanSquaredError(module.forward(held.x as tf.Tensor4D, { mode: "train", inputGradient }), held.target);
      return new OurTraining(module, loss, held, momentum);
    },
  };
}

/** The network as both sides build it: PyTorch's padding is the same on all sides. */
function symmetric(architecture: Architecture): Architecture {
  return { ...architecture, padding: "symmetric", dropout: 0, dropConnect: 0 };
}

function networkInput(architecture: Architecture, batch: number): StoredTensor {
  const { height, width, channels } = architecture.input;
  return randomTensor("images", [batch, height, width, channels]);
}

/** Training of a whole network by cross-entropy and SGD with momentum 0.9. */
export function networkTraining(given: Architecture, batch: number): Task {
  const architecture = symmetric(given);
  const make = () => new Network(architecture, new Rng(1));
  const weights = freshWeights(make);
  const images = networkInput(architecture, batch);
  const labels = labelsOf(batch, architecture.classes);
  const momentum = 0.9;
  return {
    name: "training",
    tolerance: KINKED,
    payload: {
      architecture,
      weights: storedWeights(weights),
      x: stored(images),
      labels: [...labels],
      momentum,
      learningRate: LEARNING_RATE,
      inputGradient: false,
    },
    ours: () => {
      const network = withWeights(make(), weights);
      const held = { x: toTensor(images), target: tf.tensor1d(labels, "int32") };
      const loss = () =>
        fused.softmaxCrossEntropy(network.logits(held.x, { mode: "train" }), held.target, { smoothing: 0 });
      return new OurTraining(network, loss, held, momentum);
    },
  };
}

/** The forward pass of a whole network with running statistics; PyTorch in inference mode. */
export function networkInference(given: Architecture, batch: number): Task {
  const architecture = symmetric(given);
  const make = () => new Network(architecture, new Rng(1));
  const weights = freshWeights(make);
  const images = networkInput(architecture, batch);
  return {
    name: "inference",
    tolerance: SMOOTH,
    payload: { architecture, weights: storedWeights(weights), x: stored(images) },
    ours: () => {
      const network = withWeights(make(), weights);
      const x = toTensor(images);
      return {
        run: () => network.logits(x, { mode: "eval" }).dispose(),
        first: () => {
          const logits = network.logits(x, { mode: "eval" });
          const outcome = { loss: 0, values: valuesOf([["logits", logits]]) };
          logits.dispose();
          return outcome;
        },
        dispose: () => {
          network.dispose();
          x.dispose();
        },
      };
    },
  };
}
