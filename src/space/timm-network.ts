import { SpaceError } from "../core";
import { describeLayer } from "./describe";
import { checkLayer, expandedChannels, refuseForeign, roundChannels, squeezeWidth } from "./layers";
import { layerOutput, validateArchitecture } from "./shapes";
import { decodeTimmBlock, encodeTimm } from "./timm";
import type { Activation, Architecture, ConvLayer, HiddenLayer, ImageShape, Layer } from "./types";

/**
 * A network whose stem and head are one convolution each, as timm's are: what else a stem has becomes a stage of its own, and
 * identities, which do nothing, are left out. Layers stay in their order.
 * @throws SpaceError for what timm has no word for.
 */
export function inTimmForm(architecture: Architecture): Architecture {
  refuseForeign(architecture, "timm", "export it as a layers model");
  const { name, stem, blocks, head } = architecture;
  const [first, ...rest] = without(stem);
  const heads = without(head);
  if (first?.kind !== "conv" || heads.length !== 1 || heads[0].kind !== "conv") {
    throw new SpaceError(
      `timm: ${name} must begin with a convolution and have one before the pooling, got ${words(stem)} and ${words(head)}; export it as ONNX or PyTorch`,
    );
  }
  const stages = [...(rest.length > 0 ? [rest] : []), ...blocks.map(without)].filter((layers) => layers.length > 0);
  const odd = stages.flat().find(({ kind }) => kind === "residual" || kind === "maxpool");
  if (odd)
    throw new SpaceError(
      `timm: its block strings have no ${odd.kind}, which ${name} has; export it as ONNX or PyTorch`,
    );
  return { ...architecture, stem: [first], blocks: stages, head: heads };
}

function without(layers: readonly Layer[]): Layer[] {
  return layers.filter(({ kind }) => kind !== "identity");
}

function words(layers: readonly Layer[]): string {
  return layers.map(describeLayer).join(", ") || "none";
}

/**
 * A whole network in one line: block strings as timm has them, and around them what those leave open: input, stem, head,
 * hidden layer, classes, padding, epsilon and the design of squeeze-excite.
 *
 * `in_224x224x3 stem_k3_s2_c32 ds_r1_k3_s1_e1_c16_se0.25 ... head_k1_s1_c1280 fc_c1000 pad_symmetric eps_0.00001`
 * @throws SpaceError for what timm has no word for.
 */
export function formatTimmNetwork(architecture: Architecture): string {
  const { input, stem, blocks, head, hidden, classes, padding, batchNormEpsilon } = inTimmForm(architecture);
  const layers = blocks.flat();
  const designs = new Set(layers.flatMap((layer) => (isGated(layer) ? [layer.seDesign ?? "efficientnet"] : [])));
  if (designs.size > 1) {
    throw new SpaceError(`timm: squeeze-excite must be of one design, ${architecture.name} has two; export it as ONNX`);
  }
  const conv = (word: string, layer: Layer) => encodeTimm([[layer]])[0][0].replace(/^cn_r1/, word);
  return [
    `in_${input.height}x${input.width}x${input.channels}`,
    conv("stem", stem[0]),
    ...encodeTimm(blocks).map((stage) => stage.join(",")),
    conv("head", head[0]),
    ...(hidden ? [`hidden_c${hidden.features}${activationWord(hidden.activation)}`] : []),
    `fc_c${classes}`,
    `pad_${padding}`,
    `eps_${batchNormEpsilon}`,
    ...(designs.has("mobilenetv3") ? ["se_mobilenetv3"] : []),
  ].join(" ");
}

function isGated(layer: Layer): layer is Extract<Layer, { kind: "mbconv" }> {
  return layer.kind === "mbconv" && layer.seRatio > 0;
}

/** "_nhs" of hard swish, as in a block string; SiLU is said, too. */
function activationWord(activation: Activation): string {
  const [block] = encodeTimm([[{ kind: "conv", kernelSize: 1, stride: 1, outChannels: 1, activation }]])[0];
  return activation === "silu" ? "_nsw" : block.slice("cn_r1_k1_s1_c1".length);
}

/** Whether text is what {@link formatTimmNetwork} writes, by how it begins. */
export function isTimmNetwork(text: string): boolean {
  return /^\s*in_\d/.test(text);
}

/**
 * Reads what {@link formatTimmNetwork} writes.
 * @throws SpaceError naming the part that is missing, unknown or malformed.
 */
