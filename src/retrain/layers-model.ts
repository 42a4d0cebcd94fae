import { join } from "node:path";
import { SpaceError, writeAtomic, writeJson } from "../core";
import type { Preprocessing } from "../data";
import { tf } from "../engine";
import { type Network, type StoredTensor, saveState } from "../nn";
import {
  type Activation,
  type ConvLayer,
  channelsAfter,
  expandedChannels,
  hasResidual,
  type Layer,
  type MBConvLayer,
  type ResidualLayer,
  residualConvolutions,
  squeezeWidth,
} from "../space";

type Symbolic = tf.SymbolicTensor;

/** Those that `tf.layers` has; its own hard sigmoid is another function than MobileNetV3's. */
const ACTIVATIONS: Record<Exclude<Activation, "none" | "hardswish">, "swish" | "relu" | "relu6"> = {
  silu: "swish",
  relu: "relu",
  relu6: "relu6",
};

/**
 * The network as an ordinary `tf.LayersModel` from preprocessed images `[batch, height, width, channels]` to probabilities
 * `[batch, classes]`, with copies of the weights; it runs in a browser without Blockwise. The logits are what its layer
 * "classifier" gives.
 */
export function toLayersModel(network: Network): tf.LayersModel {
  return new Exporter(network).model();
}

/** What a program needs beside a model: how it sees images, and what its answers mean. */
export interface ModelLabels {
  readonly classes: readonly string[];
  readonly preprocessing: Preprocessing;
}

/**
 * Writes a layers model as `model.json` and `weights.bin` into a folder, as `tf.loadLayersModel` reads them from a URL.
 * @param labels Written as `labels.json`, too, and kept in the model (`model.getUserDefinedMetadata()`).
 */
export async function saveLayersModel(folder: string, model: tf.LayersModel, labels?: ModelLabels): Promise<void> {
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    const { modelTopology, weightSpecs, weightData, format, generatedBy } = artifacts;
    const parts = Array.isArray(weightData) ? weightData : [weightData as ArrayBuffer];
    writeAtomic(join(folder, "weights.bin"), Buffer.concat(parts.map((part) => new Uint8Array(part))));
    const weightsManifest = [{ paths: ["weights.bin"], weights: weightSpecs }];
    const userDefinedMetadata = labels && { classes: labels.classes, preprocessing: labels.preprocessing };
    const about = userDefinedMetadata && { userDefinedMetadata };
    const model = { format, generatedBy, convertedBy: "blockwise", modelTopology, weightsManifest, ...about };
    if (userDefinedMetadata) writeJson(join(folder, "labels.json"), userDefinedMetadata, { hash: false });
    writeJson(join(folder, "model.json"), model, { hash: false });
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: "JSON" } };
  });
  await model.save(handler);
}

class Exporter {
  private readonly state: Map<string, StoredTensor>;
  /** Weights of each layer, put in once the model is built. */
  private readonly weights: [tf.layers.Layer, string[]][] = [];

  constructor(private readonly network: Network) {
    this.state = saveState(network);
  }

  model(): tf.LayersModel {
    const { input, stem, blocks, head, hidden, classes, name } = this.network.architecture;
    const image = tf.input({ shape: [input.height, input.width, input.channels], name: "image" });
    let channels = input.channels;
    let y: Symbolic = image;
    const apply = (layers: readonly Layer[], place: string) => {
      for (const [i, layer] of layers.entries()) {
        y = this.layer(layer, y, channels, `${place}.${i}`);
        channels = channelsAfter(layer, channels);
      }
    };
    const trunk = [...stem, ...blocks.flat()];
    checkPooling(trunk, this.network.architecture);
    apply(trunk, "trunk");
    apply(head, "head");
    y = tf.layers.globalAveragePooling2d({ dataFormat: "channelsLast", name: "pool" }).apply(y) as Symbolic;
    if (hidden) {
      const dense = tf.layers.dense({ units: hidden.features, name: "hidden" });
      y = this.activated(this.place(dense, y, ["hidden.kernel", "hidden.bias"]), hidden.activation, "hidden");
    }
    const classifier = tf.layers.dense({ units: classes, name: "classifier" });
    y = this.place(classifier, y, ["classifier.kernel", "classifier.bias"]);
    y = tf.layers.softmax({ name: "probabilities" }).apply(y) as Symbolic;
    const model = tf.model({ inputs: image, outputs: y, name: name.replace(/[^A-Za-z0-9_-]/g, "_") });
    tf.tidy(() => {
      for (const [layer, names] of this.weights) {
        layer.setWeights(names.map((weight) => tf.tensor(this.state.get(weight)!.data, this.shape(weight))));
      }
    });
    return model;
  }

