import { extname } from "node:path";
import { readTruth } from "../benchmark";
import { ConfigError, checkOptions, type OptionRules, rule, type StepContext } from "../core";
import {
  checkDataset,
  DATASET_RULES,
  type Dataset,
  type DatasetOptions,
  datasetFingerprint,
  loadDataset,
  type Preprocessing,
} from "../data";
import { LATENCY_RULES, type LatencyOptions, latencyTable, measurePlace, PLACE_NAMES, type Place } from "../deploy";
import type { tf } from "../engine";
import { checkedTeacher, type LoadTeacherOptions, loadTeacher, openTeacherFile, type Retrained } from "../retrain";
import {
  type Architecture,
  architecturePreset,
  BLOCK_SPACE_RULES,
  type BlockSpaceOptions,
  blockSpace,
  type CellArchitecture,
  type ChangedPreset,
  isArchitecturePreset,
  parseArchitecture,
  type SearchSpace,
} from "../space";
import { findStudy, readStudy } from "../study/ranking";
import { DNA_MINI } from "../systems/dna";
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
} from "../teacher";
import { TRAINING_RULES, type TrainingOptions } from "../train";
import { showNow } from "./display/show";
import { viewOfAny } from "./display/view";
import { engineReady } from "./session/engine-ready";
import { notebookContext } from "./session/notebook-context";
import { type LabUseOptions, useQueue } from "./session/task-queue";
import {
  agreementOf,
  type LabAgreement,
  type LabAgreementOptions,
  type Ranking,
  type TruthItem,
} from "./values/agreement";
import { benchmark } from "./values/benchmark";
import type { LabBlocks } from "./values/blocks";
import { type LabCells, labCells } from "./values/cells";
import { comparison } from "./values/comparison";
import { LabData } from "./values/data";
import { econas } from "./values/econas";
import { eeea } from "./values/eeea";
import { eeeaTrained } from "./values/eeea-trained";
import type { LabFront } from "./values/front";
import { improvement } from "./values/improvement";
import { LabLatency, latencyTableFrom } from "./values/latency";
import type { LabNetwork } from "./values/network";
import { NetworkDesign } from "./values/network-design";
import { pnas } from "./values/pnas";
import { pocketnet } from "./values/pocketnet";
import { LabRatings } from "./values/ratings";
import { searches } from "./values/searches";
import { splits } from "./values/splits";
import { LabStudent } from "./values/student";
import { LabStudy } from "./values/study";
import { LabSupernet } from "./values/supernet";
import { type LabSweep, type LabSweepOptions, labSweep } from "./values/sweep";
import { LabTeacher } from "./values/teacher";
import { findings } from "./words/findings";
import { isNetworkSource, NETWORK_FORMS, type NetworkSource, ownNetwork } from "./words/own-networks";
import { type ParetoItem, type ParetoRecipe, pareto } from "./words/pareto";
import { record } from "./words/record";
import { stored } from "./words/stored";

export interface LabDataOptions extends Partial<Omit<DatasetOptions, "seed">> {
  /** Seed of the division, and of all later steps unless they are given one. Default 1. */
  readonly seed?: number;
}

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

const { seed: _seed, ...divisionRules } = DATASET_RULES;
/** What the options of the lab's steps must be. */
const DATA_RULES: OptionRules<LabDataOptions> = { ...divisionRules, seed: rule.whole };
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

export interface LabLatencyOptions extends LatencyOptions {
  /** Where to measure instead of on the engine here, "chromium-wasm", "node-ort", ...; then of 30 runs unless given. */
  readonly place?: Place;
  /** With a place: so many random networks of the space are timed whole in the same rounds, to see how near the sums come. */
  readonly networks?: number;
}

const LAB_LATENCY_RULES: OptionRules<LabLatencyOptions> = {
  ...LATENCY_RULES,
  place: rule.oneOf(...PLACE_NAMES),
  networks: rule.wholeFrom(1),
};

/** What has layers to measure, or the path of what was measured. */
export type LatencySource =
  | LabSupernet
  | LabRatings
  | LabTeacher
  | LabStudent
  | NetworkDesign
  | LabNetwork
  | Retrained
  | SearchSpace
  | Architecture
  | string;

