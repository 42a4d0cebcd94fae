import { SpaceError } from "../../core";
import type { Preprocessing } from "../../data";
import { type Network, type StoredTensor, saveState, toPyTorch } from "../../nn";
import {
  type Activation,
  type ConvLayer,
  expandedChannels,
  hasResidual,
  type ImageShape,
  type Layer,
  layerOutput,
  type MBConvLayer,
  residualConvolutions,
  squeezeWidth,
} from "../../space";
import type { Attribute, OnnxConstant, OnnxGraph, OnnxNode } from "./model";

export interface OnnxOptions {
  /**
   * Whether the graph normalises: its input is then "pixels", bytes `[batch, height, width, channels]` as image files have
   * them. Without it the input is "image", normalised numbers `[batch, channels, height, width]`. Default false.
   */
  readonly preprocessing?: boolean;
}

/**
 * A network as an ONNX graph to "logits" `[batch, classes]`, of any batch. Batch norms are folded into the convolutions before
 * them.
 */
export function onnxGraph(network: Network, preprocessing: Preprocessing, options: OnnxOptions = {}): OnnxGraph {
  return new GraphWriter(network).graph(options.preprocessing ? preprocessing : undefined);
}

/** Sizes of a window: a convolution's or a pooling's. */
interface Window {
  readonly kernelSize: number;
  readonly stride: number;
}

class GraphWriter {
  private readonly state: Map<string, StoredTensor>;
  private readonly nodes: OnnxNode[] = [];
  private readonly constants: OnnxConstant[] = [];

  constructor(private readonly network: Network) {
    this.state = saveState(network);
  }

  graph(preprocessing: Preprocessing | undefined): OnnxGraph {
    const { name, input, stem, blocks, head, hidden, classes } = this.network.architecture;
    const { height, width, channels } = input;
    const given = preprocessing
      ? ({ name: "pixels", type: "uint8", shape: ["batch", height, width, channels] } as const)
      : ({ name: "image", type: "float", shape: ["batch", channels, height, width] } as const);
    let y = preprocessing ? this.normalised(given.name, preprocessing) : given.name;
    let shape = input;
    const apply = (layers: readonly Layer[], place: string) => {
      for (const [i, layer] of layers.entries()) {
        y = this.layer(layer, y, shape, `${place}.${i}`);
        shape = layerOutput(layer, shape);
      }
    };
    apply([...stem, ...blocks.flat()], "trunk");
    apply(head, "head");
    y = this.add("GlobalAveragePool", [y], "pool");
    y = this.add("Flatten", [y], "features", { axis: 1 });
    if (hidden) y = this.activated(this.linear(y, "hidden", "hidden.sum"), hidden.activation, "hidden");
    this.linear(y, "classifier", "logits");
    const output = { name: "logits", type: "float", shape: ["batch", classes] } as const;
    return { name, nodes: this.nodes, constants: this.constants, input: given, output };
  }

  private add(
    op: string,
    inputs: readonly string[],
    output: string,
    attributes?: Readonly<Record<string, Attribute>>,
  ): string {
    this.nodes.push({ op, inputs, output, ...(attributes && { attributes }) });
    return output;
  }

  private constant(name: string, shape: readonly number[], data: Float32Array): string {
    this.constants.push({ name, shape, data });
    return name;
  }

  /** Bytes as `(x / 255 - mean) / std` a channel, which is `x * scale + shift`. */
  private normalised(pixels: string, { mean, std }: Preprocessing): string {
    const vector = (name: string, values: readonly number[]) =>
      this.constant(name, [1, values.length, 1, 1], Float32Array.from(values));
    const numbers = this.add("Cast", [pixels], "pixels.float", { to: 1 });
    const planes = this.add("Transpose", [numbers], "pixels.planes", { perm: [0, 3, 1, 2] });
    const scale = vector(
      "preprocessing.scale",
      std.map((deviation) => 1 / 255 / deviation),
    );
    const shift = vector(
      "preprocessing.shift",
      std.map((deviation, i) => -mean[i] / deviation),
    );
    const scaled = this.add("Mul", [planes, scale], "pixels.scaled");
    return this.add("Add", [scaled, shift], "image");
  }

  private layer(layer: Layer, x: string, shape: ImageShape, prefix: string): string {
    switch (layer.kind) {
      case "identity":
        return x;
      case "conv":
        return this.conv(layer, x, shape, prefix);
      case "mbconv":
        return this.mbconv(layer, x, shape, prefix);
      case "residual": {
        const { main, shortcut } = residualConvolutions(layer, shape.channels);
        let size = shape;
        const y = main.reduce((map, conv, i) => {
          const next = this.conv(conv, map, size, `${prefix}.conv${i + 1}`);
          size = layerOutput(conv, size);
          return next;
        }, x);
        const skipped = shortcut ? this.conv(shortcut, x, shape, `${prefix}.shortcut`) : x;
        return this.activated(this.add("Add", [y, skipped], `${prefix}.sum`), layer.activation, prefix);
      }
      case "maxpool":
        return this.add("MaxPool", [x], prefix, this.window(layer, shape));
      case "foreign":
        throw new SpaceError(
          `onnx: ${layer.name} is a layer of a model of TensorFlow.js; export that as a layers model`,
        );
    }
  }

  private conv(layer: ConvLayer, x: string, shape: ImageShape, prefix: string): string {
    const weights = this.folded(`${prefix}.kernel`, `${prefix}.norm`);
    const y = this.add("Conv", [x, ...weights], `${prefix}.conv`, this.window(layer, shape));
    return this.activated(y, layer.activation, prefix);
  }

