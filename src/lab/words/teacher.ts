import { extname } from "node:path";
import { ConfigError, checkOptions, type OptionRules, rule, type StepContext } from "../../core";
import type { Preprocessing } from "../../data";
import type { tf } from "../../engine";
import { checkedTeacher, type LoadTeacherOptions, loadTeacher, openTeacherFile } from "../../retrain";
import {
  type Architecture,
  architecturePreset,
  type ChangedPreset,
  isArchitecturePreset,
  parseArchitecture,
} from "../../space";
import { DNA_MINI } from "../../systems/dna";
import {
  FINE_TUNE_RULES,
  type FineTuneOptions,
  fineTune,
  isHubName,
  isLayersModel,
  isModelFile,
  isPickle,
  teacherFromModel,
  trainTeacher,
} from "../../teacher";
import { TRAINING_RULES, type TrainingOptions } from "../../train";
import { engineReady } from "../session/engine-ready";
import { LabData } from "../values/data";
import { LabTeacher } from "../values/teacher";

export interface LabTeacherOptions extends Partial<Omit<TrainingOptions, "task" | "softTargets" | "startFrom">> {
  readonly data: LabData;
  /**
   * Of a teacher that is loaded: it may have other classes or be of another data set, for its feature maps alone are
   * imitated; its answers are neither measured on this data nor learnt. Default false.
   */
  readonly featuresOnly?: boolean;
  /**
   * Of a teacher that is loaded: it is taught this data, with a new classifier where its classes are others; `{}` as usual.
   * The classifier learns alone first, then all weights at their own learning rate, until validation accuracy rises no more.
   */
  readonly fineTune?: FineTuneOptions;
  /** Of weights of torchvision or timm, what their tensors do not say: the network, e.g. "tf_efficientnet_b0". */
  readonly arch?: string | Architecture;
  /** Of such weights: how the network sees images; ImageNet's mean and deviation unless given. */
  readonly preprocessing?: Preprocessing;
  /** Of such weights, or a model: the classes in the order of their answers, where they are those of the data. */
  readonly classes?: readonly string[];
  /** Of a model of TensorFlow.js: the layers that end its blocks; what follows the last one is its head. */
  readonly cuts?: readonly string[];
  /** Of such a model: multiply-adds for one image of layers that are of no class of TensorFlow.js, by name. */
  readonly macs?: Readonly<Record<string, number>>;
}

const { task: _task, softTargets: _soft, startFrom: _start, ...trainingRules } = TRAINING_RULES;
const TEACHER_RULES: OptionRules<LabTeacherOptions> = {
  ...trainingRules,
  data: rule.any,
  featuresOnly: rule.boolean,
  fineTune: rule.options<FineTuneOptions>(FINE_TUNE_RULES),
  arch: rule.any,
  preprocessing: rule.any,
  classes: rule.any,
  cuts: rule.list(rule.text),
  macs: rule.any,
};

/** What a teacher comes from, see `lab.teacher`. */
export type TeacherSource = string | Architecture | ChangedPreset | tf.LayersModel;

/** See `lab.teacher`. */
export async function teacher(
  source: TeacherSource,
  given: LabTeacherOptions,
  context: StepContext,
): Promise<LabTeacher> {
  const { data, featuresOnly = false, fineTune: tuning, arch, preprocessing, classes, cuts, macs, ...options } = given;
  checkOptions("lab.teacher", given, TEACHER_RULES);
  if (!(data instanceof LabData)) {
    throw new ConfigError('lab.teacher: data must be what lab.data gave, e.g. lab.teacher("...", { data })');
  }
  engineReady();
  const pretrained = defined({ arch, preprocessing, classes, cuts, macs, dataset: classes && data.name });
  if (isLayersModel(source)) {
    return ofModel(source, { data, tuning, featuresOnly, pretrained });
  }
  if (typeof source === "string" && isTeacherPath(source)) {
    if (tuning) return fineTuned(source, { data, tuning, featuresOnly, pretrained }, context);
    const teacher = await loadTeacher(source, data.dataset, { featuresOnly, pretrained }, context);
    return new LabTeacher(teacher, data, featuresOnly);
  }
  refuseOfFile(source, { pretrained, tuning, featuresOnly });
  const architecture =
    typeof source === "string" ? architecturePreset(source) : parseArchitecture(source, "lab.teacher");
  const { seed = data.seed, epochs = DNA_MINI.teacherEpochs, ...rest } = options;
  return new LabTeacher(await trainTeacher(architecture, data.dataset, { ...rest, seed, epochs }, context), data);
}

