import { SpaceError } from "../../core";
import type { Architecture, Layer } from "../../space";

/** What a library of PyTorch calls a tensor of ours, and of how many axes it is there. */
export interface ForeignName {
  readonly name: string;
  /** Axes of a linear layer's kernel: 4 where the library has a 1x1 convolution for it. */
  readonly rank: 2 | 4;
}

/** Names of parameters and buffers in a library, by ours ("trunk.5.expand.norm.gamma"). */
export type Naming = (own: string) => ForeignName;

/** Whose names: torchvision's `features.1.0.block.0.0.weight`, timm's `blocks.0.0.conv_dw.weight`; ResNets have the same. */
export type Library = "torchvision" | "timm";

/** One of our names taken apart. */
interface Own {
  /** Which layer of the network it belongs to; undefined for hidden layer and classifier. */
  readonly layer?: Layer;
  readonly group: "stem" | "block" | "head" | "hidden" | "classifier";
  /** Of the stem's or head's layers, or of a block's. */
  readonly index: number;
  readonly block: number;
  /** Inside the layer: "expand", "se.reduce", "conv1", "" of a plain convolution. */
  readonly part: string;
  readonly isNorm: boolean;
  /** PyTorch's word for the tensor: "weight", "bias", "running_mean", "running_var". */
  readonly leaf: string;
}

const LEAVES: Readonly<Record<string, string>> = {
  kernel: "weight",
  bias: "bias",
  gamma: "weight",
  beta: "bias",
  runningMean: "running_mean",
  runningVariance: "running_var",
};

function takenApart(architecture: Architecture): (own: string) => Own {
  const { stem, blocks, head } = architecture;
  const places = blocks.flatMap((layers, block) => layers.map((_, index) => ({ block, index })));
  return (own) => {
    const parts = own.split(".");
    const leaf = LEAVES[parts.pop()!];
    const isNorm = parts.at(-1) === "norm";
    if (isNorm) parts.pop();
    const group = parts.shift()!;
    if (group === "hidden" || group === "classifier") return { group, index: 0, block: 0, part: "", isNorm, leaf };
    const at = Number(parts.shift());
    const rest = { part: parts.join("."), isNorm, leaf };
    if (group === "head") return { group, layer: head[at], index: at, block: blocks.length, ...rest };
    if (at < stem.length) return { group: "stem", layer: stem[at], index: at, block: 0, ...rest };
    const { block, index } = places[at - stem.length];
    return { group: "block", layer: blocks[block][index], block, index, ...rest };
  };
}

/**
 * The names that a library has for a network's tensors.
 * @throws SpaceError for a network that the library cannot have.
 */
export function namingOf(library: Library, architecture: Architecture): Naming {
  const layers = architecture.blocks.flat();
  const isResNet = layers.some(({ kind }) => kind === "residual");
  const apart = takenApart(architecture);
  const fail = (what: string) =>
    new SpaceError(`${library}: ${what}; ${architecture.name} is none of its networks`, { name: architecture.name });
  const wrong = wrongFor(isResNet ? "resnet" : library, architecture);
  if (wrong) throw fail(wrong);
  if (isResNet) return (own) => resNetName(apart(own));
  if (library === "timm") return (own) => timmName(apart(own), architecture);
  if (isMobileNetV2(architecture)) return (own) => mobileNetV2Name(apart(own), architecture);
  const nested = architecture.hidden === undefined;
  return (own) => torchvisionName(apart(own), architecture, nested);
}

/** What a library's networks cannot have and this one has, in words; undefined where it is one of them by its form. */
function wrongFor(form: Library | "resnet", { stem, blocks, head, hidden }: Architecture): string | undefined {
  const kinds = (layers: readonly Layer[]) => layers.map(({ kind }) => kind).join();
  const all = blocks.flat();
  if (form === "resnet") {
    if (!/^conv(,maxpool)?$/.test(kinds(stem))) return "a ResNet must begin with a convolution and a maxpool";
    if (head.length > 0 || hidden)
      return "a ResNet must have no layer between its blocks and the classifier but the pooling";
    return all.every(({ kind }) => kind === "residual") ? undefined : "a ResNet must have residual blocks only";
  }
  if (kinds(stem) !== "conv") return `a stem must be one convolution, got ${kinds(stem) || "none"}`;
  if (kinds(head) !== "conv") return `a head must be one convolution, got ${kinds(head) || "none"}`;
  const allowed = form === "timm" ? ["mbconv", "conv"] : ["mbconv"];
  const odd = all.find(({ kind }) => !allowed.includes(kind));
  if (odd) return `blocks must be of ${allowed.join(", ")}, got ${odd.kind}`;
  return undefined;
}

function isMobileNetV2({ blocks, hidden }: Architecture): boolean {
  return !hidden && blocks.flat().every((layer) => layer.kind === "mbconv" && layer.seRatio === 0);
}