  private layer(layer: Layer, x: Symbolic, inChannels: number, prefix: string): Symbolic {
    switch (layer.kind) {
      case "identity":
        return x;
      case "conv":
        return this.conv(layer, x, prefix);
      case "mbconv":
        return this.mbconv(layer, x, inChannels, prefix);
      case "residual":
        return this.residual(layer, x, inChannels, prefix);
      case "maxpool": {
        const { kernelSize: poolSize, stride: strides } = layer;
        const padded = this.padded(x, poolSize, strides, prefix);
        const padding = padded === x ? "same" : "valid";
        const pool = tf.layers.maxPooling2d({ poolSize, strides, padding, name: safe(`${prefix}.maxpool`) });
        return pool.apply(padded) as Symbolic;
      }
      case "foreign":
        throw new SpaceError(`toLayersModel: ${layer.name} is a layer of a layers model already; save that`);
    }
  }

  private residual(layer: ResidualLayer, x: Symbolic, inChannels: number, prefix: string): Symbolic {
    const { main, shortcut } = residualConvolutions(layer, inChannels);
    const y = main.reduce((map, conv, i) => this.conv(conv, map, `${prefix}.conv${i + 1}`), x);
    const skipped = shortcut ? this.conv(shortcut, x, `${prefix}.shortcut`) : x;
    const sum = tf.layers.add({ name: safe(`${prefix}.add`) }).apply([skipped, y]) as Symbolic;
    return this.activated(sum, layer.activation, prefix);
  }

  private conv({ kernelSize, stride, outChannels, activation }: ConvLayer, x: Symbolic, prefix: string): Symbolic {
    const padded = this.padded(x, kernelSize, stride, prefix);
    const conv = tf.layers.conv2d({
      filters: outChannels,
      kernelSize,
      strides: stride,
      padding: padded === x ? "same" : "valid",
      useBias: false,
      name: safe(`${prefix}.conv`),
    });
    return this.norm(this.place(conv, padded, [`${prefix}.kernel`]), activation, `${prefix}.norm`);
  }

  private mbconv(layer: MBConvLayer, x: Symbolic, inChannels: number, prefix: string): Symbolic {
    const { kernelSize, stride, expansion, outChannels, activation } = layer;
    let y = x;
    const inner = expandedChannels(layer, inChannels);
    if (expansion !== 1) {
      y = this.pointwise(inner, y, `${prefix}.expand`);
      y = this.norm(y, activation, `${prefix}.expand.norm`);
    }
    const padded = this.padded(y, kernelSize, stride, prefix);
    const depthwise = tf.layers.depthwiseConv2d({
      kernelSize,
      strides: stride,
      padding: padded === y ? "same" : "valid",
      useBias: false,
      name: safe(`${prefix}.depthwise`),
    });
    y = this.place(depthwise, padded, [`${prefix}.depthwise.kernel`]);
    y = this.norm(y, activation, `${prefix}.depthwise.norm`);
    const squeezed = squeezeWidth(layer, inChannels);
    if (squeezed > 0) y = this.squeezeExcite(y, inner, squeezed, layer, `${prefix}.se`);
    y = this.norm(this.pointwise(outChannels, y, `${prefix}.project`), "none", `${prefix}.project.norm`);
    if (!hasResidual(layer, inChannels)) return y;
    return tf.layers.add({ name: safe(`${prefix}.add`) }).apply([x, y]) as Symbolic;
  }

  private pointwise(filters: number, x: Symbolic, prefix: string): Symbolic {
    const conv = tf.layers.conv2d({ filters, kernelSize: 1, useBias: false, name: safe(`${prefix}.conv`) });
    return this.place(conv, x, [`${prefix}.kernel`]);
  }