/** Refuses, of a teacher that is trained here, what is for loaded ones, and the name of a file of another form. */
function refuseOfFile(
  source: string | Architecture | ChangedPreset,
  { pretrained = {}, tuning, featuresOnly }: Partial<Tuning>,
): void {
  const [stray] = Object.keys(pretrained);
  if (stray) {
    throw new ConfigError(
      `lab.teacher: ${stray} is for weights of torchvision or timm, which are loaded from a .safetensors file, or for models of TensorFlow.js; leave it out`,
    );
  }
  if (tuning) {
    throw new ConfigError(
      "lab.teacher: fineTune is for a teacher that is loaded from a file; one that is trained here learns this data from the start",
    );
  }
  if (featuresOnly) {
    throw new ConfigError(
      "lab.teacher: featuresOnly is for a teacher that is loaded from a file; one that is trained here has the data's classes",
    );
  }
  if (typeof source === "string" && extname(source) !== "" && !isArchitecturePreset(source)) {
    throw new ConfigError(
      `lab.teacher: a file must be a teacher's (.safetensors), torchvision's or timm's weights (.safetensors, .pth), a found network's (.json) or a TensorFlow.js model's (model.json), got ${JSON.stringify(source)}; a preset's name has no such ending`,
      { source },
    );
  }
}

interface Tuning {
  readonly data: LabData;
  readonly tuning: FineTuneOptions;
  readonly featuresOnly: boolean;
  readonly pretrained: LoadTeacherOptions["pretrained"];
}

/** A teacher from a model in memory. */
function ofModel(model: tf.LayersModel, given: Omit<Tuning, "tuning"> & { tuning?: FineTuneOptions }): LabTeacher {
  const { data, tuning, featuresOnly, pretrained: { arch, ...options } = {} } = given;
  const [stray] = Object.keys(defined({ arch, fineTune: tuning }));
  if (stray) {
    throw new ConfigError(
      `lab.teacher: ${stray} is for weights of torchvision or timm, and a tf.LayersModel says itself what it is; leave it out${stray === "fineTune" ? ", and train the model by its own fit() before" : ""}`,
    );
  }
  const { height, width } = data.dataset.shape;
  const teacher = teacherFromModel(model, { ...options, input: { height, width } });
  return new LabTeacher(checkedTeacher(teacher, model.name, data.dataset, featuresOnly), data, featuresOnly);
}

/** Whether a name is a file's: of a teacher, a found network, weights, or a model. */
function isTeacherPath(name: string): boolean {
  return /\.(safetensors|json)$/.test(name) || isPickle(name) || isModelFile(name) || isHubName(name);
}

/** A teacher from a file, taught the data. */
async function fineTuned(
  file: string,
  { data, tuning, featuresOnly, pretrained }: Tuning,
  context: StepContext,
): Promise<LabTeacher> {
  if (featuresOnly) {
    throw new ConfigError(
      "lab.teacher: featuresOnly is for a teacher whose answers mean something else, and fineTune teaches it the data's classes; leave one of them out",
    );
  }
  const { height, width } = data.dataset.shape;
  const before = await openTeacherFile(file, { ...pretrained, input: { height, width } }, context);
  try {
    return new LabTeacher(await fineTune(before, data.dataset, { seed: data.seed, ...tuning }, context), data);
  } finally {
    before.dispose();
  }
}

function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}