export function parseTimmNetwork(text: string, name = "timm"): Architecture {
  const fail = (what: string): never => {
    throw new SpaceError(`timm network ${JSON.stringify(text.slice(0, 80))}: ${what}`, { text });
  };
  const parts = text.trim().split(/\s+/);
  const found = new Map<string, string>();
  const stages: string[] = [];
  for (const part of parts) {
    const [, key, rest] = /^(in|stem|head|hidden|fc|pad|eps|se)_(.+)$/.exec(part) ?? [];
    if (!key) stages.push(part);
    else if (found.has(key)) fail(`"${key}" comes twice`);
    else found.set(key, rest);
  }
  const need = (key: string) => found.get(key) ?? fail(`"${key}_..." is missing`);
  const matched = (key: string, pattern: RegExp, what: string) =>
    pattern.exec(need(key)) ?? fail(`"${key}_${need(key)}" must be ${what}`);
  const convolution = (key: string): ConvLayer => {
    const [layer, ...more] = decodeTimmBlock(`cn_r1_${need(key)}`);
    return layer.kind === "conv" && more.length === 0 ? layer : fail(`"${key}" must be one convolution`);
  };
  const [, height, width, channels] = matched("in", /^(\d+)x(\d+)x(\d+)$/, "height x width x channels");
  const input: ImageShape = { height: Number(height), width: Number(width), channels: Number(channels) };
  const [, padding] = matched("pad", /^(same|symmetric)$/, "same or symmetric");
  const [, epsilon] = matched("eps", /^(\d+(?:\.\d+)?(?:e-?\d+)?)$/, "a number above 0");
  const [, classes] = matched("fc", /^c([1-9]\d*)$/, "the classes, fc_c1000");
  const design = found.get("se");
  if (design !== undefined && design !== "mobilenetv3") fail(`"se_${design}" must be se_mobilenetv3, or be left out`);
  const hidden = found.has("hidden") ? hiddenLayer(need("hidden"), fail) : undefined;
  const blocks = stages.map((stage) => stage.split(",").flatMap(decodeTimmBlock));
  const architecture: Architecture = {
    name,
    input,
    stem: [convolution("stem")],
    blocks: design ? blocks.map((layers) => layers.map(asMobileNetV3)) : blocks,
    head: [convolution("head")],
    ...(hidden && { hidden }),
    classes: Number(classes),
    padding: padding as Architecture["padding"],
    batchNormEpsilon: Number(epsilon),
  };
  if (!(architecture.batchNormEpsilon > 0)) fail(`"eps_${epsilon}" must be above 0`);
  validateArchitecture(architecture);
  return architecture;
}

function asMobileNetV3(layer: Layer): Layer {
  return isGated(layer) ? { ...layer, seDesign: "mobilenetv3" } : layer;
}

function hiddenLayer(text: string, fail: (what: string) => never): HiddenLayer {
  const [, features, activation] =
    /^c([1-9]\d*)_(n\w+)$/.exec(text) ?? fail(`"hidden_${text}" must be hidden_c1280_nhs`);
  const [layer] = decodeTimmBlock(`cn_r1_k1_s1_c${features}_${activation}`);
  checkLayer(layer, "hidden");
  return { features: Number(features), activation: (layer as ConvLayer).activation };
}

/**
 * Why timm's own builder would make another network of these block strings, a sentence; undefined where it makes this one. It
 * rounds inner channels to multiples of 8 and squeeze widths to the nearest, and its stem is 3x3 of stride 2.
 */
export function timmDifference(architecture: Architecture): string | undefined {
  const { stem, blocks, head, hidden, input } = inTimmForm(architecture);
  const [first, last] = [stem[0] as ConvLayer, head[0] as ConvLayer];
  if (first.kernelSize !== 3 || first.stride !== 2)
    return `timm's stem is 3x3 of stride 2, here ${describeLayer(first)}`;
  if (last.kernelSize !== 1 || last.stride !== 1) return `timm's head is 1x1 of stride 1, here ${describeLayer(last)}`;
  if (first.activation !== last.activation || (hidden && hidden.activation !== last.activation)) {
    return "timm's stem and head have one activation, here they differ";
  }
  let shape = layerOutput(first, input);
  for (const [block, layers] of blocks.entries()) {
    for (const [i, layer] of layers.entries()) {
      const wrong = layer.kind === "mbconv" ? mbconvDifference(layer, shape.channels) : undefined;
      if (wrong) return `${wrong} (blocks.${block}.${i})`;
      shape = layerOutput(layer, shape);
    }
  }
  return undefined;
}

function mbconvDifference(layer: Extract<Layer, { kind: "mbconv" }>, inChannels: number): string | undefined {
  const inner = expandedChannels(layer, inChannels);
  const timmInner = layer.expansion === 1 ? inChannels : roundChannels(inChannels * layer.expansion);
  if (inner !== timmInner) return `timm rounds inner channels to a multiple of 8, ${timmInner}, here ${inner}`;
  if (!isGated(layer) || layer.seDesign) return undefined;
  const exact = (inner * layer.seRatio) / layer.expansion;
  const below = Math.floor(exact);
  // Python rounds halves to the even number.
  const nearest = exact - below === 0.5 ? below + (below % 2) : Math.round(exact);
  const squeezed = squeezeWidth(layer, inChannels);
  return squeezed === nearest ? undefined : `timm squeezes to ${nearest} channels, here ${squeezed}`;
}
