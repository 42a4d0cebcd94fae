import { readTruth } from "../benchmark";
import { ConfigError, checkOptions, rule, type StepContext } from "../core";
import type { Dataset } from "../data";
import { BLOCK_SPACE_RULES, type BlockSpaceOptions, blockSpace, type CellArchitecture } from "../space";
import { findStudy, readStudy } from "../study/ranking";
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
import { csnas } from "./values/csnas";
import { LabData } from "./values/data";
import { econas } from "./values/econas";
import { eeea } from "./values/eeea";
import { eeeaTrained } from "./values/eeea-trained";
import type { LabFront } from "./values/front";
import { improveProxy } from "./values/improve-proxy";
import { improvement } from "./values/improvement";
import type { LabLatency } from "./values/latency";
import type { LabNetwork } from "./values/network";
import { pnas } from "./values/pnas";
import { pocketnet } from "./values/pocketnet";
import { searches } from "./values/searches";
import { splits } from "./values/splits";
import { LabStudy } from "./values/study";
import { LabSupernet } from "./values/supernet";
import { type LabSweep, type LabSweepOptions, labSweep } from "./values/sweep";
import { systems } from "./values/systems";
import type { LabTeacher } from "./values/teacher";
import type { LabTrials } from "./values/trials";
import { data, type LabDataOptions } from "./words/data";
import { findings } from "./words/findings";
import { type LabLatencyOptions, type LatencySource, latency } from "./words/latency";
import { isNetworkSource, NETWORK_FORMS, type NetworkSource, ownNetwork } from "./words/own-networks";
import { type ParetoItem, type ParetoRecipe, pareto } from "./words/pareto";
import { record } from "./words/record";
import { stored } from "./words/stored";
import { type LabTeacherOptions, type TeacherSource, teacher } from "./words/teacher";
import { type LabTrialsOptions, trials } from "./words/trials";

/** The whole way in a few calls; each value shows itself when it is the last expression of a cell. */
export const lab = {
  /**
   * Has workers on other machines distil, rate and train networks side by side from now on (`supernet.distill`, `supernet.rate`,
   * `lab.pareto`): `lab.use({ queue: "redis://host:6379", store: "/mnt/blockwise" })`, see `docs/queue.md`; `lab.use({ queue: null })`
   * goes back to this process. A training by itself (`lab.teacher`, `found.retrain`) stays here, on all threads. The cell's
   * interrupt stops the workers' tasks.
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
    return data(source, options, context);
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
    source: TeacherSource,
    given: LabTeacherOptions,
    context: StepContext = notebookContext(),
  ): Promise<LabTeacher> {
    return teacher(source, given, context);
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
    return latency(subject, given, context);
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

  /**
   * Searches trial by trial as an experiment says (an object, or the path of its JSON file, such as `experiments/econas.json`):
   * a space, a searcher and an evaluator by name. The front moves below the cell; every outcome is kept in the run's
   * directory, so that the same call goes on after an interrupt or a crash, as `blockwise run` does.
   * @throws ConfigError listing everything that is wrong, StudyError when the directory is another search's.
   * @throws InterruptedError when stopped; what was evaluated stays.
   */
  async trials(
    experiment: string | Readonly<Record<string, unknown>>,
    options: LabTrialsOptions = {},
    context: StepContext = notebookContext(),
  ): Promise<LabTrials> {
    return trials(experiment, options, context);
  },

  comparison,

  csnas,

  econas,

  eeea,
  eeeaTrained,

  pnas,
  /** See {@link LabPocketNet}. */
  pocketnet,

  searches,

  splits,
  systems,

  improvement,
  improveProxy,

  record,

  stored,

  /** Sentences made from a run's values, as a list; what is undefined or false is left out. */
  findings,
};