  private squeezeExcite(
    x: Symbolic,
    channels: number,
    squeezed: number,
    { activation, seDesign }: MBConvLayer,
    prefix: string,
  ): Symbolic {
    const named = (part: string) => safe(`${prefix}.${part}`);
    const mean = tf.layers.globalAveragePooling2d({ dataFormat: "channelsLast", name: named("mean") }).apply(x);
    const reduce = tf.layers.dense({ units: squeezed, name: named("reduce") });
    const expand = tf.layers.dense({ units: channels, name: named("expand") });
    const linear = this.place(reduce, mean as Symbolic, [`${prefix}.reduce.kernel`, `${prefix}.reduce.bias`]);
    const small = this.activated(linear, seDesign ? "relu" : activation, `${prefix}.reduce`);
    const before = this.place(expand, small, [`${prefix}.expand.kernel`, `${prefix}.expand.bias`]);
    const gate = seDesign
      ? hardSigmoid(before, `${prefix}.expand`)
      : (tf.layers.activation({ activation: "sigmoid", name: named("sigmoid") }).apply(before) as Symbolic);
    const wide = tf.layers.reshape({ targetShape: [1, 1, channels], name: named("gate") }).apply(gate) as Symbolic;
    return tf.layers.multiply({ name: named("scale") }).apply([x, wide]) as Symbolic;
  }

  private norm(x: Symbolic, activation: Activation, prefix: string): Symbolic {
    const { batchNormEpsilon: epsilon } = this.network.architecture;
    const names = ["gamma", "beta", "runningMean", "runningVariance"].map((part) => `${prefix}.${part}`);
    const y = this.place(tf.layers.batchNormalization({ epsilon, name: safe(prefix) }), x, names);
    return this.activated(y, activation, prefix);
  }

  private activated(y: Symbolic, activation: Activation, prefix: string): Symbolic {
    if (activation === "none") return y;
    const name = safe(`${prefix}.${activation}`);
    if (activation === "hardswish") {
      return tf.layers.multiply({ name }).apply([y, hardSigmoid(y, prefix)]) as Symbolic;
    }
    return tf.layers.activation({ activation: ACTIVATIONS[activation], name }).apply(y) as Symbolic;
  }

  /** PyTorch's padding differs from TensorFlow's "same" only where a stride meets an even size. */
  private padded(x: Symbolic, kernelSize: number, stride: number, prefix: string): Symbolic {
    if (this.network.architecture.padding === "same" || stride === 1) return x;
    const padding = kernelSize >> 1;
    return tf.layers.zeroPadding2d({ padding, name: safe(`${prefix}.pad`) }).apply(x) as Symbolic;
  }

  private place(layer: tf.layers.Layer, x: Symbolic, weights: string[]): Symbolic {
    this.weights.push([layer, weights]);
    return layer.apply(x) as Symbolic;
  }

  private shape(weight: string): number[] {
    return [...this.state.get(weight)!.shape];
  }
}

/** `min(max(x + 3, 0), 6) / 6` of layers that every TensorFlow.js has. */
function hardSigmoid(x: Symbolic, prefix: string): Symbolic {
  const shifted = tf.layers.rescaling({ scale: 1, offset: 3, name: safe(`${prefix}.plus3`) }).apply(x) as Symbolic;
  const cut = tf.layers.reLU({ maxValue: 6, name: safe(`${prefix}.cut6`) }).apply(shifted) as Symbolic;
  return tf.layers.rescaling({ scale: 1 / 6, offset: 0, name: safe(`${prefix}.by6`) }).apply(cut) as Symbolic;
}

/**
 * PyTorch pads a maxpool by minus infinity, a layers model only by zeros: the same where nothing is below 0.
 * @throws SpaceError where something may be.
 */
function checkPooling(trunk: readonly Layer[], { padding, name }: { padding: string; name: string }): void {
  if (padding === "same") return;
  for (const [i, layer] of trunk.entries()) {
    if (layer.kind !== "maxpool" || layer.kernelSize === 1) continue;
    const before = trunk[i - 1];
    if (before && "activation" in before && before.kind !== "mbconv" && /^relu6?$/.test(before.activation)) continue;
    throw new SpaceError(
      `toLayersModel: ${name}: a maxpool with symmetric padding must follow a ReLU, trunk.${i} does not; export it as ONNX or PyTorch`,
    );
  }
}

/** Layer names follow those of the weights; a layers model takes no dots in them. */
function safe(name: string): string {
  return name.replaceAll(".", "_");
}
