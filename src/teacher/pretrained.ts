import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { CheckpointError, ConfigError, checkOptions, type OptionRules, Rng, readJson, rule } from "../core";
import { checkPreprocessing, checkPreprocessingScale, type Preprocessing } from "../data";
import {
  fromPyTorch,
  loadState,
  Network,
  namingOf,
  type PyTorchWeights,
  readPyTorchWeights,
  readSafetensors,
  type StoredTensor,
  stateShapes,
  valueFault,
} from "../nn";
import { type Architecture, validateArchitecture } from "../space";
import { bareNames, type Recognised, recognise } from "./recognise";
import { isTeacherFile, Teacher } from "./teacher";

/** How torchvision and most of timm's networks see images of ImageNet, on the scale 0..1. */
export const IMAGENET_PREPROCESSING: Preprocessing = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

export interface PretrainedOptions {
  /**
   * The network: a preset's name ("efficientnet_b3", "tf_efficientnet_b0") or an architecture. By the tensors' names and sizes
   * unless given.
   */
  readonly arch?: string | Architecture;
  /** Size of the images that it shall take; the architecture's own unless given. */
  readonly input?: { readonly height: number; readonly width: number };
  /** Names of the classes in the order of its answers; "0", "1", ... unless given. */
  readonly classes?: readonly string[];
  /** How it sees images, on the scale 0..1; that of a `config.json` of the hub beside the file, else ImageNet's, unless given. */
  readonly preprocessing?: Preprocessing;
  /** Data set the weights were trained on; for 1,000 classes "imagenet", else "unnamed data" unless given. */
  readonly dataset?: string;
  /** Known top-1 accuracy on the validation images of the data set, 0..1; not measured unless given. */
  readonly accuracy?: number;
}

export const PRETRAINED_RULES: OptionRules<PretrainedOptions> = {
  arch: rule.any,
  input: rule.any,
  classes: rule.any,
  preprocessing: rule.any,
  dataset: rule.text,
  accuracy: rule.within(0, 1),
};

const IMAGENET_CLASSES = 1000;

/** What a file of timm's hub says of its weights. */
const hubConfig = z.object({
  architecture: z.string(),
  pretrained_cfg: z.object({
    mean: z.array(z.number()).optional(),
    std: z.array(z.number().positive()).optional(),
  }),
});

/**
 * A teacher from a file of ours ({@link Teacher.save}), or from weights under torchvision's or timm's names
 * (`model.state_dict()` as safetensors, in float32, half precision or bfloat16): EfficientNet-B0 to B7, MobileNetV2,
 * MobileNetV3 small and large, ResNet-18, 34 and 50, each known by its tensors.
 * @throws CheckpointError when the file is damaged, of no network that is known, or not of the one asked for.
 * @throws ConfigError for an option that is not known or does not fit, one of pretrained weights with a file of ours, or
 *   weights that are pickled.
 * @throws SpaceError for an `arch` that is no preset.
 */
export function openTeacher(path: string, options: PretrainedOptions = {}): Teacher {
  checkOptions("teacher", options, PRETRAINED_RULES);
  refusePickles(path);
  const { tensors, metadata } = readSafetensors(path);
  if (!isTeacherFile(metadata)) return pretrained(path, { tensors, remarks: [] }, options);
  const [given] = Object.entries(options).filter(([name, value]) => value !== undefined && name !== "input");
  if (given) {
    throw new ConfigError(
      `teacher: ${given[0]} is for weights of torchvision or timm; ${path} is a teacher's file of Blockwise, which says it itself: leave it out`,
      { path },
    );
  }
  return Teacher.load(path);
}

/** Whether a safetensors file was written by {@link Teacher.save}. @throws CheckpointError when it is damaged. */
export function saysItself(path: string): boolean {
  return !isPickle(path) && isTeacherFile(readSafetensors(path).metadata);
}

/**
 * A teacher from a file of `torch.save(model.state_dict(), path)`, under torchvision's or timm's names. Nothing in it is run.
 * @throws CheckpointError, ConfigError, SpaceError as {@link openTeacher} and `readPyTorchWeights`.
 */
export async function openPyTorchTeacher(path: string, options: PretrainedOptions = {}): Promise<Teacher> {
  checkOptions("teacher", options, PRETRAINED_RULES);
  return pretrained(path, await readPyTorchWeights(path), options);
}

/** Whether a file is called as PyTorch's own are: pickles. */
export function isPickle(path: string): boolean {
  return /\.(pth|pt|bin|ckpt|tar)$/i.test(path);
}