/** The whole way in a few calls; each value shows itself when it is the last expression of a cell. */
export const lab = {
  /**
   * Has workers on other machines distil, rate and retrain from now on: `lab.use({ queue: "redis://host:6379", store: "/mnt/blockwise" })`,
   * see `docs/queue.md`; `lab.use({ queue: null })` goes back to this process. The cell's interrupt stops the workers' tasks.
   * @returns What is in use now, a sentence.
   * @throws ConfigError when Redis does not answer, or the engine is not the native one.
   */
  use: (options: LabUseOptions): Promise<string> => useQueue(options),

  /**
   * Loads a data set and holds validation images out, or takes one that is ready: by name ("fashion-mnist", "mnist", "kmnist",
   * "cifar-10", "cifar-100"), or pictures of one's own by the path of their folder or zip file, or of parquet files of the
   * Hugging Face hub, `{ shape }` being what they are scaled to (see `PictureShape`; their common size when left out). The
   * layouts are those of `imageFolder`. What is more than `{ memory }` is read batch by batch from the disk.
   * @throws DataError when there is no such data set, or files are absent or damaged.
   */
  async data(source: string | Dataset, options: LabDataOptions = {}, context = notebookContext()): Promise<LabData> {
    checkOptions("lab.data", options, DATA_RULES);
    const { seed = 1, ...rest } = options;
    if (typeof source !== "string") return new LabData(readyData(source, rest), seed);
    return new LabData(await loadDataset(source, { ...rest, seed }, context), seed);
  },

  /**
   * Trains a teacher: a preset's name, one with another input or classes (`{ preset, input, classes }`), or an architecture. The path of a teacher's file, or of a found network's
   * (`found.json`: DNA+), is only loaded; so are weights of torchvision or timm (safetensors, `.pth`, or a hub's name such as
   * "torchvision/resnet18"), which are known by their tensors or by `arch`, and see the data's images at their size under the
   * preprocessing that they were trained with; and a `tf.LayersModel` or its `model.json`, cut behind the layers in `cuts`.
   * @throws SpaceError for an unknown preset, TrainingError, InterruptedError.
   * @throws ConfigError when it does not fit the data or has other classes, or an option is not known.
   */
  async teacher(
    source: string | Architecture | ChangedPreset | tf.LayersModel,
    given: LabTeacherOptions,
    context: StepContext = notebookContext(),
  ): Promise<LabTeacher> {
    const {
      data,
      featuresOnly = false,
      fineTune: tuning,
      arch,
      preprocessing,
      classes,
      cuts,
      macs,
      ...options
    } = given;
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
    const architecture =
      typeof source === "string" ? architecturePreset(source) : parseArchitecture(source, "lab.teacher");
    const { seed = data.seed, epochs = DNA_MINI.teacherEpochs, ...rest } = options;
    return new LabTeacher(await trainTeacher(architecture, data.dataset, { ...rest, seed, epochs }, context), data);
  },

  /**
   * The search space around a teacher's blocks: ops of each layer, and the cells (depth and width) of each block.
   * The students have the classes of the data, whatever the teacher has.
   * @throws SpaceError when a cell is too shallow for its block's stride, or ops or widths are malformed.
   * @throws ConfigError when an option is not known, or `classes` is not the data's number.
   */
  supernet(blocks: LabBlocks, options: BlockSpaceOptions = {}): LabSupernet {
    engineReady();
    checkOptions("lab.supernet", options, BLOCK_SPACE_RULES);
    const { padding, batchNormEpsilon } = blocks.teacher.architecture;
    const { name, classes } = blocks.data.dataset;
    if (options.classes !== undefined && options.classes !== classes.length) {
      throw new ConfigError(
        `lab.supernet: classes must be the ${classes.length} of data set ${name}, which students are trained on, got ${options.classes}; leave it out`,
        { expected: classes.length, got: options.classes },
      );
    }
    const space = { padding, batchNormEpsilon, ...options, classes: classes.length };
    return new LabSupernet(blocks, blockSpace(blocks.blocks, space));
  },

  /**
   * Measures how long each layer takes on this machine and engine, all layers in turns: of a supernet, ratings, a teacher, a
   * found network, a space or an architecture (with a supernet or ratings their teacher's, too); or reads the file of `blockwise latency --out`, or a
   * table by its name. With a place, "chromium-wasm", they are timed there: in a browser, or in onnxruntime. `ratings.withLatency(...)`
   * searches by it.
   * @throws ConfigError when it is nothing that has layers, InterruptedError when stopped.
   */
  async latency(
    subject: LatencySource,
    given: LabLatencyOptions = {},
    context: StepContext = notebookContext(),
  ): Promise<LabLatency> {
    checkOptions("lab.latency", given, LAB_LATENCY_RULES);
    const { place, networks, ...options } = given;
    if (typeof subject === "string") {
      if (Object.keys(given).length === 0) return new LabLatency(latencyTableFrom(subject));
      throw new ConfigError(`lab.latency: ${JSON.stringify(subject)} is read, not measured; leave the options out`);
    }
    engineReady();
    const measured = layersOf(subject);
    if (place) {
      const all = { ...options, ...(networks !== undefined && { networks }) };
      return new LabLatency(await measurePlace(place, measured, all, context, teacherOf(subject)), measured);
    }
    if (networks !== undefined) {
      throw new ConfigError(
        'lab.latency: networks are timed whole at a place alone, { place: "chromium-wasm", networks: 20 }; name one, or leave networks out',
      );
    }
    return new LabLatency(await latencyTable(measured, options, context, teacherOf(subject)), measured);
  },

  benchmark,

  /**
   * A study of rankings on NAS-Bench-Macro by the name of its file in `experiments/studies` (ranking, block-count, ...), or
   * by the path of a file. Trains nothing until its `run()`.
   * `truth`: the benchmark's table: "nas-bench-macro" ships with the package and is the default; or the path of a table.
   * @throws ConfigError when there is no such study, DataError when the table is absent.
   */
  study(name: string, options: { readonly truth?: string } = {}): LabStudy {
    checkOptions("lab.study", options, { truth: rule.text });
    const { truth } = options;
    const { file, root } = findStudy(name);
    return new LabStudy(readStudy(file, root), readTruth(truth), name);
  },

  /**
   * Shows values below the running cell, at once: what the lab gives, plotly figures `{ data, layout }`, data frames,
   * images (tensors `[height, width, channels]`, bytes of a PNG), and all else as text. Outside a notebook nothing is shown.
   */
  async show(...values: readonly unknown[]): Promise<void> {
    for (const value of values) await showNow(viewOfAny(value));
  },

  /**
   * An own network to compare with: an architecture (object, preset's name, timm's block strings), what `retrain` or
   * `loadFound` gave, or the path of a found network (`.json`) or a teacher (`.safetensors`).
   * @param options `label`: what tables and figures call it; the architecture's name unless given.
   * @throws ConfigError when it is none of these or does not fit the data, DataError when it was trained on other data.
   */
  network(
    source: NetworkSource,
    options: { readonly data: LabData; readonly label?: string },
  ): LabNetwork | LabTeacher {
    checkOptions("lab.network", options, { data: rule.any, label: rule.text });
    const { data, label } = options;
    if (!(data instanceof LabData)) {
      throw new ConfigError("lab.network: data must be what lab.data gave, e.g. lab.network(architecture, { data })");
    }
    engineReady();
    if (!isNetworkSource(source)) {
      throw new ConfigError(`lab.network: the network must be ${NETWORK_FORMS}, got ${JSON.stringify(source)}`);
    }
    return ownNetwork(source, data, label);
  },

  /**
   * A network of cells, drawn and counted: `lab.cells("darts-v2")`, `lab.cells("nas-bench-201/334133")`, or one as data, e.g.
   * what a space of cells has for an architecture. `.diagram()` is its picture, `.table()` its parts with their costs.
   * @throws SpaceError for an unknown name or a malformed network, ConfigError when it is neither.
   */
  cells(source: string | CellArchitecture): LabCells {
    return labCells(source);
  },

  /**
   * What a ranking is worth against true accuracies of one's own, of any space: Kendall's tau-b, Spearman's rho, tau given
   * MACs, concordance at equal MACs and regret, with intervals and the baselines by size.
   * @param ranking Ratings, or scores by the networks' keys (lower is better).
   * @param truth A list of `{ key, accuracy, macs?, params?, trainings? }` with the networks' ids as keys, retrained networks
   *   (their validation accuracies count), a front, or the path of a JSON file with such a list.
   * @throws DataError for a malformed table, ConfigError when a network has no score.
   */
  agreement(
    ranking: Ranking,
    truth: Iterable<TruthItem> | LabFront | string,
    options: LabAgreementOptions = {},
  ): LabAgreement {
    return agreementOf(ranking, truth, options);
  },

  /**
   * The front of true accuracies: retrains the networks that are not trained yet, measures all on the test split.
   * @param networks Teachers, found, random and retrained networks; own architectures and networks, too (see
   *   {@link lab.network}).
   * Several small networks train side by side, each with one thread of the engine: the bytes are those of one after another.
   * @param recipe How to retrain; as the last retraining of the same search unless given. With `seeds` each network is trained
   *   once for each; accuracies are means then, with standard errors over the trainings.
   * @throws ConfigError when a network is none of these, DataError when the networks belong to different data sets.
   */
  async pareto(
    networks: readonly ParetoItem[],
    recipe?: ParetoRecipe,
    context: StepContext = notebookContext(),
  ): Promise<LabFront> {
    engineReady();
    return pareto(networks, recipe, context);
  },

  /**
   * Runs an experiment (an object, or the path of its JSON file) for every combination of seeds and settings: the block-count
   * ablation is `lab.sweep("experiments/x.json", { seeds: [1, 2, 3], split: [2, 3, 4] })`. Keys are the experiment's, with dots:
   * `"distill.epochs": [1, 2]`. All combinations are checked before anything is trained; runs are kept, share the steps that
   * they have in common, and are resumed by the same call.
   * @throws ConfigError naming the combination and what is wrong with it, InterruptedError when stopped.
   */
  async sweep(
    experiment: string | Readonly<Record<string, unknown>>,
    options: LabSweepOptions = {},
    context: StepContext = notebookContext(),
  ): Promise<LabSweep> {
    engineReady();
    return labSweep(experiment, options, context);
  },

  comparison,

  econas,

  eeea,
  eeeaTrained,

  pnas,
  /** See {@link LabPocketNet}. */
  pocketnet,

  searches,

  splits,

  improvement,

  record,

  stored,

  /** Sentences made from a run's values, as a list; what is undefined or false is left out. */
  findings,
};

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

