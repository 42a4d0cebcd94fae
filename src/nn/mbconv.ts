import { type Rng, SpaceError } from "../core";
import { fused, tf } from "../engine";
import { expandedChannels, hasResidual, squeezeWidth } from "../space/layers";
import type { MBConvLayer } from "../space/types";
import { absorbStatistics, BatchNorm } from "./batch-norm";
import { type LayerSettings, paddingFor } from "./conv-norm";
import { dropConnect } from "./dropout";
import { convolutionKernel, depthwiseKernel } from "./initialisers";
import { type ForwardContext, Module } from "./module";
import { SqueezeExcite } from "./squeeze-excite";

type SqueezeExciteForm = NonNullable<Parameters<typeof fused.mbconvInference>[2]["squeezeExcite"]>;

/** Squeeze-excite of published designs, see `MBConvLayer.seDesign`. */
const SQUEEZE_EXCITE_FORMS: Readonly<Record<NonNullable<MBConvLayer["seDesign"]>, SqueezeExciteForm>> = {
  mobilenetv3: { inner: "relu", gate: "hardsigmoid" },
};

/**
 * Inverted residual with squeeze-excite (MobileNetV2, EfficientNet); the candidate operation of DNA's space.
 *
 * The whole layer is one fused op of the engine, with batch statistics as with running ones.
 */
export class MBConv extends Module {
  private readonly expandKernel?: tf.Variable<tf.Rank.R4>;
  private readonly expandNorm?: BatchNorm;
  private readonly depthwiseKernel: tf.Variable<tf.Rank.R4>;
  private readonly depthwiseNorm: BatchNorm;
  private readonly squeezeExcite?: SqueezeExcite;
  private readonly projectKernel: tf.Variable<tf.Rank.R4>;
  private readonly projectNorm: BatchNorm;
  private readonly stride: 1 | 2;
  private readonly residual: boolean;
  private readonly padding: "same" | number;
  private readonly form?: SqueezeExciteForm;

  constructor(
    private readonly layer: MBConvLayer,
    inChannels: number,
    private readonly settings: LayerSettings,
    rng: Rng,
    /** Probability of dropping the residual branch of a sample in training. */
    private readonly dropRate = 0,
  ) {
    super();
    const { kernelSize, stride, expansion, outChannels, activation } = layer;
    const { batchNormEpsilon: epsilon, padding } = settings;
    const expanded = expandedChannels(layer, inChannels);
    if (expansion !== 1) {
      this.expandKernel = this.parameter("expand.kernel", convolutionKernel([1, 1, inChannels, expanded], rng));
      this.expandNorm = this.child("expand.norm", new BatchNorm(expanded, epsilon, activation));
    }
    this.depthwiseKernel = this.parameter("depthwise.kernel", depthwiseKernel(kernelSize, expanded, rng));
    this.depthwiseNorm = this.child("depthwise.norm", new BatchNorm(expanded, epsilon, activation));
    const squeezed = squeezeWidth(layer, inChannels);
    if (squeezed > 0) {
      this.squeezeExcite = this.child("se", new SqueezeExcite(expanded, squeezed, activation, rng));
    }
    this.projectKernel = this.parameter("project.kernel", convolutionKernel([1, 1, expanded, outChannels], rng));
    this.projectNorm = this.child("project.norm", new BatchNorm(outChannels, epsilon, "none"));
    if (stride !== 1 && stride !== 2) throw new SpaceError(`MBConv: stride must be 1 or 2, got ${stride}`);
    this.stride = stride;
    this.residual = hasResidual(layer, inChannels);
    this.padding = paddingFor(kernelSize, padding);
    if (layer.seDesign) this.form = SQUEEZE_EXCITE_FORMS[layer.seDesign];
  }

  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const dropped = this.residual && this.dropRate > 0 && context.rng !== undefined;
      if (context.mode === "eval") return this.inference(x);
      const y = this.fusedBatch(x, context, this.residual && !dropped);
      return dropped ? tf.add(dropConnect(y, this.dropRate, context.rng!), x) : y;
    });
  }

  private fusedBatch(x: tf.Tensor4D, { mode, inputGradient }: ForwardContext, residual: boolean): tf.Tensor4D {
    const { expandKernel, expandNorm, depthwiseNorm, projectNorm, squeezeExcite } = this;
    const { y, stats } = fused.mbconvTraining(
      x,
      {
        expand: expandKernel && expandNorm && { kernel: expandKernel, gamma: expandNorm.gamma, beta: expandNorm.beta },
        depthwise: { kernel: this.depthwiseKernel, gamma: depthwiseNorm.gamma, beta: depthwiseNorm.beta },
        se: squeezeExcite?.weights,
        project: { kernel: this.projectKernel, gamma: projectNorm.gamma, beta: projectNorm.beta },
      },
      {
        stride: this.stride,
        padding: this.padding,
        epsilon: this.settings.batchNormEpsilon,
        activation: this.layer.activation,
        squeezeExcite: this.form,
        residual,
        inputGradient,
      },
    );
    const norms: [BatchNorm, fused.BatchStatistics][] = [
      [depthwiseNorm, stats.depthwise],
      [projectNorm, stats.project],
    ];
    if (expandNorm && stats.expand) norms.push([expandNorm, stats.expand]);
    absorbStatistics(norms, mode);
    return y as tf.Tensor4D;
  }

  private inference(x: tf.Tensor4D): tf.Tensor4D {
    const { expandKernel, expandNorm, depthwiseNorm, projectNorm, squeezeExcite, stride, padding, residual } = this;
    return fused.mbconvInference(
      x,
      {
        expand: expandKernel && expandNorm && { kernel: expandKernel, ...expandNorm.inference },
        depthwise: { kernel: this.depthwiseKernel, ...depthwiseNorm.inference },
        se: squeezeExcite?.weights,
        project: { kernel: this.projectKernel, ...projectNorm.inference },
      },
      {
        stride,
        padding,
        epsilon: this.settings.batchNormEpsilon,
        activation: this.layer.activation,
        squeezeExcite: this.form,
        residual,
      },
    );
  }
}
