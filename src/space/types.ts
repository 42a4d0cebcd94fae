import type { ImageShape } from "../core";

/** Non-linearity after a normalised convolution. */
export type Activation = "none" | "silu" | "relu" | "relu6" | "hardswish";

/** Convolution + batch norm + activation. Bias-free. */
export interface ConvLayer {
  readonly kind: "conv";
  readonly kernelSize: number;
  readonly stride: number;
  readonly outChannels: number;
  readonly activation: Activation;
}

/**
 * Inverted residual: 1x1 expansion (left out when expansion is 1), depthwise, squeeze-excite, 1x1 linear projection;
 * batch norm after each convolution. Residual iff stride 1 and equal channels, unless `residual` says otherwise.
 */
export interface MBConvLayer {
  readonly kind: "mbconv";
  readonly kernelSize: number;
  readonly stride: number;
  /** Inner channels over those that enter; a fraction gives a multiple of 8 (MobileNetV3, timm), a whole number the product. */
  readonly expansion: number;
  readonly outChannels: number;
  /** Squeeze width over the layer's **input** channels (max(1, floor(ratio * in))); 0: no squeeze-excite. */
  readonly seRatio: number;
  /**
   * "mobilenetv3" (Howard et al., ICCV 2019): the squeeze width is `seRatio` of the **inner** channels as a multiple of 8, with
   * ReLU inside and a hard sigmoid as gate. Without it EfficientNet's: the layer's activation and a sigmoid.
   */
  readonly seDesign?: "mobilenetv3";
  readonly activation: Activation;
  readonly residual?: boolean;
}

/** Passes its input on. Only where the shape stays; a shape change is a "conv" of kernel 1 without activation. */
export interface IdentityLayer {
  readonly kind: "identity";
}

/**
 * ResNet's block. "basic": two convolutions of the kernel; "bottleneck": 1x1 to the inner channels, the kernel, 1x1 to the
 * output. The kernel's first convolution carries the stride; the input is added before the last activation, through a 1x1
 * convolution where the shape changes.
 */
export interface ResidualLayer {
  readonly kind: "residual";
  readonly design: "basic" | "bottleneck";
  readonly kernelSize: number;
  readonly stride: number;
  readonly innerChannels: number;
  readonly outChannels: number;
  readonly activation: Activation;
}

/** The largest value of each window; channels stay. */
export interface MaxPoolLayer {
  readonly kind: "maxpool";
  readonly kernelSize: number;
  readonly stride: number;
}

/**
 * Layers of a model that is none of ours (a `tf.LayersModel`), known by shapes and costs alone: a teacher's, which is imitated.
 * They are at home in the model, so that nobody can build, shrink or translate them.
 */
export interface ForeignLayer {
  readonly kind: "foreign";
  /** The last of them by its name in the model. */
  readonly name: string;
  readonly stride: number;
  readonly input: ImageShape;
  /** Of a network's last one: `[1, 1, classes]`, the logits. */
  readonly output: ImageShape;
  readonly params: number;
  readonly macs: number;
  /** Bytes of the outputs of its convolutions and linear layers for one image, float32. */
  readonly activationBytes: number;
}

export type Layer = ConvLayer | MBConvLayer | IdentityLayer | ResidualLayer | MaxPoolLayer | ForeignLayer;

export type { ImageShape };

/** A linear layer with bias and an activation between the pooling and the classifier. */
export interface HiddenLayer {
  readonly features: number;
  readonly activation: Activation;
}

/**
 * A whole network as plain data: stem, blocks, head (convolutions before pooling), global average pool, a hidden linear layer
 * where there is one (MobileNetV3), linear classifier.
 */
export interface Architecture {
  readonly name: string;
  readonly input: ImageShape;
  readonly stem: readonly Layer[];
  /** Groups of layers: stages of a published net, or the blocks of a distilled one. */
  readonly blocks: readonly (readonly Layer[])[];
  readonly head: readonly Layer[];
  readonly hidden?: HiddenLayer;
  readonly classes: number;
  /** "same": TensorFlow's (asymmetric where needed); "symmetric": PyTorch's kernelSize >> 1. Output sizes are equal for our nets. */
  readonly padding: "same" | "symmetric";
  readonly batchNormEpsilon: number;
  /** Dropout before the classifier, and stochastic depth at the last residual (rises linearly over layers). Training only. */
  readonly dropout?: number;
  readonly dropConnect?: number;
}