/** A data set that is ready, checked; it is named by what is in it, also where it was changed by hand. */
function readyData(source: Dataset, options: Omit<LabDataOptions, "seed">): Dataset {
  const [given] = Object.entries(options).filter(([, value]) => value !== undefined);
  if (given) {
    throw new ConfigError(`lab.data: ${given[0]} is of a data set that is loaded by name; this one is divided already`);
  }
  checkDataset(source, "lab.data");
  return { ...source, fingerprint: datasetFingerprint(source) };
}

/** Whose layers are measured with those of a space, so that limits may be shares of its latency. */
function teacherOf(subject: Exclude<LatencySource, string>): Architecture | undefined {
  if (subject instanceof LabSupernet) return subject.blocks.teacher.architecture;
  return subject instanceof LabRatings ? subject.session.teacher.architecture : undefined;
}

function layersOf(subject: Exclude<LatencySource, string>): SearchSpace | Architecture {
  if (subject instanceof LabSupernet) return subject.space;
  if (subject instanceof LabRatings) return subject.session.space;
  if (subject instanceof LabTeacher || subject instanceof NetworkDesign) return subject.architecture;
  if (subject instanceof LabStudent) return subject.design.architecture;
  const held =
    typeof subject === "object" && subject !== null && "architecture" in subject ? subject.architecture : subject;
  if (typeof held === "object" && held !== null && "blocks" in held && Array.isArray(held.blocks)) {
    return held as SearchSpace | Architecture;
  }
  throw new ConfigError(
    `lab.latency: it must be a supernet, ratings, a teacher, a network, a space, an architecture, or the path of a latency table, got ${JSON.stringify(subject)}`,
  );
}
