import type { Rng } from "../core";
import { fused, tf } from "../engine";
import type { ConvLayer } from "../space/types";
import { BatchNorm } from "./batch-norm";
import { convolutionKernel } from "./initialisers";
import { type ForwardContext, Module } from "./module";

/** What a network fixes for all its layers. */
export interface LayerSettings {
  readonly padding: "same" | "symmetric";
  readonly batchNormEpsilon: number;
}

/** The padding argument of a tfjs convolution: TensorFlow's "same", or kernelSize >> 1 on each side. */
export function paddingFor(kernelSize: number, padding: LayerSettings["padding"]): "same" | number {
  return padding === "same" ? "same" : kernelSize >> 1;
}

/** Bias-free convolution, batch norm, activation. */
export class ConvNorm extends Module {
  private readonly kernel: tf.Variable<tf.Rank.R4>;
  private readonly norm: BatchNorm;

  constructor(
    private readonly layer: ConvLayer,
    inChannels: number,
    private readonly settings: LayerSettings,
    rng: Rng,
  ) {
    super();
    const { kernelSize, outChannels, activation } = layer;
    this.kernel = this.parameter("kernel", convolutionKernel([kernelSize, kernelSize, inChannels, outChannels], rng));
    this.norm = this.child("norm", new BatchNorm(outChannels, settings.batchNormEpsilon, activation));
  }

  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    const { stride, kernelSize, activation } = this.layer;
    const padding = paddingFor(kernelSize, this.settings.padding);
    if (context.mode === "eval") {
      const options = { stride, padding, epsilon: this.settings.batchNormEpsilon, activation };
      return fused.convNormInference(x, { kernel: this.kernel, ...this.norm.inference }, options);
    }
    return tf.tidy(() => this.norm.forward(tf.conv2d(x, this.kernel, stride, padding), context));
  }
}