/** An MBConv without its place; {@link mbconv} makes some. */
export interface MBConvOp {
  readonly kind?: "mbconv";
  readonly kernelSize: number;
  readonly expansion: number;
  readonly seRatio: number;
  readonly activation: Activation;
}

/** No operation: at its place it passes the input on, or, where the shape changes, is a 1x1 convolution without activation. */
export interface IdentityOp {
  readonly kind: "identity";
}

/** A convolution with batch norm and activation without its place; {@link conv} makes some from a list of kernels. */
export interface ConvOp {
  readonly kind: "conv";
  readonly kernelSize: number;
  readonly activation: Activation;
}

/**
 * ResNet's block without its place; {@link residual} makes some. The inner width follows from the place: "basic" has that of
 * its output, "bottleneck" a quarter of it (rounded down, one at least).
 */
export interface ResidualOp {
  readonly kind: "residual";
  readonly design: ResidualLayer["design"];
  readonly kernelSize: number;
  readonly activation: Activation;
}

/** One candidate operation of a searchable layer. */
export type CandidateOp = MBConvOp | ConvOp | ResidualOp | IdentityOp;

/** What an op may leave out where it is given by its values: then it is as `mbconv`, `conv` and `residual` have it. */
type Usual = "seRatio" | "activation" | "design";
type Given<Op> = Op extends CandidateOp
  ? Omit<Op, Extract<keyof Op, Usual>> & Partial<Pick<Op, Extract<keyof Op, Usual>>>
  : never;

/** A candidate operation as users write it, in TypeScript or in JSON: `{ kernelSize: 3, expansion: 6 }`. */
export type GivenOp = Given<CandidateOp>;

/** Kinds of candidate operations; an op without a kind is an MBConv. */
export type OpKind = NonNullable<CandidateOp["kind"]>;

/** Where a layer of a cell stands. */
export interface LayerPlace {
  readonly width: number;
  readonly stride: number;
}

/**
 * A variant of a block with its own depth and width: DNA's "cell", as papers, files and notebooks name it (`cells`, `cell`). The
 * variants of a block share no weights. A cell that is a graph is a `CellGraph`.
 */
export interface BlockVariant {
  /** Layers in the cell; each chooses one op. */
  readonly depth: number;
  /** Channels inside the cell, and of the block's output in the assembled network. */
  readonly width: number;
  /**
   * Width and stride of each layer, for a cell that spans several stages; without it all layers have `width`, and the
   * block's stride falls on the first ones.
   */
  readonly layers?: readonly LayerPlace[];
}

/**
 * The search space of one block. The supernet's first layer carries the stride; its last emits the teacher's channels, unless
 * an adapter does.
 */
export interface BlockSpace {
  readonly stride: number;
  /** Teacher's feature map that enters: the guide input. */
  readonly input: ImageShape;
  /** Teacher's feature map to be imitated. */
  readonly output: ImageShape;
  readonly ops: readonly CandidateOp[];
  readonly cells: readonly BlockVariant[];
  /**
   * Whether a cell of another width than the teacher's keeps its own width up to its end in the supernet, and a linear 1x1
   * convolution, which no assembled network has, takes its maps to the teacher's channels. Without it (DNA's released code)
   * the cell's last layer emits the teacher's channels, and its rating is of a wider layer than the network will have.
   */
  readonly adapter?: boolean;
}

/** A block-wise search space, with what stays fixed around it. */
export interface SearchSpace {
  readonly name: string;
  readonly input: ImageShape;
  readonly stem: readonly Layer[];
  readonly blocks: readonly BlockSpace[];
  /** Fixed layers after the last block. */
  readonly head: readonly Layer[];
  readonly classes: number;
  readonly padding: "same" | "symmetric";
  readonly batchNormEpsilon: number;
}

/** One candidate of one block: a cell and one op index a layer. */
export interface Candidate {
  readonly block: number;
  readonly cell: number;
  readonly path: readonly number[];
}
