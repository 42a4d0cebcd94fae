import { CheckpointError } from "../core";
import { type Library, namingOf, pytorchShape, type StoredTensor, stateShapes } from "../nn";
import {
  type Architecture,
  architecturePreset,
  asTensorFlowHasIt,
  asTimmHasIt,
  efficientNets,
  isArchitecturePreset,
  mobileNets,
  resNets,
} from "../space";

/** Names by which the weights of a family are known, whose they are, and which networks they may be of. */
interface Family {
  readonly library: Library;
  readonly words: string;
  readonly tensor: RegExp;
  readonly networks: () => readonly Architecture[];
}

const mobileNet = (pattern: RegExp) => () => mobileNets().filter(({ name }) => pattern.test(name));

const FAMILIES: readonly Family[] = [
  {
    library: "torchvision",
    words: "an EfficientNet",
    tensor: /^features\.\d+\.\d+\.block\.\d+\.0\.weight$/,
    networks: efficientNets,
  },
  {
    library: "torchvision",
    words: "a MobileNetV3",
    tensor: /^features\.\d+\.block\.\d+\.0\.weight$/,
    networks: mobileNet(/_v3_/),
  },
  {
    library: "torchvision",
    words: "a MobileNetV2",
    tensor: /^features\.\d+\.conv\.\d+\.0\.weight$/,
    networks: mobileNet(/_v2$/),
  },
  { library: "torchvision", words: "a ResNet", tensor: /^layer1\.\d+\.conv1\.weight$/, networks: resNets },
  {
    library: "timm",
    words: "an EfficientNet or MobileNet",
    tensor: /^blocks\.\d+\.\d+\.conv_(dw|pw)\.weight$/,
    networks: () => [...efficientNets(), ...mobileNets()].map(asTimmHasIt),
  },
];

/** Weights of another library: whose names they have, and the network that they are of. */
export interface Recognised {
  readonly library: Library;
  readonly architecture: Architecture;
  /** What could not be told from the tensors, a sentence each. */
  readonly remarks: readonly string[];
}

function familyOf(names: Iterable<string>): Family | undefined {
  const all = [...names];
  return FAMILIES.find(({ tensor }) => all.some((name) => tensor.test(name)));
}

/** What a weights file that is none of ours holds, by its tensors' names, and how to open it; undefined when unknown. */
export function foreignWeights(names: Iterable<string>, path: string): string | undefined {
  const family = familyOf(names);
  if (!family) return undefined;
  const { words, library, networks } = family;
  const preset = networks()[0].name;
  return `its tensors are named as ${library}'s for ${words}: open it by lab.teacher(${JSON.stringify(path)}, { data }), in code by openTeacher(${JSON.stringify(path)}) or teacherFromTorchvision(${JSON.stringify(path)}, "${preset}"), with the preset that it was saved from`;
}

/** Buffers that no network needs: how many batches a norm has seen. */
const UNUSED = /(^|\.)num_batches_tracked$/;

/** What wrappers put before the names: DataParallel, Lightning and `torch.compile`, one within another. */
const PREFIXES = ["module.", "model.", "_orig_mod."];

/** Tensors under the names that the library gave them, without what wrappers put before (`module.`, `model.`, `_orig_mod.`). */
export function bareNames(tensors: ReadonlyMap<string, StoredTensor>): Map<string, StoredTensor> {
  let used = [...tensors].filter(([name]) => !UNUSED.test(name));
  for (;;) {
    const prefix = PREFIXES.find((each) => used.length > 0 && used.every(([name]) => name.startsWith(each)));
    if (prefix === undefined) return new Map(used);
    used = used.map(([name, tensor]) => [name.slice(prefix.length), tensor]);
  }
}

/**
 * Tells by their names and sizes whose network some weights are.
 * @param tensors As {@link bareNames} gives them.
 * @param given What the network is, where that is known: a preset's name ("tf_efficientnet_b0") or an architecture.
 * @param hint The file's name, or what lies beside it: TensorFlow's weights have the tensors of PyTorch's.
 * @throws CheckpointError when they are none that is known, or not those of the given network; SpaceError for a given network
 *   that no library has.
 */