/** The steps of an MBConv in the order in which torchvision numbers them. */
function stepsOf(layer: Layer | undefined): string[] {
  if (layer?.kind !== "mbconv") return [];
  const expand = layer.expansion === 1 ? [] : ["expand"];
  return [...expand, "depthwise", ...(layer.seRatio > 0 ? ["se"] : []), "project"];
}

/** EfficientNet's (blocks in stages) and MobileNetV3's (all in one row). */
function torchvisionName(own: Own, { blocks }: Architecture, nested: boolean): ForeignName {
  const { group, layer, block, index, part, isNorm, leaf } = own;
  const step = isNorm ? 1 : 0;
  if (group === "hidden") return { name: `classifier.0.${leaf}`, rank: 2 };
  if (group === "classifier") return { name: `classifier.${nested ? 1 : 3}.${leaf}`, rank: 2 };
  if (group === "stem") return { name: `features.0.${step}.${leaf}`, rank: 4 };
  const count = nested ? blocks.length : blocks.flat().length;
  if (group === "head") return { name: `features.${count + 1}.${step}.${leaf}`, rank: 4 };
  const before = blocks.slice(0, block).flat().length;
  const place = nested ? `${block + 1}.${index}` : `${before + index + 1}`;
  const [name, inner] = part.split(".");
  const prefix = `features.${place}.block.${stepsOf(layer).indexOf(name)}`;
  if (name === "se") return { name: `${prefix}.${inner === "reduce" ? "fc1" : "fc2"}.${leaf}`, rank: 4 };
  return { name: `${prefix}.${step}.${leaf}`, rank: 4 };
}

function mobileNetV2Name(own: Own, { blocks }: Architecture): ForeignName {
  const { group, layer, block, index, part, isNorm, leaf } = own;
  const step = isNorm ? 1 : 0;
  if (group === "classifier") return { name: `classifier.1.${leaf}`, rank: 2 };
  if (group === "stem") return { name: `features.0.${step}.${leaf}`, rank: 4 };
  if (group === "head") return { name: `features.${blocks.flat().length + 1}.${step}.${leaf}`, rank: 4 };
  const prefix = `features.${blocks.slice(0, block).flat().length + index + 1}.conv`;
  const at = stepsOf(layer).indexOf(part);
  // The projection is no group of its own: convolution and norm stand beside the groups before.
  return { name: part === "project" ? `${prefix}.${at + step}.${leaf}` : `${prefix}.${at}.${step}.${leaf}`, rank: 4 };
}

/** timm's EfficientNet class, which is its MobileNets', too. */
function timmName(own: Own, { blocks, hidden }: Architecture): ForeignName {
  const { group, layer, block, index, part, isNorm, leaf } = own;
  if (group === "classifier") return { name: `classifier.${leaf}`, rank: 2 };
  if (group === "hidden") return { name: `conv_head.${leaf}`, rank: 4 };
  if (group === "stem") return { name: `${isNorm ? "bn1" : "conv_stem"}.${leaf}`, rank: 4 };
  if (group === "head" && !hidden) return { name: `${isNorm ? "bn2" : "conv_head"}.${leaf}`, rank: 4 };
  // Before a hidden layer, which is `conv_head`, the head's convolution is a stage of its own.
  const prefix = group === "head" ? `blocks.${blocks.length}.0` : `blocks.${block}.${index}`;
  if (layer?.kind === "conv") return { name: `${prefix}.${isNorm ? "bn1" : "conv"}.${leaf}`, rank: 4 };
  const [name, inner] = part.split(".");
  if (name === "se") return { name: `${prefix}.se.conv_${inner}.${leaf}`, rank: 4 };
  const expands = layer?.kind === "mbconv" && layer.expansion !== 1;
  const steps: Readonly<Record<string, readonly [conv: string, norm: string]>> = expands
    ? { expand: ["conv_pw", "bn1"], depthwise: ["conv_dw", "bn2"], project: ["conv_pwl", "bn3"] }
    : { depthwise: ["conv_dw", "bn1"], project: ["conv_pw", "bn2"] };
  return { name: `${prefix}.${steps[name][isNorm ? 1 : 0]}.${leaf}`, rank: 4 };
}

function resNetName({ group, block, index, part, isNorm, leaf }: Own): ForeignName {
  if (group === "classifier") return { name: `fc.${leaf}`, rank: 2 };
  if (group === "stem") return { name: `${isNorm ? "bn1" : "conv1"}.${leaf}`, rank: 4 };
  const prefix = `layer${block + 1}.${index}`;
  if (part === "shortcut") return { name: `${prefix}.downsample.${isNorm ? 1 : 0}.${leaf}`, rank: 4 };
  const number = part.slice("conv".length);
  return { name: `${prefix}.${isNorm ? "bn" : "conv"}${number}.${leaf}`, rank: 4 };
}
