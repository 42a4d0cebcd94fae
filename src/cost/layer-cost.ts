import {
  expandedChannels,
  type ImageShape,
  type Layer,
  layerOutput,
  residualConvolutions,
  squeezeWidth,
} from "../space";

/** What a layer or a network costs, for one image. */
export interface Cost {
  /** Trainable numbers: kernels, biases, batch-norm scales and shifts. */
  readonly params: number;
  /** Multiply-adds of convolutions and linear layers, squeeze-excite included; nothing else. */
  readonly macs: number;
  /**
   * The counter behind the published "FLOPs" of DNA and EfficientNet: MACs, plus 2 for each element that enters a batch
   * norm, plus 1 for each that enters the last pooling. It reproduces DNA-a, c and d and EfficientNet-B0 as printed
   * (DNA-b is printed as 394M and counts 405.8M).
   */
  readonly flops: number;
  /** Bytes of all outputs of convolutions and linear layers in float32: a measure of memory traffic. */
  readonly activationBytes: number;
}

export const NO_COST: Cost = { params: 0, macs: 0, flops: 0, activationBytes: 0 };

const FLOAT_BYTES = 4;

export function addCosts(...costs: readonly Cost[]): Cost {
  return costs.reduce(
    (sum, cost) => ({
      params: sum.params + cost.params,
      macs: sum.macs + cost.macs,
      flops: sum.flops + cost.flops,
      activationBytes: sum.activationBytes + cost.activationBytes,
    }),
    NO_COST,
  );
}

const positions = ({ height, width }: ImageShape) => height * width;

/** Bias-free convolution and batch norm; `inPerGroup` is 1 for a depthwise one. */
function convNormCost(kernelSize: number, inPerGroup: number, outChannels: number, outPositions: number): Cost {
  const weights = kernelSize * kernelSize * inPerGroup * outChannels;
  const macs = weights * outPositions;
  const elements = outChannels * outPositions;
  return {
    params: weights + 2 * outChannels,
    macs,
    flops: macs + 2 * elements,
    activationBytes: FLOAT_BYTES * elements,
  };
}

/** Linear layer with bias, or a 1x1 convolution with bias on a pooled map. */
export function linearCost(inFeatures: number, outFeatures: number): Cost {
  const macs = inFeatures * outFeatures;
  return { params: macs + outFeatures, macs, flops: macs, activationBytes: FLOAT_BYTES * outFeatures };
}

/** Global average pooling of a map `[height, width, channels]`. */
export function poolCost(input: ImageShape): Cost {
  return { ...NO_COST, flops: positions(input) * input.channels };
}

/** Cost of one layer on a map `[height, width, channels]`, for one image. */
export function layerCost(layer: Layer, input: ImageShape): Cost {
  const output = layerOutput(layer, input);
  switch (layer.kind) {
    case "identity":
      return NO_COST;
    case "maxpool":
      return NO_COST;
    case "foreign": {
      const { params, macs, activationBytes } = layer;
      return { params, macs, flops: macs, activationBytes };
    }
    case "residual": {
      const { main, shortcut } = residualConvolutions(layer, input.channels);
      return addCosts(layersCost(main, input).cost, shortcut ? layerCost(shortcut, input) : NO_COST);
    }
    case "conv":
      return convNormCost(layer.kernelSize, input.channels, layer.outChannels, positions(output));
    case "mbconv": {
      const expanded = expandedChannels(layer, input.channels);
      const squeezed = squeezeWidth(layer, input.channels);
      return addCosts(
        layer.expansion === 1 ? NO_COST : convNormCost(1, input.channels, expanded, positions(input)),
        convNormCost(layer.kernelSize, 1, expanded, positions(output)),
        squeezed === 0 ? NO_COST : addCosts(linearCost(expanded, squeezed), linearCost(squeezed, expanded)),
        convNormCost(1, expanded, layer.outChannels, positions(output)),
      );
    }
  }
}

/** Cost of layers one after another, and the shape that leaves them. */
export function layersCost(layers: readonly Layer[], input: ImageShape): { cost: Cost; output: ImageShape } {
  let output = input;
  let cost = NO_COST;
  for (const layer of layers) {
    cost = addCosts(cost, layerCost(layer, output));
    output = layerOutput(layer, output);
  }
  return { cost, output };
}
