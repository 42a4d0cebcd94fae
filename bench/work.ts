import { layerCost, networkCost } from "../src/cost";
import { type Architecture, layerOutput, squeezeWidth } from "../src/space";
import type { MBConvTraining } from "./training";

/** What a run must do at least: arithmetic of convolutions and linear layers, and bytes to and from memory. */
export interface Work {
  flops: number;
  bytes: number;
}

const FLOAT = 4;
/** A multiply-add is two operations; the gradients of input and of weights each cost what the forward pass does. */
const FORWARD = 2;
const TRAINING = 3 * FORWARD;

/**
 * A training step of one MBConv. Bytes: the passes of our kernel over whole maps (native/src/hot/README.md). The
 * depthwise output and its gradient are written once and read four times; the expanded map never leaves the cache.
 */
export function mbconvWork({ batch, size, channels, layer, inputGradient }: MBConvTraining): Work {
  const input = { height: size, width: size, channels };
  const out = layerOutput(layer, input);
  const [inPixels, outPixels] = [batch * size * size, batch * out.height * out.width];
  const spread = outPixels * channels * layer.expansion;
  const x = inPixels * channels;
  const y = outPixels * out.channels;
  const gate = squeezeWidth(layer, channels) > 0 ? 2 : 0; // its mean, forward, and its gradient's sum, backward
  const ofSpread = 2 + 4 + gate;
  // x: covariance, expansion, residual; expansion again; its gradient. y: P written, read, Y; P and dY twice, and the loss.
  const ofX = 3 + 1 + (inputGradient ? 1 : 0);
  const ofY = 3 + 4 + 3;
  return {
    flops: TRAINING * batch * layerCost(layer, input).macs,
    bytes: FLOAT * (ofSpread * spread + ofX * x + ofY * y),
  };
}

/** A training step of a network; bytes: every convolution's output written and read, and again with its gradient. */
export function networkTrainingWork(architecture: Architecture, batch: number): Work {
  const { macs, activationBytes, params } = networkCost(architecture);
  // Forward: written, read. Backward: the gradient written and read twice, the map read again for the weights' gradient.
  // Weights: read twice, gradient written and read, velocity and weight read and written.
  return { flops: TRAINING * batch * macs, bytes: 6 * batch * activationBytes + 8 * FLOAT * params };
}

export function inferenceWork(architecture: Architecture, batch: number): Work {
  const { macs, activationBytes, params } = networkCost(architecture);
  return { flops: FORWARD * batch * macs, bytes: 2 * batch * activationBytes + FLOAT * params };
}

/** Squeeze-excite and its gradients: x for the mean, x and y; x and dy for the gate's gradient, dy and dx. */
export function squeezeExciteWork(batch: number, size: number, channels: number, reduced: number): Work {
  const map = batch * size * size * channels;
  return { flops: TRAINING * batch * 2 * channels * reduced, bytes: FLOAT * 7 * map };
}

/** A depthwise convolution and its gradients: x, y; dy, dx; x, dy. */
export function depthwiseWork(batch: number, size: number, channels: number, kernel: number, stride: 1 | 2): Work {
  const x = batch * size * size * channels;
  const y = batch * Math.ceil(size / stride) ** 2 * channels;
  return { flops: TRAINING * y * kernel ** 2, bytes: FLOAT * (3 * x + 3 * y) };
}

/** Softmax cross-entropy and its gradient: logits, probabilities; probabilities, gradient. Some ten operations each. */
export function crossEntropyWork(batch: number, classes: number): Work {
  return { flops: 10 * batch * classes, bytes: FLOAT * 4 * batch * classes };
}

/** An optimiser's step: the gradient and each state read, the weight and each state written. */
export function updateWork(rule: "adam" | "sgd", parameters: number): Work {
  const states = rule === "adam" ? 2 : 1;
  return { flops: (rule === "adam" ? 12 : 4) * parameters, bytes: FLOAT * (1 + 2 + 2 * states) * parameters };
}