function refusePickles(path: string): void {
  if (!isPickle(path)) return;
  const to = `${path.replace(/\.[a-z]+$/i, "")}.safetensors`;
  throw new ConfigError(
    `teacher: ${path} must be a safetensors file here, and is called as PyTorch's pickled weights are; open it by lab.teacher or openPyTorchTeacher, or in Python: from safetensors.torch import save_file; save_file(model.state_dict(), ${JSON.stringify(to)})`,
    { path },
  );
}

/**
 * A teacher from torchvision's weights of a network that is known: a safetensors file of `model.state_dict()`.
 * @param architecture A preset's name, or that preset with another number of classes or input size.
 * @throws CheckpointError when a tensor is missing, of another shape or too many, or the file is damaged.
 * @throws SpaceError when the architecture is none of torchvision's.
 */
export function teacherFromTorchvision(
  path: string,
  architecture: string | Architecture,
  options: Omit<PretrainedOptions, "arch" | "input"> = {},
): Teacher {
  return openTeacher(path, { ...options, arch: architecture });
}

function pretrained(path: string, file: PyTorchWeights, options: PretrainedOptions): Teacher {
  const tensors = bareNames(file.tensors);
  const { classes, accuracy, input } = options;
  const hub = hubConfigOf(path);
  const hint = [basename(path), basename(dirname(path)), hub?.architecture ?? ""].join(" ");
  const { architecture: known, library, remarks: untold } = recognise(tensors, path, options.arch, hint);
  const remarks = [...file.remarks, ...untold];
  const architecture = input ? { ...known, input: { ...input, channels: known.input.channels } } : known;
  validateArchitecture(architecture);
  checkNames(classes, architecture, path);
  const preprocessing = options.preprocessing ?? ofHub(hub) ?? IMAGENET_PREPROCESSING;
  checkPreprocessing(preprocessing, architecture.input, "teacher: preprocessing");
  checkPreprocessingScale(preprocessing, "teacher");
  const network = loaded(tensors, { architecture, library }, path);
  const history = { epochs: [], accuracy, validationImages: 0, imagesPerSecond: 0 };
  return new Teacher(network, {
    architecture,
    preprocessing,
    classes: classes ?? Array.from({ length: architecture.classes }, (_, i) => String(i)),
    dataset: options.dataset ?? (architecture.classes === IMAGENET_CLASSES ? "imagenet" : "unnamed data"),
    history,
    ...(remarks.length > 0 && { remarks }),
  });
}

function checkNames(classes: readonly string[] | undefined, { name, classes: count }: Architecture, path: string) {
  if (classes === undefined || classes.length === count) return;
  throw new ConfigError(
    `teacher: classes must name the ${count} that ${name} in ${path} tells apart, got ${classes.length}`,
    { path, expected: count, got: classes.length },
  );
}

function loaded(
  tensors: Map<string, StoredTensor>,
  { architecture, library }: Omit<Recognised, "remarks">,
  path: string,
): Network {
  const naming = namingOf(library, architecture);
  const state = new Map<string, StoredTensor>();
  for (const [own, shape] of stateShapes(architecture)) {
    const { name } = naming(own);
    const tensor = tensors.get(name)!;
    // Said here under the name that the file has.
    const fault = valueFault(own, tensor.data);
    if (fault) {
      throw new CheckpointError(`teacher: ${path}: tensor ${JSON.stringify(name)} ${fault}; fetch or save it anew`, {
        path,
        name,
      });
    }
    state.set(own, fromPyTorch(tensor, own, shape));
  }
  const network = new Network(architecture, new Rng(0));
  try {
    loadState(network, state);
    return network;
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** What timm's hub has beside the weights; undefined without it. @throws CheckpointError when it is malformed. */
function hubConfigOf(path: string): z.output<typeof hubConfig> | undefined {
  const file = join(dirname(path), "config.json");
  if (!existsSync(file)) return undefined;
  const what = "the hub's description of the weights beside it";
  const value = readJson(file, { what, mend: "take it away, or fetch it anew", byUser: true });
  // Others call a file so, too.
  if (typeof value !== "object" || value === null || !("pretrained_cfg" in value)) return undefined;
  const parsed = hubConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new CheckpointError(
    `teacher: ${file}, which lies beside ${basename(path)}, must be the hub's description of it: ${z.prettifyError(parsed.error)}; take it away, or give \`arch\` and \`preprocessing\``,
    { path: file },
  );
}

function ofHub(hub: z.output<typeof hubConfig> | undefined): Preprocessing | undefined {
  const { mean, std } = hub?.pretrained_cfg ?? {};
  return mean && std ? { mean, std } : undefined;
}