export function recognise(
  tensors: ReadonlyMap<string, StoredTensor>,
  path: string,
  given: string | Architecture | undefined,
  hint = "",
): Recognised {
  const family = familyOf(tensors.keys());
  if (!family) {
    throw new CheckpointError(
      `teacher: ${path} must be a teacher's file of Blockwise, or hold weights under torchvision's or timm's names of ${FAMILY_WORDS}, got tensors such as ${sample(tensors)}; save them by state_dict(), or convert the network to one of these`,
      { path },
    );
  }
  const classes = classesIn(tensors);
  if (given !== undefined) {
    const asked = typeof given === "string" ? architecturePreset(presetName(given)) : given;
    const architecture = typeof given === "string" && classes ? { ...asked, classes } : asked;
    const difference = differenceOf(tensors, architecture, family.library);
    if (difference)
      throw new CheckpointError(`teacher: ${path} must hold ${architecture.name}: ${difference}`, { path });
    return { library: family.library, architecture, remarks: [] };
  }
  const fitting = family
    .networks()
    .map((network) => (classes ? { ...network, classes } : network))
    .filter((network) => differenceOf(tensors, network, family.library) === undefined);
  const [found] = fitting;
  if (!found) throw noneFits(tensors, path, family);
  if (family.library === "torchvision") return { library: "torchvision", architecture: found, remarks: [] };
  return timmVariant(found, hint);
}

/** Weights of TensorFlow's release have the tensors of PyTorch's, and another padding and epsilon. */
function timmVariant(found: Architecture, hint: string): Recognised {
  const original = [...efficientNets(), ...mobileNets()].find((each) => asTimmHasIt(each).name === found.name)!;
  const tensorFlow = { ...asTensorFlowHasIt(original), classes: found.classes };
  if (!isArchitecturePreset(tensorFlow.name)) return { library: "timm", architecture: found, remarks: [] };
  if (/(^|[^a-z])tf_/.test(hint)) return { library: "timm", architecture: tensorFlow, remarks: [] };
  const remark = `Its tensors are those of timm's ${found.name} (symmetric padding, batch norm's epsilon 1e-5), which are also those of ${tensorFlow.name} (padding "same", 1e-3): for the latter say arch: "${tensorFlow.name}" (in an experiment's file "arch" beside "file", in a shell --arch ${tensorFlow.name}).`;
  return { library: "timm", architecture: found, remarks: [remark] };
}

const FAMILY_WORDS = "EfficientNet-B0 to B7, MobileNetV2, MobileNetV3, ResNet-18, 34 or 50";

/** "efficientnet_b0.ra_in1k" is timm's name of a preset with the training that its weights come from. */
export function presetName(name: string): string {
  const bare = name.replace(/^timm\//, "").replace(/\.[a-z0-9_]+$/i, "");
  return isArchitecturePreset(name) ? name : bare;
}

function noneFits(tensors: ReadonlyMap<string, StoredTensor>, path: string, family: Family): CheckpointError {
  const differences = family.networks().map((network) => {
    const classes = classesIn(tensors);
    return `${network.name} (${differenceOf(tensors, classes ? { ...network, classes } : network, family.library)})`;
  });
  return new CheckpointError(
    `teacher: ${path} has names of ${family.library}'s for ${family.words}, and must be one of ${differences.join(", ")}; give another network by arch: an architecture as an object`,
    { path },
  );
}

/** How many classes the classifier's bias has. */
function classesIn(tensors: ReadonlyMap<string, StoredTensor>): number | undefined {
  const names = ["classifier.bias", "classifier.1.bias", "classifier.3.bias", "fc.bias"];
  return names.map((name) => tensors.get(name)?.shape[0]).find((classes) => classes !== undefined);
}

function sample(tensors: ReadonlyMap<string, StoredTensor>): string {
  const names = [...tensors.keys()].slice(0, 3).map((name) => `"${name}"`);
  return names.length > 0 ? names.join(", ") : "none";
}

/** What tells weights from those of a network: the first tensor that is missing, of another size, or too many. */
function differenceOf(
  tensors: ReadonlyMap<string, StoredTensor>,
  architecture: Architecture,
  library: Library,
): string | undefined {
  const naming = namingOf(library, architecture);
  const needed = new Set<string>();
  for (const [own, shape] of stateShapes(architecture)) {
    const { name, rank } = naming(own);
    needed.add(name);
    const tensor = tensors.get(name);
    if (!tensor) return `"${name}" is missing`;
    const wanted = pytorchShape(own, shape, rank);
    if (tensor.shape.join() !== wanted.join()) return `"${name}" must be [${wanted}], got [${tensor.shape}]`;
  }
  const [more] = [...tensors.keys()].filter((name) => !needed.has(name));
  return more === undefined ? undefined : `"${more}" is no tensor of it`;
}