  private mbconv(layer: MBConvLayer, x: string, shape: ImageShape, prefix: string): string {
    const { kernelSize, stride, expansion, activation } = layer;
    const inner = expandedChannels(layer, shape.channels);
    const part = (name: string) => this.folded(`${prefix}.${name}.kernel`, `${prefix}.${name}.norm`);
    const point = this.window({ kernelSize: 1, stride: 1 }, shape);
    let y = x;
    if (expansion !== 1) {
      y = this.activated(
        this.add("Conv", [y, ...part("expand")], `${prefix}.expand.conv`, point),
        activation,
        `${prefix}.expand`,
      );
    }
    const windows = { ...this.window({ kernelSize, stride }, shape), group: inner };
    y = this.add("Conv", [y, ...part("depthwise")], `${prefix}.depthwise.conv`, windows);
    y = this.activated(y, activation, `${prefix}.depthwise`);
    if (squeezeWidth(layer, shape.channels) > 0) y = this.squeezeExcite(layer, y, `${prefix}.se`);
    y = this.add("Conv", [y, ...part("project")], `${prefix}.project.conv`, point);
    return hasResidual(layer, shape.channels) ? this.add("Add", [y, x], prefix) : y;
  }

  private squeezeExcite({ activation, seDesign }: MBConvLayer, x: string, prefix: string): string {
    const one = { kernel_shape: [1, 1] };
    const weights = (name: string) => {
      const kernel = toPyTorch(this.state.get(`${prefix}.${name}.kernel`)!, `${prefix}.${name}.kernel`, 4);
      const bias = this.state.get(`${prefix}.${name}.bias`)!;
      return [
        this.constant(`${prefix}.${name}.weight`, kernel.shape, kernel.data),
        this.constant(`${prefix}.${name}.bias`, bias.shape, bias.data),
      ];
    };
    let y = this.add("GlobalAveragePool", [x], `${prefix}.mean`);
    y = this.add("Conv", [y, ...weights("reduce")], `${prefix}.reduce.conv`, one);
    y = this.activated(y, seDesign ? "relu" : activation, `${prefix}.reduce`);
    y = this.add("Conv", [y, ...weights("expand")], `${prefix}.expand.conv`, one);
    y = seDesign ? this.hardSigmoid(y, `${prefix}.gate`) : this.add("Sigmoid", [y], `${prefix}.gate`);
    return this.add("Mul", [x, y], `${prefix}.scaled`);
  }

  private linear(x: string, name: "hidden" | "classifier", output: string): string {
    const kernel = this.state.get(`${name}.kernel`)!;
    const bias = this.state.get(`${name}.bias`)!;
    const weights = [
      this.constant(`${name}.weight`, kernel.shape, kernel.data),
      this.constant(`${name}.bias`, bias.shape, bias.data),
    ];
    return this.add("Gemm", [x, ...weights], output);
  }

  private hardSigmoid(x: string, output: string): string {
    return this.add("HardSigmoid", [x], output, { alpha: { float: 1 / 6 }, beta: { float: 0.5 } });
  }

  private activated(x: string, activation: Activation, prefix: string): string {
    const name = `${prefix}.${activation}`;
    switch (activation) {
      case "none":
        return x;
      case "relu":
        return this.add("Relu", [x], name);
      case "relu6":
        return this.add("Clip", [x, this.limit(0), this.limit(6)], name);
      case "silu":
        return this.add("Mul", [x, this.add("Sigmoid", [x], `${name}.sigmoid`)], name);
      case "hardswish":
        return this.add("Mul", [x, this.hardSigmoid(x, `${name}.gate`)], name);
    }
  }

  private limit(value: number): string {
    const name = `limit.${value}`;
    if (!this.constants.some((constant) => constant.name === name)) {
      this.constant(name, [], Float32Array.of(value));
    }
    return name;
  }

  /** A kernel and the shift after it, both with the batch norm's scale in them. */
  private folded(kernel: string, norm: string): string[] {
    const { batchNormEpsilon } = this.network.architecture;
    const [gamma, beta, mean, variance] = ["gamma", "beta", "runningMean", "runningVariance"].map(
      (part) => this.state.get(`${norm}.${part}`)!.data,
    );
    const { shape, data } = toPyTorch(this.state.get(kernel)!, kernel, 4);
    const scale = Float64Array.from(gamma, (value, i) => value / Math.sqrt(variance[i] + batchNormEpsilon));
    const each = data.length / shape[0];
    const weights = data.map((value, i) => value * scale[Math.floor(i / each)]);
    const shift = Float32Array.from(beta, (value, i) => value - mean[i] * scale[i]);
    const prefix = kernel.slice(0, -".kernel".length);
    return [this.constant(`${prefix}.weight`, shape, weights), this.constant(`${prefix}.shift`, [shift.length], shift)];
  }

  /** Attributes of a window at its place: its pads in numbers, since TensorFlow's depend on the size. */
  private window({ kernelSize, stride }: Window, { height, width }: ImageShape) {
    const pad = (size: number): readonly [number, number] => {
      if (this.network.architecture.padding === "symmetric") return [kernelSize >> 1, kernelSize >> 1];
      const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + kernelSize - size);
      return [total >> 1, total - (total >> 1)];
    };
    const [top, bottom] = pad(height);
    const [left, right] = pad(width);
    return {
      kernel_shape: [kernelSize, kernelSize],
      strides: [stride, stride],
      pads: [top, left, bottom, right],
    };
  }
}
