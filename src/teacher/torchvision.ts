import { CheckpointError, Rng, SpaceError } from "../core";
import type { Preprocessing } from "../data";
import { loadState, Network, readSafetensors, type StoredTensor, saveState } from "../nn";
import { type Architecture, architecturePreset } from "../space";
import { Teacher } from "./teacher";

/** How torchvision prepares images of ImageNet: mean and standard deviation of each channel on the scale 0..1. */
export const IMAGENET_PREPROCESSING: Preprocessing = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

export interface TorchvisionOptions {
  /** Names of the classes; "0", "1", ... when left out. */
  readonly classes?: readonly string[];
  readonly preprocessing?: Preprocessing;
  /** Data set the weights were trained on. */
  readonly dataset?: string;
  /** Known top-1 accuracy on the validation images of the data set, 0..1; not measured unless given. */
  readonly accuracy?: number;
}

/**
 * A teacher from torchvision's weights: a safetensors file of `model.state_dict()` (names and layouts as torchvision has
 * them) for "efficientnet_b0" to "efficientnet_b7", "resnet18" or "resnet50".
 * @param architecture A preset's name, or that preset with another number of classes or input size.
 * @throws CheckpointError when a tensor is missing, of another shape, or the file is damaged.
 * @throws SpaceError when the architecture is none of torchvision's.
 */
export function teacherFromTorchvision(
  path: string,
  architecture: string | Architecture,
  options: TorchvisionOptions = {},
): Teacher {
  const network = networkFromTorchvision(path, architecture);
  const { classes } = network.architecture;
  return new Teacher(network, {
    architecture: network.architecture,
    preprocessing: options.preprocessing ?? IMAGENET_PREPROCESSING,
    classes: options.classes ?? Array.from({ length: classes }, (_, i) => String(i)),
    dataset: options.dataset ?? "imagenet",
    history: { epochs: [], accuracy: options.accuracy, validationImages: 0, imagesPerSecond: 0 },
  });
}

/** The network alone; see {@link teacherFromTorchvision}. */
export function networkFromTorchvision(path: string, given: string | Architecture): Network {
  const architecture = typeof given === "string" ? architecturePreset(given) : given;
  const { tensors } = readSafetensors(path);
  const nameOf = torchvisionNames(architecture);
  const network = new Network(architecture, new Rng(0));
  try {
    loadState(network, renamed(network, nameOf, tensors, path));
    return network;
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** Torchvision's tensors under our names and in our layouts. */
function renamed(
  network: Network,
  nameOf: (own: string) => string,
  tensors: Map<string, StoredTensor>,
  path: string,
): Map<string, StoredTensor> {
  const state = new Map<string, StoredTensor>();
  for (const [own, { shape }] of saveState(network)) {
    const name = nameOf(own);
    const tensor = tensors.get(name);
    if (!tensor) {
      throw new CheckpointError(
        `torchvision: ${path} must have "${name}", which is missing: it must hold the state_dict of ${network.architecture.name}`,
        { path, name },
      );
    }
    state.set(own, transposed(tensor, own, shape));
  }
  return state;
}

/**
 * PyTorch's `[out, in, height, width]` as `[height, width, in, out]` (depthwise `[channels, 1, h, w]` as
 * `[h, w, channels, 1]`), `[out, in]` as `[in, out]`.
 */
function transposed({ shape, data }: StoredTensor, own: string, wanted: readonly number[]): StoredTensor {
  if (shape.length < 2) return { shape, data };
  const [out, inputs, height = 1, width = 1] = shape;
  const isDepthwise = own.endsWith("depthwise.kernel");
  const [first, last] = isDepthwise ? [out, inputs] : [inputs, out];
  const values = new Float32Array(data.length);
  let at = 0;
  for (let o = 0; o < out; o++) {
    for (let i = 0; i < inputs; i++) {
      const [f, l] = isDepthwise ? [o, i] : [i, o];
      for (let p = 0; p < height * width; p++) values[(p * first + f) * last + l] = data[at++];
    }
  }
  const rest = wanted.length === 2 ? [] : [height, width];
  return { shape: [...rest, first, last], data: values };
}

const NORM: Readonly<Record<string, string>> = {
  gamma: "weight",
  beta: "bias",
  runningMean: "running_mean",
  runningVariance: "running_var",
};

/** The name that torchvision has for a parameter or buffer of ours. @throws SpaceError for another kind of network. */
function torchvisionNames(architecture: Architecture): (own: string) => string {
  if (architecture.name.startsWith("efficientnet_b")) return efficientNetNames(architecture);
  if (architecture.name.startsWith("resnet")) return resNetNames(architecture);
  throw new SpaceError(
    `torchvision: the architecture must be an efficientnet_b0 to b7, resnet18 or resnet50, got ${architecture.name}`,
  );
}

/** Layers of the blocks in the trunk's order: which stage, and which of its layers. */
function placesOf({ blocks }: Architecture): (readonly [number, number])[] {
  return blocks.flatMap((layers, stage) => layers.map((_, i) => [stage, i] as const));
}

/** "trunk.5.expand.norm.gamma" taken apart: group, index, the rest, and torchvision's word for the last part. */
function takeApart(own: string): { group: string; index: number; part: string; leaf: string } {
  const [group, index, ...rest] = own.split(".");
  const last = rest.pop() ?? "";
  return {
    group,
    index: Number(index),
    part: rest.join("."),
    leaf: NORM[last] ?? (last === "kernel" ? "weight" : last),
  };
}

function efficientNetNames(architecture: Architecture): (own: string) => string {
  const places = placesOf(architecture);
  return (own) => {
    if (own.startsWith("classifier.")) return `classifier.1.${own.endsWith("bias") ? "bias" : "weight"}`;
    const { group, index, part, leaf } = takeApart(own);
    const conv = part === "norm" ? 1 : 0;
    if (group === "head") return `features.${architecture.blocks.length + 1}.${conv}.${leaf}`;
    if (index === 0) return `features.0.${conv}.${leaf}`;
    const [stage, i] = places[index - 1];
    const layer = architecture.blocks[stage][i];
    // Torchvision numbers the steps of a block; without expansion there is one less before the depthwise one.
    const first = layer.kind === "mbconv" && layer.expansion === 1 ? -1 : 0;
    const [step, ...inner] = part.split(".");
    const at = { expand: 0, depthwise: 1, se: 2, project: 3 }[step]! + first;
    const prefix = `features.${stage + 1}.${i}.block.${at}`;
    if (step === "se") return `${prefix}.${inner[0] === "reduce" ? "fc1" : "fc2"}.${leaf}`;
    return `${prefix}.${inner[0] === "norm" ? 1 : 0}.${leaf}`;
  };
}

function resNetNames(architecture: Architecture): (own: string) => string {
  const places = placesOf(architecture);
  const stem = architecture.stem.length;
  return (own) => {
    if (own.startsWith("classifier.")) return `fc.${own.endsWith("bias") ? "bias" : "weight"}`;
    const { index, part, leaf } = takeApart(own);
    if (index < stem) return `${part === "norm" ? "bn1" : "conv1"}.${leaf}`;
    const [stage, i] = places[index - stem];
    const prefix = `layer${stage + 1}.${i}`;
    const [module, norm] = part.split(".");
    if (module === "shortcut") return `${prefix}.downsample.${norm ? 1 : 0}.${leaf}`;
    const number = module.slice("conv".length);
    return `${prefix}.${norm ? "bn" : "conv"}${number}.${leaf}`;
  };
}
